"""Measures the server beside a bare HTTP server that answers as many bytes, in interleaved rounds.

    bench/run.py [--quick] [--rounds N] [--seconds S] [--only NAME] [--json FILE]

For each workload: rounds of (floor, server) in turn; of each the median. The figure to go by is the
server's CPU time per request and its ratio to the floor's: times on a shared machine are noise, this
moves by ten to twenty per cent. The server is durable (write-ahead log, default --fsync interval).
"""

import argparse
import base64
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.fast_client import HEADERS, FastClient  # noqa: E402
from support.server import Server, free_port  # noqa: E402

STREAM = "bench"
SHARDS = 4
POOL_BYTES = 8 << 20  # Requests are made anew up to so many bytes, then repeated.
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def as_bytes(operation, members):
    body = json.dumps(members).encode()
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Kinesis_20131202.{operation}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def record(rng, size):
    return {"PartitionKey": f"{rng.randrange(10**16):016}", "Data": base64.b64encode(rng.randbytes(size)).decode()}


class Workload:
    """Requests to replay, how many records each carries, and over how many connections."""

    def __init__(self, name, connections, records, make, answer_bytes):
        self.name, self.connections, self.records = name, connections, records
        self.make, self.answer_bytes = make, answer_bytes

    def write(self, path, client):
        rng, written = random.Random(1), 0
        with open(path, "wb") as file:
            while written < POOL_BYTES:
                request = self.make(rng, client)
                file.write(b"%d\n" % len(request) + request)
                written += max(len(request), POOL_BYTES // 4096)


def put_record(size):
    return lambda rng, _: as_bytes("PutRecord", {"StreamName": STREAM, **record(rng, size)})


def put_records(count, size):
    return lambda rng, _: as_bytes("PutRecords", {"StreamName": STREAM, "Records": [record(rng, size) for _ in range(count)]})


def get_records(count):
    def make(_, client):
        if not hasattr(make, "iterators"):
            make.iterators = [client.iterator("full", str(shard)) for shard in range(SHARDS)]
        return as_bytes("GetRecords", {"ShardIterator": random.choice(make.iterators), "Limit": count})
    return make


def workloads():
    return [
        Workload("describe_stream_summary", 4, 0, lambda *_: as_bytes("DescribeStreamSummary", {"StreamName": STREAM}), 480),
        Workload("put_record 100 B", 16, 1, put_record(100), 120),
        Workload("put_record 1 KiB", 16, 1, put_record(1024), 120),
        Workload("put_records 500 x 100 B", 4, 500, put_records(500, 100), 58_000),
        Workload("put_records 500 x 1 KiB", 4, 500, put_records(500, 1024), 58_000),
        Workload("get_records 1000 x 100 B", 4, 1000, get_records(1000), 305_000),
    ]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def measure(program, pid, port, workload, requests, seconds):
    """One round: requests/s, CPU per request in µs, latencies."""
    before = cpu_seconds(pid)
    done = subprocess.run(
        [program, "--port", str(port), "--connections", str(workload.connections), "--seconds", str(seconds),
         "--requests", requests], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    if result["refused"]:
        raise RuntimeError(f"{workload.name}: {result['refused']} requests were refused")
    return {"per_s": result["answered"] / result["seconds"], "p50": result["p50_us"], "p99": result["p99_us"],
            "cpu_us": (cpu_seconds(pid) - before) * 1e6 / result["answered"]}


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def start_floor(workload):
    port = free_port()
    process = subprocess.Popen([ROOT / "build/release/bench/floor", "--port", str(port),
                                "--answer-bytes", str(workload.answer_bytes)])
    deadline = time.monotonic() + 5
    while not is_open(port):
        if time.monotonic() > deadline:
            raise RuntimeError("the floor did not start")
        time.sleep(0.01)
    return process, port


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def fill(client):
    """A stream to read from: 4 shards with 2,000 records of 100 B each."""
    client.call("CreateStream", StreamName="full", ShardCount=SHARDS)
    width = 2**128 // SHARDS
    rng = random.Random(2)
    for shard in range(SHARDS):
        for _ in range(4):
            client.call("PutRecords", StreamName="full", Records=[
                {**record(rng, 100), "ExplicitHashKey": str(shard * width)} for _ in range(500)])


def bench_one(workload, options, server, directory):
    requests = os.path.join(directory, "requests")
    client = FastClient(server.port)
    workload.write(requests, client)
    client.close()
    program = ROOT / "build/release/bench/load"
    floor, floor_port = start_floor(workload)
    floors, ours = [], []
    try:
        for _ in range(options.rounds):
            floors.append(measure(program, floor.pid, floor_port, workload, requests, options.seconds))
            ours.append(measure(program, server.process.pid, server.port, workload, requests, options.seconds))
    finally:
        floor.terminate()
        floor.wait()
    return {"name": workload.name, "records": workload.records, "floor": medians(floors), "ours": medians(ours),
            "ratio": statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(ours, floors, strict=True))}


def show(results, rss):
    print(f"{'':28} {'requests/s':>11} {'records/s':>11} {'CPU µs/req':>11} {'floor µs':>9} {'ratio':>6} {'p50 µs':>8} {'p99 µs':>8}")
    for row in results:
        ours = row["ours"]
        print(f"{row['name']:28} {ours['per_s']:11,.0f} {ours['per_s'] * row['records']:11,.0f} {ours['cpu_us']:11.1f} "
              f"{row['floor']['cpu_us']:9.1f} {row['ratio']:6.2f} {ours['p50']:8.0f} {ours['p99']:8.0f}")
    print(f"resident after all: {rss:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it works")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.3
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build/release/millrace"))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        with Server(pathlib.Path(directory) / "data", args=["--access-log", "off"]) as server:
            client = FastClient(server.port)
            client.call("CreateStream", StreamName=STREAM, ShardCount=SHARDS)
            fill(client)
            client.close()
            results = [bench_one(workload, options, server, directory)
                       for workload in workloads() if options.only in workload.name]
            rss = resident_mib(server.process.pid)
    show(results, rss)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"results": results, "resident_mib": rss}, indent=1))


if __name__ == "__main__":
    main()
