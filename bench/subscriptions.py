"""What idle subscriptions cost, and how soon a record is pushed.

    bench/subscriptions.py [--count N] [--seconds S]

Prints, for `count` subscriptions without records: resident memory each, CPU of the server in per cent of one core
(each has a sign of life every 5 seconds); then, on the same server with one subscription more, the time from the
acknowledgement of a PutRecord to the event at its subscriber.
"""

import argparse
import json
import os
import pathlib
import selectors
import socket
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from calls import as_bytes  # noqa: E402
from measure import cpu_seconds, resident_mib  # noqa: E402
from support.server import Server  # noqa: E402

CONSUMERS = 20  # Of one stream: the service's own limit.
WARM_UP_S = 12


def prepare(server, count):
    """(consumer, shard) for `count` subscriptions."""
    kinesis, places = server.client(), []
    shards = -(-count // CONSUMERS)
    kinesis.create_stream(StreamName="idle", ShardCount=shards)
    arn = kinesis.describe_stream_summary(StreamName="idle")["StreamDescriptionSummary"]["StreamARN"]
    for number in range(CONSUMERS):
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")["Consumer"]["ConsumerARN"]
        places += [(consumer, f"shardId-{shard:012}") for shard in range(shards)]
    return places[:count]


def subscribe(server, consumer, shard):
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(as_bytes("SubscribeToShard", {
        "ConsumerARN": consumer, "ShardId": shard, "StartingPosition": {"Type": "LATEST"}}))
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return connection


def drain(connections, seconds):
    """Reads whatever comes for so long, at little cost; returns how many bytes."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                piece = key.fileobj.recv(65536)
                assert piece, "the server closed a subscription"
                count += len(piece)
        return count


def push_times(server, rounds=500):
    """Milliseconds between an acknowledgement and its event, one after the other."""
    kinesis = server.client()
    kinesis.create_stream(StreamName="push", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="push")["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="a")["Consumer"]["ConsumerARN"]
    events = subscribe(server, consumer, "shardId-000000000000")
    writer = socket.create_connection(("127.0.0.1", server.port))
    writer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = as_bytes("PutRecord", {"StreamName": "push", "PartitionKey": "a", "Data": "YWFh"})
    times = []
    with selectors.DefaultSelector() as selector:
        selector.register(writer, selectors.EVENT_READ)
        selector.register(events, selectors.EVENT_READ)
        for _ in range(rounds):
            writer.sendall(request)
            acknowledged = arrived = None
            while acknowledged is None or arrived is None:
                for key, _ in selector.select(10):
                    data, now = key.fileobj.recv(65536), time.perf_counter()
                    if key.fileobj is writer and b"SequenceNumber" in data:
                        acknowledged = now
                    elif key.fileobj is events and b"YWFh" in data:
                        arrived = now
            times.append(max(0.0, arrived - acknowledged) * 1000)
            time.sleep(0.002)
    return times


def main():
    parser = argparse.ArgumentParser(description="What idle subscriptions cost, and how soon a record is pushed.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, Server(os.path.join(directory, "data")) as server:
        places = prepare(server, options.count)
        before = resident_mib(server.process.pid)
        connections = [subscribe(server, *place) for place in places]
        drain(connections, WARM_UP_S)
        kib = (resident_mib(server.process.pid) - before) * 1024 / options.count
        began, spent = time.monotonic(), cpu_seconds(server.process.pid)
        drain(connections, options.seconds)
        share = (cpu_seconds(server.process.pid) - spent) / (time.monotonic() - began)
        for connection in connections:
            connection.close()
        time.sleep(0.5)
        times = sorted(push_times(server))
    result = {"count": options.count, "kib_each": kib, "core_percent": share * 100,
              "push_p50_ms": statistics.median(times), "push_p99_ms": times[int(len(times) * 0.99)]}
    print(f"{options.count} idle subscriptions: {kib:.1f} KiB each, {share * 100:.2f} % of one core")
    print(f"pushed after the acknowledgement: p50 {result['push_p50_ms']:.2f} ms, p99 {result['push_p99_ms']:.2f} ms")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
