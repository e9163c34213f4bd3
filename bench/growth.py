"""What requests cost when there are more shards, more records, more connections."""

import contextlib
import os
import pathlib
import random
import resource
import socket
import statistics
import tempfile
import time

from calls import as_bytes, ask, record, write_pool
from measure import Way, cpu_seconds, load, medians, resident_mib, round_of
from servers import WARM_UP_S, Ours
from workloads import KEY_BYTES, STREAM, Workload, fill, wait_until_active

SHARD_COUNTS = (1, 100, 10_000)
SHARDS_READ = 4  # The shards that are read from when there are many.
IDLE_WAIT_S, IDLE_SHARE = 180, 0.05
RECORDS_READ = 2_500  # In each of them.
CONNECTION_COUNTS = (0, 1_000, 10_000)
FIRST_RECORDS = 100_000
PLACES = 100  # In each of four shards.
PLACE_RECORDS = 500_000  # They fit into what is kept in memory before it goes to files.
SIZE = 100


@contextlib.contextmanager
def stream_of(directory, shards, args=()):
    """A server of its own with a stream of so many shards, the folder it may use, and a client."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        server = Ours(args).begin(place)
        try:
            client = server.client()
            client.call("CreateStream", StreamName=STREAM, ShardCount=shards)
            wait_until_active(client)
            yield server, pathlib.Path(place), client
        finally:
            server.stop()


def fill_shards(server, shards):
    rng = random.Random(3)
    for shard in shards:
        key = {"ExplicitHashKey": shard["HashKeyRange"]["StartingHashKey"]}
        for _ in range(RECORDS_READ // 500):
            records = [{**record(rng, SIZE), **key} for _ in range(500)]
            ask(server.port, as_bytes("PutRecords", {"StreamName": STREAM, "Records": records}))


def requests_of(server, client):
    """Name, way and requests of what is asked at each number of shards."""
    shards = client.shards(STREAM)
    shards = shards[:: max(1, len(shards) // SHARDS_READ)][:SHARDS_READ]
    fill_shards(server, shards)
    reads = [as_bytes("GetRecords", {"ShardIterator": client.iterator(STREAM, shard["ShardId"]), "Limit": 1000})
             for shard in shards]
    put_record, put_records = Workload("PutRecord", 1, SIZE, Way(16)), Workload("PutRecords", 500, SIZE)
    describe = Workload("DescribeStreamSummary")
    return [(describe.name, describe.way, describe.others()), (f"get_records 1000 x {SIZE} B", Way(), reads),
            (put_record.name, put_record.way, put_record.others()), (put_records.name, put_records.way, put_records.others())]


def write_requests(server, place, client):
    """Name, way and file of the same."""
    asked = []
    for name, way, requests in requests_of(server, client):
        path = place / name.replace(" ", "_")
        write_pool(path, requests)
        asked.append((name, way, path))
    return asked


def cost_of(server, path, way, options, rounds=1):
    """CPU µs per request, the median of some rounds."""
    load(server.port, path, way, min(WARM_UP_S, options.seconds))
    return statistics.median(round_of(server.pid, lambda: load(server.port, path, way, options.seconds))["cpu_us"]
                             for _ in range(rounds))


def growth_of_shards(options, directory):
    """A server for each number of shards, all of them asked in turn in each round."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(stream_of(directory, count)) for count in SHARD_COUNTS]
        asked = [write_requests(*one) for one in servers]
        rows = []
        for at, (name, _, _) in enumerate(asked[0]):
            rounds = [[cost_of(server, of_one[at][2], of_one[at][1], options)
                       for (server, _, _), of_one in zip(servers, asked, strict=True)] for _ in range(options.rounds)]
            costs = [statistics.median(column) for column in zip(*rounds, strict=True)]
            ratio = statistics.median(row[-1] / row[0] for row in rounds)
            rows.append([name, *(f"{cost:,.1f}" for cost in costs), f"{ratio:.2f}"])
        rows.append(["resident MiB", *(f"{resident_mib(server.pid):,.0f}" for server, _, _ in servers), ""])
    return {"title": "CPU µs per request by the number of shards", "rows": rows,
            "head": ["request", *(f"{count:,}" for count in SHARD_COUNTS), f"{SHARD_COUNTS[-1]:,} to {SHARD_COUNTS[0]}"]}


def wait_until_idle(server):
    """Until what was written is compacted, which is not the cost of what comes then."""
    for _ in range(IDLE_WAIT_S):
        before = cpu_seconds(server.pid)
        time.sleep(1)
        if cpu_seconds(server.pid) - before < IDLE_SHARE:
            return


def growth_of_records(options, directory):
    """One stream that gets fuller; reads begin at the oldest record and at places between."""
    rows, have, began, first = [], 0, time.time(), None
    reader = Workload("GetRecords", 1000, SIZE, is_full=True)
    with stream_of(directory, 4) as (server, place, client):
        wanted = FIRST_RECORDS
        while wanted <= options.records:
            before = cpu_seconds(server.pid)
            fill(server.port, STREAM, wanted - have, SIZE, place)
            put_us = (cpu_seconds(server.pid) - before) * 1e6 / ((wanted - have) / 500)
            have = wanted
            client.close()  # It has been idle for longer than the server keeps such a connection.
            ended = time.time()
            wait_until_idle(server)
            write_pool(reader.path(place), reader.reads(client, began, ended))
            get_us = cost_of(server, reader.path(place), reader.way, options, options.rounds)
            first = first or get_us
            stored = sum(path.stat().st_size for path in place.rglob("*") if path.is_file() and "data" in path.parts)
            rows.append([f"{wanted:,}", f"{get_us:,.1f}", f"{get_us / first:.2f}", f"{put_us:,.1f}",
                         f"{resident_mib(server.pid):,.0f}", f"{resident_mib(server.pid, 'VmHWM'):,.0f}",
                         f"{stored / (have * (SIZE + KEY_BYTES)):.2f}"])
            wanted *= 10
    return {"title": f"By the number of records of {SIZE} B, 4 shards", "rows": rows, "head": [
        "records", "get_records 1000, CPU µs", "to the first", "put_records 500 meanwhile, CPU µs", "RSS MiB", "most RSS MiB",
        "on disk per byte stored"]}


def forget_files(place):
    """Has the system drop what it keeps of them in memory."""
    for path in place.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def reads_by_place(options, directory):
    """Reads that were not made before, of records in memory, in files the system has at hand, and on the device."""
    places = {"memory, as written": None, "files in the system's cache": lambda place: None, "the device": forget_files}
    rounds = {name: [] for name in places}
    reader = Workload("GetRecords", 1000, SIZE, is_full=True)
    for _ in range(options.rounds):
        with stream_of(directory, 4) as (server, place, client):
            began = time.time()
            fill(server.port, STREAM, PLACE_RECORDS, SIZE, place)
            ended = time.time()
            client.close()
            for name, prepare in places.items():
                if prepare:
                    server.server.stop()
                    prepare(place)
                    server.server.start()
                    server.process = server.server.process
                requests = reader.reads(server.client(), began, ended, PLACES)
                random.Random(5).shuffle(requests)
                write_pool(reader.path(place), requests)
                rounds[name].append(round_of(server.pid, lambda: load(
                    server.port, reader.path(place), Way(connections=1), 60, count=len(requests))))
    figures = {name: medians(of_place) for name, of_place in rounds.items()}
    rows = [[name, f"{one['cpu_us']:,.0f}", f"{one['p50_us'] / 1000:.2f}", f"{one['p99_us'] / 1000:.2f}"]
            for name, one in figures.items()]
    return {"title": f"{reader.name} one after the other, each of other records of {PLACE_RECORDS:,}, by where they are",
            "head": ["records are in", "CPU µs", "p50 ms", "p99 ms"], "rows": rows}


def open_connections(port, count, request):
    """Connections that have had one answer each and now wait."""
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(request)
        connections.append(connection)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    return connections


def growth_of_connections(options, directory):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rows, describe = [], Workload("DescribeStreamSummary")
    with stream_of(directory, 4, ["--connections-max", "11000", "--idle-timeout", "3600"]) as (server, place, _):
        requests = describe.others()
        write_pool(describe.path(place), requests)
        cost_of(server, describe.path(place), describe.way, options)  # What is made at the first requests is no connection's.
        before, idle = resident_mib(server.pid), []
        for count in CONNECTION_COUNTS:
            try:
                idle += open_connections(server.port, count - len(idle), requests[0])
            except OSError as error:
                rows.append([f"{count:,}", f"not here: {error}", "", ""])
                break
            resident = resident_mib(server.pid)
            cost = cost_of(server, describe.path(place), describe.way, options, options.rounds)
            each = (resident - before) * 1024 / count if count else None
            rows.append([f"{count:,}", f"{cost:,.1f}", f"{resident:,.0f}", f"{each:.1f}" if each else ""])
        for connection in idle:
            connection.close()
    return {"title": "By the number of idle connections", "rows": rows, "head": [
        "idle connections", f"{describe.name}, CPU µs", "RSS MiB", "KiB each"]}


def measure_growth(options, directory):
    tables = []
    for grow in (growth_of_shards, growth_of_records, reads_by_place, growth_of_connections):
        tables.append(grow(options, directory))
        print(f"{tables[-1]['title']}: measured", flush=True)
    return tables
