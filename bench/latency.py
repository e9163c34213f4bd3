"""How long a PutRecord takes when the server is not pressed, is pressed by others, or waits for the disk; what readers who
follow cost its writer.
"""

import contextlib
import http.client
import os
import statistics
import tempfile
import time

from calls import as_json, headers_of, write_pool
from growth import stream_of
from measure import Beside, Way, load, medians, round_of
from workloads import SHARDS, STREAM, Workload

WAY = Way(connections=16)
SIZE = 100
BESIDE_PER_S = 60  # PutRecords of 500 x 1 KiB.
READERS = 4
READS_PER_S = 5  # Of each reader and shard: what the service allows.
SYNCS = 200


def sync_us(directory):
    """What one small write and its sync take here, the median."""
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(b"." * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times)


@contextlib.contextmanager
def puts_to(directory, args=()):
    """A server, its folder, and the files of requests for single records and for batches."""
    with stream_of(directory, SHARDS, args) as (server, place, _):
        single, batch = Workload("PutRecord", 1, SIZE, WAY), Workload("PutRecords", 500, 1024)
        for workload in (single, batch):
            write_pool(place / workload.operation, workload.others())
        yield server, place


def follow(server, beside, iterators):
    """Chained reads of all shards at the pace the service allows; answers are taken, not looked into."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    due = time.monotonic()
    while not beside.is_over.is_set():
        for shard, iterator in enumerate(iterators):
            connection.request("POST", "/", as_json({"ShardIterator": iterator}), headers_of("GetRecords"))
            answer = connection.getresponse().read()
            iterators[shard] = answer.rpartition(b'"NextShardIterator":"')[2].partition(b'"')[0].decode()
        due += 1 / READS_PER_S
        beside.is_over.wait(max(0.0, due - time.monotonic()))
    connection.close()


def rounds_of(options, server, requests, per_second=0):
    return medians([round_of(server.pid, lambda: load(server.port, requests, WAY, options.seconds, per_second=per_second))
                    for _ in range(options.rounds)])


def row(name, figures, note=""):
    return [name, f"{figures['per_s']:,.0f}", f"{figures['cpu_us']:.1f}", f"{figures['p50_us'] / 1000:.2f}",
            f"{figures['p99_us'] / 1000:.2f}", note]


def puts(options, directory):
    with puts_to(directory) as (server, place):
        path = place / "PutRecord"
        load(server.port, path, WAY, min(0.5, options.seconds))
        most = rounds_of(options, server, path)
        half = rounds_of(options, server, path, most["per_s"] / 2)
        with Beside() as beside:
            client = server.client()
            for _ in range(READERS):
                iterators = [client.iterator(STREAM, f"shardId-{shard:012}", "LATEST") for shard in range(SHARDS)]
                beside.begin(follow, server, beside, iterators)
            client.close()
            followed = rounds_of(options, server, path)
        with Beside() as beside:
            beside.begin(load, server.port, place / "PutRecords", Way(4), options.seconds * options.rounds * 1.5, 0, 60, BESIDE_PER_S)
            time.sleep(options.seconds / 2)
            pressed = rounds_of(options, server, path)
    return [row("as many as can be", most), row("half as many", half, "goal: p99 up to 5 ms"),
            row(f"with {READERS} readers who follow", followed, f"CPU {followed['cpu_us'] / most['cpu_us']:.2f} x without, reads included; goal: 1.2"),
            row(f"beside {BESIDE_PER_S} PutRecords of 500 x 1 KiB a second", pressed,
                f"p99 {pressed['p99_us'] / most['p99_us']:.1f} x without, goal: 10; CPU is that of both")]


def synced_puts(options, directory):
    one_us = sync_us(directory)
    with puts_to(directory, ["--fsync", "always"]) as (server, place):
        path = place / "PutRecord"
        load(server.port, path, WAY, min(0.5, options.seconds))
        figures = rounds_of(options, server, path)
        half = rounds_of(options, server, path, figures["per_s"] / 2)

    def in_syncs(one):
        return f"p50 {one['p50_us'] / one_us:.1f}, p99 {one['p99_us'] / one_us:.1f} syncs of {one_us:,.0f} µs"
    return [row("--fsync always, as many as can be", figures,
                f"{in_syncs(figures)}, goal: p50 up to 3; {figures['per_s'] * one_us / 1e6:.1f} x one after the other, goal: 5"),
            row("--fsync always, half as many", half, f"{in_syncs(half)}, goal: p99 up to 5")]


def measure_latency(options, directory):
    rows = puts(options, directory) + synced_puts(options, directory)
    return {"title": f"put_record {SIZE} B over {WAY.connections} connections",
            "head": ["when", "requests/s", "CPU µs per request", "p50 ms", "p99 ms", "note"], "rows": rows}
