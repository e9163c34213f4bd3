"""Load for as long as one wants while records expire: memory, disk and descriptors must come to rest.

The server's clock runs fast (tests/tools/fast_clock.cpp), so that a retention of 24 hours passes five
times in a run. Writers put at a steady pace; a reader follows and another one begins at the oldest record again and
again. Before that, and while the readers read, as much is put as can be, so that each buffer and cache has once been as
large as it may become. Figures are of the time after the first two retentions.
"""

import pathlib
import random
import time

from calls import ROOT, as_bytes, ask, record, write_pool
from measure import Beside, Way, load, resident_mib
from servers import Ours
from workloads import KEY_BYTES, SHARDS, STREAM, Workload, wait_until_active

from support.faketime import hosted_binary
from support.fast_client import FastClient, Refused

RETENTION_H = 24
TURNS = 5  # How often a retention passes in a run.
WARM_TURNS = 2
BATCHES_PER_S = 20
COUNT, SIZE = 500, 1024
SINGLES_PER_S = 200
BURST_S = 10
RSS_LOOK_S = 0.25  # Several in the time in which a memtable fills.
LOOK_S = 5
POOL = 32
TIMEOUT_S = 30
FAST_CLOCK = ROOT / "build/release/tests/libfast_clock.so"


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def disk_bytes(directory):
    """Files come and go meanwhile."""
    total = 0
    for path in pathlib.Path(directory).rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            continue
    return total


def slope(points):
    """Of the line through (x, y) by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


class Soak:
    """The load of one run; `beside` has its threads."""

    def __init__(self, server, beside, seconds):
        self.server, self.beside = server, beside
        self.began = time.monotonic()
        self.end = self.began + seconds
        self.retention_s = seconds / TURNS
        self.sent = []  # (when, bytes of data and keys) of each acknowledged put.
        self.read = 0

    def goes_on(self):
        return time.monotonic() < self.end and self.beside.goes_on()

    def burst(self, directory):
        workload = Workload("PutRecords", COUNT, SIZE)
        path = directory / "burst"
        write_pool(path, workload.others())
        seconds = min(BURST_S, self.retention_s)
        answered = load(self.server.port, path, Way(), seconds)["answered"]
        self.sent.append((time.monotonic(), answered * COUNT * (SIZE + KEY_BYTES)))

    def write(self, operation, count, per_s):
        rng = random.Random(operation)
        requests = []
        for _ in range(POOL):
            records = [record(rng, SIZE) for _ in range(count)]
            members = {"Records": records} if operation == "PutRecords" else records[0]
            requests.append(as_bytes(operation, {"StreamName": STREAM, **members}))
        due, number = time.monotonic(), 0
        while self.goes_on():
            ask(self.server.port, requests[number % POOL])
            self.sent.append((time.monotonic(), count * (SIZE + KEY_BYTES)))
            number, due = number + 1, due + 1 / per_s
            time.sleep(max(0.0, due - time.monotonic()))

    def follow(self, type_, turns_back):
        """Reads all shards from `type_` on; with `turns_back` from there again whenever the end is reached."""
        client = FastClient(self.server.port, TIMEOUT_S)
        while self.goes_on():
            for shard in range(SHARDS):
                self.read_shard(client, f"shardId-{shard:012}", type_)
            time.sleep(0.2 if turns_back else 0.05)
        client.close()

    def read_shard(self, client, shard, type_):
        """To its end, or until its iterator is too old: five minutes pass in a second or two."""
        try:
            iterator, behind = client.iterator(STREAM, shard, type_), 1
            while behind and self.goes_on():
                records, iterator, _, behind = client.get(iterator)
                self.read += len(records)
        except Refused as refused:
            if refused.type != "ExpiredIteratorException":
                raise

    def retained_bytes(self, now):
        return sum(size for when, size in self.sent if now - when <= self.retention_s)

    def look(self, directory):
        """After warming up: (when, RSS in MiB) each RSS_LOOK_S; (disk of what is retained, descriptors) each LOOK_S."""
        rss, others, due = [], [], self.began + WARM_TURNS * self.retention_s
        while self.goes_on():
            time.sleep(RSS_LOOK_S)
            now = time.monotonic()
            if now < self.began + WARM_TURNS * self.retention_s:
                continue
            rss.append((now, resident_mib(self.server.pid)))
            if now >= due:
                others.append((disk_bytes(directory) / self.retained_bytes(now), descriptors(self.server.pid)))
                due = now + LOOK_S
        return rss, others


def measure_soak(options, directory):
    """A table; an error is raised when a call failed."""
    seconds = options.soak * 60
    if hosted_binary() is None or not FAST_CLOCK.exists():
        raise RuntimeError(f"there is no {FAST_CLOCK.relative_to(ROOT)}, or no millrace_hosted beside it")
    server, speed = Ours(binary=hosted_binary()), round(RETENTION_H * 3600 * TURNS / seconds)
    data = pathlib.Path(directory) / "server"
    data.mkdir()
    server.begin(data, env={"LD_PRELOAD": str(FAST_CLOCK), "MILLRACE_CLOCK_SPEED": str(speed)})
    try:
        client = server.client()
        client.call("CreateStream", StreamName=STREAM, ShardCount=SHARDS)
        wait_until_active(client)
        client.close()
        with Beside() as beside:
            soak = Soak(server, beside, seconds)
            beside.begin(soak.follow, "LATEST", False)
            beside.begin(soak.follow, "TRIM_HORIZON", True)
            soak.burst(pathlib.Path(directory))
            beside.begin(soak.write, "PutRecords", COUNT, BATCHES_PER_S)
            beside.begin(soak.write, "PutRecord", 1, SINGLES_PER_S)
            rss, others = soak.look(data)
    finally:
        server.stop()
    growth = slope([(when / 600, resident) for when, resident in rss])
    residents, (disk, opened) = [resident for _, resident in rss], zip(*others, strict=True)
    rows = [["put, GB", f"{sum(size for _, size in soak.sent) / 1e9:.1f}"], ["records read", f"{soak.read:,}"],
            ["retained at a time, GB", f"{soak.retained_bytes(soak.end) / 1e9:.1f}"],
            ["RSS MiB, least and most", f"{min(residents):.0f} to {max(residents):.0f}"],
            ["RSS, MiB more in 10 minutes", f"{growth:+.2f}"],
            ["disk, of what is retained", f"{min(disk):.2f} to {max(disk):.2f} x"],
            ["descriptors", f"{min(opened)} to {max(opened)}"], ["calls that failed", "0"]]
    title = f"{options.soak:g} minutes, in which a retention of {RETENTION_H} hours passes {TURNS} times"
    return {"title": title, "head": ["what", "figure"], "rows": rows}
