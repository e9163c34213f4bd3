"""A round by the AWS CLI, whose command is given as arguments. See ../clients.py.

Each call starts a process that takes half a second, so only the first three records go by PutRecord; two PutRecords
carry the others. Neither CLI has a command for subscriptions.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ENDPOINT, STREAM = os.environ["ENDPOINT"], os.environ["STREAM"]
AWS = sys.argv[1:]
RECORDS = [(f"key-{i % 7}", f"{i}|".encode() + bytes(range(256))) for i in range(200)]

version = subprocess.run([*AWS, "--version"], capture_output=True, text=True, check=True).stdout
VERSION = version.split()[0].removeprefix("aws-cli/")
IS_1 = VERSION.startswith("1.")
REFUSED = 255 if IS_1 else 254  # Exit status when the service said no.


def run(*words):
    return subprocess.run([*AWS, "kinesis", *words, "--endpoint-url", ENDPOINT, "--output", "json"],
                          capture_output=True, text=True, check=False)


def call(*words):
    """Returns the answer; nothing for an operation without one."""
    done = run(*words)
    assert done.returncode == 0, f"{words[0]}: {done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


def write_data(folder):
    """Returns the file of each record's data."""
    files = [folder / f"{i}.bin" for i in range(len(RECORDS))]
    for file, (_, data) in zip(files, RECORDS, strict=True):
        file.write_bytes(data)
    return files


def batch_words(folder, files, batch):
    """The records as `--records` takes them.

    Version 2 reads base64 from a JSON file. Version 1 takes what such a file has as text, which cannot be all bytes,
    so there each record names the file of its data.
    """
    if IS_1:
        return [f"PartitionKey={RECORDS[i][0]},Data@=fileb://{files[i]}" for i in batch]
    entries = [{"PartitionKey": key, "Data": base64.b64encode(data).decode()}
               for key, data in (RECORDS[i] for i in batch)]
    file = folder / f"records-{batch.start}.json"
    file.write_text(json.dumps(entries))
    return [f"file://{file}"]


def put(folder):
    """Returns, for each record, where it was acknowledged: (shard, sequence number)."""
    files = write_data(folder)
    places = []
    for (key, _), file in zip(RECORDS[:3], files, strict=False):
        answer = call("put-record", "--stream-name", STREAM, "--partition-key", key, "--data", f"fileb://{file}")
        places.append((answer["ShardId"], answer["SequenceNumber"]))
    for batch in (range(3, 101), range(101, 200)):
        answer = call("put-records", "--stream-name", STREAM, "--records", *batch_words(folder, files, batch))
        assert answer["FailedRecordCount"] == 0, answer
        places += [(entry["ShardId"], entry["SequenceNumber"]) for entry in answer["Records"]]
    return places


def read(shard):
    iterator = call("get-shard-iterator", "--stream-name", STREAM, "--shard-id", shard,
                    "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = []
    while True:
        answer = call("get-records", "--shard-iterator", iterator)
        records += [{**record, "Data": base64.b64decode(record["Data"], validate=True)} for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
        if not answer["Records"] and answer["MillisBehindLatest"] == 0:
            return records


def compare(shards, places):
    """`shards` is what was read of each."""
    found = {}
    for shard, records in shards.items():
        numbers = [int(record["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers)), f"{shard}: {numbers}"
        last_of_key = {}
        for record in records:
            found[shard, record["SequenceNumber"]] = (record["PartitionKey"], record["Data"])
            index = int(record["Data"].split(b"|", 1)[0])
            assert last_of_key.get(record["PartitionKey"], -1) < index, f"{shard}: order of {record}"
            last_of_key[record["PartitionKey"]] = index
    assert sum(map(len, shards.values())) == len(RECORDS)
    assert found == dict(zip(places, RECORDS, strict=True))
    return len(found)


def check_error(code, message, *words):
    done = run(*words)
    assert done.returncode == REFUSED, f"{words[0]}: exit status {done.returncode}, {done.stderr}"
    assert f"An error occurred ({code}) when calling the " in done.stderr, done.stderr
    assert message in done.stderr, done.stderr


call("create-stream", "--stream-name", STREAM, "--shard-count", "2")
call("wait", "stream-exists", "--stream-name", STREAM)
with tempfile.TemporaryDirectory() as directory:
    places = put(pathlib.Path(directory))
shards = [shard["ShardId"] for shard in call("list-shards", "--stream-name", STREAM)["Shards"]]
assert len(shards) == 2
count = compare({shard: read(shard) for shard in shards}, places)

check_error("ResourceNotFoundException", f"Stream {STREAM}-missing under account 000000000000 not found.",
            "describe-stream-summary", "--stream-name", f"{STREAM}-missing")
check_error("ResourceInUseException", STREAM, "create-stream", "--stream-name", STREAM, "--shard-count", "2")
check_error("InvalidArgumentException", "", "get-records", "--shard-iterator", "none")

call("delete-stream", "--stream-name", STREAM)
print(json.dumps({"version": VERSION, "records": count}))
