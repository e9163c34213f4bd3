"""The workloads: which requests are replayed, against which streams, over how many connections.

Sizes are data bytes before base64; data is random, partition keys are 16 random digits.
"""

import dataclasses
import pathlib
import random
import time

from calls import CBOR, JSON, as_bytes, ask, make_pool, record, write_pool
from measure import Way, load

STREAM = "bench"
SHARDS = 4
KEY_BYTES = 16
FRESH_RECORDS = 2_500  # Of each shard that is read from.
FULL_RECORDS = 250_000
POSITIONS = 4  # Places of a full shard that are read from.


@dataclasses.dataclass
class Workload:
    operation: str
    count: int = 0  # Records of a request or of its answer.
    size: int = 0
    way: Way = dataclasses.field(default_factory=Way)
    form: str = JSON
    is_full: bool = False

    @property
    def name(self):
        words = {"DescribeStreamSummary": "describe_stream_summary", "PutRecord": f"put_record {size_of(self.size)}"}
        plain = f"_records {self.count} x {size_of(self.size)}"
        name = words.get(self.operation, ("put" if self.operation == "PutRecords" else "get") + plain)
        marks = {"full": self.is_full, "CBOR": self.form == CBOR, "TLS": self.way.is_inside_tls, "HTTP/2": self.way.is_http2}
        return ", ".join([name, *(mark for mark, is_so in marks.items() if is_so)])

    @property
    def is_plain(self):
        """JSON over HTTP/1.1, which every server has."""
        return self.form == JSON and not self.way.is_inside_tls and not self.way.is_http2

    @property
    def acknowledged_bytes(self):
        """Data and partition keys that an answer says are stored."""
        return self.count * (self.size + KEY_BYTES) if self.operation.startswith("Put") else 0

    def prepare(self, server, directory):
        """Makes the stream and what is in it, and a file of requests; the bytes of an answer."""
        client = server.client()
        client.call("CreateStream", StreamName=STREAM, ShardCount=SHARDS)
        wait_until_active(client)
        if self.operation == "GetRecords":
            began = time.time()
            fill(server.port, STREAM, SHARDS * (FULL_RECORDS if self.is_full else FRESH_RECORDS), self.size, directory)
            requests = self.reads(client, began, time.time())
        else:
            requests = self.others()
        client.close()
        write_pool(self.path(directory), requests)
        answers = [ask(server.port, request) for request in (requests if self.operation == "GetRecords" else requests[:1])]
        self.check(answers)
        return answers[0]

    def path(self, directory):
        return pathlib.Path(directory) / "requests"

    def members(self, rng):
        if self.operation == "DescribeStreamSummary":
            return {"StreamName": STREAM}
        if self.operation == "PutRecord":
            return {"StreamName": STREAM, **record(rng, self.size)}
        return {"StreamName": STREAM, "Records": [record(rng, self.size) for _ in range(self.count)]}

    def others(self):
        rng = random.Random(1)
        if self.operation == "DescribeStreamSummary":
            return [as_bytes(self.operation, self.members(rng), self.form)]
        return make_pool(lambda: as_bytes(self.operation, self.members(rng), self.form))

    def reads(self, client, began, ended, positions=POSITIONS):
        """Requests from the oldest record of each shard on and, where it is full, from places between."""
        requests = []
        for shard in client.call("ListShards", StreamName=STREAM)["Shards"]:
            iterators = [client.iterator(STREAM, shard["ShardId"])]
            if self.is_full:
                times = [began + (ended - began) * place / positions for place in range(1, positions)]
                iterators += [client.iterator(STREAM, shard["ShardId"], "AT_TIMESTAMP", Timestamp=at) for at in times]
            requests += [as_bytes("GetRecords", {"ShardIterator": one, "Limit": self.count}, self.form) for one in iterators]
        return requests

    def check(self, answers):
        """That a read brings as many records as it asks for."""
        if self.operation == "GetRecords":
            for answer in answers:
                found = answer.count(b"PartitionKey")
                if found != self.count:
                    raise RuntimeError(f"{self.name}: an answer has {found} records")


def size_of(size):
    return f"{size // 1024} KiB" if size % 1024 == 0 else f"{size} B"


def wait_until_active(client, stream=STREAM):
    while client.call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.05)


def fill(port, stream, records, size, directory):
    """Puts so many records over one connection, so that they lie in the order of their times."""
    rng, path = random.Random(2), pathlib.Path(directory) / "fill"
    requests = min(64, -(-records // 500))
    write_pool(path, [as_bytes("PutRecords", {"StreamName": stream, "Records": [record(rng, size) for _ in range(500)]})
                      for _ in range(requests)])
    load(port, path, Way(connections=1), 3600, count=-(-records // 500), timeout_s=300)
    path.unlink()


def workloads():
    single = Way(connections=16)
    return [
        Workload("DescribeStreamSummary"),
        Workload("PutRecord", 1, 100, single),
        Workload("PutRecord", 1, 1024, single),
        Workload("PutRecords", 500, 100),
        Workload("PutRecords", 500, 1024),
        Workload("GetRecords", 1000, 100),
        Workload("GetRecords", 1000, 100, is_full=True),
        Workload("GetRecords", 1000, 1024),
        Workload("PutRecord", 1, 100, single, CBOR),
        Workload("PutRecords", 500, 100, form=CBOR),
        Workload("GetRecords", 1000, 100, form=CBOR),
        Workload("PutRecord", 1, 100, Way(16, is_inside_tls=True)),
        Workload("PutRecord", 1, 100, Way(16, is_http2=True)),
    ]
