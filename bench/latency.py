"""How long a PutRecord takes when the server is not pressed, is pressed by others, or waits for the disk; what readers who
follow cost its writer.
"""

import contextlib
import functools
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


def round_at(options, server, requests, per_second=0):
    return round_of(server.pid, lambda: load(server.port, requests, WAY, options.seconds, per_second=per_second))


def median_ratio(rounds, bases, key):
    return statistics.median(one[key] / base[key] for one, base in zip(rounds, bases))


def row(name, figures, note=""):
    return [name, f"{figures['per_s']:,.0f}", f"{figures['cpu_us']:.1f}", f"{figures['p50_us'] / 1000:.2f}",
            f"{figures['p99_us'] / 1000:.2f}", note]


def puts(options, directory):
    alone, half, followed, pressed = [], [], [], []
    with puts_to(directory) as (server, place):
        path = place / "PutRecord"
        one_round = functools.partial(round_at, options, server, path)
        load(server.port, path, WAY, min(0.5, options.seconds))
        for _ in range(options.rounds):
            alone.append(one_round())
            half.append(one_round(alone[-1]["per_s"] / 2))
            with Beside() as beside:
                client = server.client()
                for _ in range(READERS):
                    iterators = [client.iterator(STREAM, f"shardId-{shard:012}", "LATEST") for shard in range(SHARDS)]
                    beside.begin(follow, server, beside, iterators)
                client.close()
                followed.append(one_round())
            with Beside() as beside:
                beside.begin(load, server.port, place / "PutRecords", Way(4), options.seconds * 1.5, 0, 60, BESIDE_PER_S)
                time.sleep(options.seconds / 4)
                pressed.append(one_round())
    return [row("as many as can be", medians(alone)), row("half as many", medians(half), "goal: p99 up to 5 ms"),
            row(f"with {READERS} readers who follow", medians(followed),
                f"CPU {median_ratio(followed, alone, 'cpu_us'):.2f} x without, reads included; goal: 1.2"),
            row(f"beside {BESIDE_PER_S} PutRecords of 500 x 1 KiB a second", medians(pressed),
                f"p99 {median_ratio(pressed, alone, 'p99_us'):.1f} x without, goal: 10; CPU is that of both")]


def synced_puts(options, directory):
    most, half, syncs_us = [], [], []
    with puts_to(directory, ["--fsync", "always"]) as (server, place):
        path = place / "PutRecord"
        one_round = functools.partial(round_at, options, server, path)
        load(server.port, path, WAY, min(0.5, options.seconds))
        for _ in range(options.rounds):
            syncs_us.append(sync_us(directory))
            most.append(one_round())
            half.append(one_round(most[-1]["per_s"] / 2))

    def in_syncs(rounds):
        p50, p99 = (statistics.median(one[key] / sync for one, sync in zip(rounds, syncs_us)) for key in ("p50_us", "p99_us"))
        return f"p50 {p50:.1f}, p99 {p99:.1f} syncs of {statistics.median(syncs_us):,.0f} µs"
    at_once = statistics.median(one["per_s"] * sync / 1e6 for one, sync in zip(most, syncs_us))
    return [row("--fsync always, as many as can be", medians(most),
                f"{in_syncs(most)}, goal: p50 up to 3; {at_once:.1f} x one after the other, goal: 5"),
            row("--fsync always, half as many", medians(half), f"{in_syncs(half)}, goal: p99 up to 5")]


def measure_latency(options, directory):
    rows = puts(options, directory) + synced_puts(options, directory)
    return {"title": f"put_record {SIZE} B over {WAY.connections} connections",
            "head": ["when", "requests/s", "CPU µs per request", "p50 ms", "p99 ms", "note"], "rows": rows}
