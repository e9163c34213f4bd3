"""All kinds of requests at the same time, on one stream: every one must be answered, and well.

70 of 100 are PutRecord, 10 PutRecords of 20 records, 15 GetRecords of 100, 5 DescribeStreamSummary. What a request costs
is compared with what the same ones cost alone, each kind by its share.
"""

import random

from calls import as_bytes, write_pool
from growth import cost_of, stream_of
from measure import Way, cpu_seconds, load, resident_mib
from workloads import SHARDS, STREAM, Workload, fill

SHARES = {"PutRecord": 70, "PutRecords": 10, "GetRecords": 15, "DescribeStreamSummary": 5}
WAY = Way(connections=8)
PIECE_S = 60  # Iterators live for five minutes, so requests are made anew for each piece.
STUCK_S = 30
REQUESTS = 4_000
READ = 100
SIZE = 100


def iterators_of(client, type_):
    return [client.iterator(STREAM, f"shardId-{shard:012}", type_) for shard in range(SHARDS)]


def requests_of(kind, iterators, rng):
    if kind == "GetRecords":
        return [as_bytes(kind, {"ShardIterator": iterator, "Limit": READ}) for iterator in iterators]
    workload = Workload(kind, {"PutRecord": 1, "PutRecords": 20}.get(kind, 0), SIZE)
    return [as_bytes(kind, workload.members(rng)) for _ in range(REQUESTS * SHARES[kind] // 100)]


def mixture(kinds, rng):
    """So many of each kind as its share says, in any order."""
    mixed = [requests[number % len(requests)]
             for kind, requests in kinds.items() for number in range(REQUESTS * SHARES[kind] // 100)]
    rng.shuffle(mixed)
    return mixed


def make_requests(server, client, place):
    """Those of each kind. Reads begin at the oldest record and among the newest, where there are some already."""
    client.close()  # It has been idle for as long as the server keeps such a connection.
    newest = iterators_of(client, "LATEST")
    fill(server.port, STREAM, SHARDS * 500, SIZE, place)
    iterators, rng = iterators_of(client, "TRIM_HORIZON") + newest, random.Random(4)
    return {kind: requests_of(kind, iterators, rng) for kind in SHARES}, rng


def measure_mixed(options, directory):
    """A table; an error is raised when an answer was bad or did not come."""
    with stream_of(directory, SHARDS) as (server, place, client):
        fill(server.port, STREAM, SHARDS * 500, SIZE, place)
        kinds, rng = make_requests(server, client, place)
        alone = {}
        for kind, requests in kinds.items():
            write_pool(place / kind, requests)
            alone[kind] = cost_of(server, place / kind, WAY, options, options.rounds)
        left, answered, longest, spent = options.mixed * 60, 0, 0, 0.0
        seconds = 0.0
        while left > 0:
            kinds, rng = make_requests(server, client, place)
            write_pool(place / "mixed", mixture(kinds, rng))
            before = cpu_seconds(server.pid)
            result = load(server.port, place / "mixed", WAY, min(PIECE_S, left), timeout_s=STUCK_S)
            spent += cpu_seconds(server.pid) - before
            answered, seconds = answered + result["answered"], seconds + result["seconds"]
            longest, left = max(longest, result["max_us"]), left - PIECE_S
        resident = resident_mib(server.pid)
    mixed, parts = spent * 1e6 / answered, sum(alone[kind] * share / 100 for kind, share in SHARES.items())
    rows = [[f"{kind} alone, CPU µs", f"{cost:,.1f}"] for kind, cost in alone.items()]
    rows += [["sum of the parts by their shares", f"{parts:,.1f}"], ["mixed, CPU µs per request", f"{mixed:,.1f}"],
             ["ratio", f"{mixed / parts:.2f}"], ["requests answered", f"{answered:,}"], ["requests/s", f"{answered / seconds:,.0f}"],
             ["refused, broken, stuck", "0"], ["longest answer, ms", f"{longest / 1000:,.1f}"], ["RSS MiB", f"{resident:,.0f}"]]
    return {"title": f"{options.mixed:g} minutes over {WAY.connections} connections", "head": ["what", "figure"], "rows": rows}
