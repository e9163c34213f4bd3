"""Load for as long as one wants while records expire: memory, disk and descriptors must come to rest.

The server's clock runs fast (tests/tools/fast_clock.cpp), so that a retention of 24 hours passes five
times in a run. Writers put at a steady pace; a reader follows and another one begins at the oldest record again and
again. Figures are of the time after the first two retentions.
"""

import pathlib
import random
import threading
import time

from calls import ROOT, as_bytes, ask, record
from measure import resident_mib
from servers import Ours
from workloads import KEY_BYTES, SHARDS, STREAM, wait_until_active

from support.faketime import hosted_binary
from support.fast_client import FastClient, Refused

RETENTION_H = 24
TURNS = 5  # How often a retention passes in a run.
WARM_TURNS = 2
BATCHES_PER_S = 20
COUNT, SIZE = 500, 1024
SINGLES_PER_S = 200
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
    def __init__(self, server, seconds):
        self.server, self.end = server, time.monotonic() + seconds
        self.failures = []
        self.sent = []  # (when, bytes of data and keys) of each acknowledged put.
        self.read = 0

    def guard(self, work):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed and says why.
            self.failures.append(error)

    def goes_on(self):
        return time.monotonic() < self.end and not self.failures

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

    def retained_bytes(self, now, retention_s):
        return sum(size for when, size in self.sent if now - when <= retention_s)


def measure_soak(options, directory):
    """A table; an error is raised when a call failed."""
    seconds = options.soak * 60
    retention_s = seconds / TURNS
    if hosted_binary() is None or not FAST_CLOCK.exists():
        raise RuntimeError(f"there is no {FAST_CLOCK.relative_to(ROOT)}, or no millrace_hosted beside it")
    server, speed = Ours(), round(RETENTION_H * 3600 / retention_s)
    server.begin(directory, binary=hosted_binary(), env={"LD_PRELOAD": str(FAST_CLOCK), "MILLRACE_CLOCK_SPEED": str(speed)})
    try:
        client = server.client()
        client.call("CreateStream", StreamName=STREAM, ShardCount=SHARDS)
        wait_until_active(client)
        client.close()
        began, soak, looks = time.monotonic(), Soak(server, seconds), []
        threads = [threading.Thread(target=soak.guard, args=(work,)) for work in (
            lambda: soak.write("PutRecords", COUNT, BATCHES_PER_S), lambda: soak.write("PutRecord", 1, SINGLES_PER_S),
            lambda: soak.follow("LATEST", False), lambda: soak.follow("TRIM_HORIZON", True))]
        for thread in threads:
            thread.start()
        while soak.goes_on():
            time.sleep(min(LOOK_S, seconds / 50))
            now = time.monotonic()
            if now - began < WARM_TURNS * retention_s:
                continue
            looks.append((now, resident_mib(server.pid), disk_bytes(directory) / soak.retained_bytes(now, retention_s),
                          descriptors(server.pid)))
        for thread in threads:
            thread.join()
        if soak.failures:
            raise RuntimeError(f"after {time.monotonic() - began:.0f} s: {soak.failures[0]!r} {soak.failures[0].__cause__!r}")
    finally:
        server.stop()
    growth = slope([(when / 600, resident) for when, resident, _, _ in looks])
    disk, opened = [look[2] for look in looks], [look[3] for look in looks]
    rows = [["put, GB", f"{sum(size for _, size in soak.sent) / 1e9:.1f}"], ["records read", f"{soak.read:,}"],
            ["retained at a time, GB", f"{soak.retained_bytes(soak.end, retention_s) / 1e9:.1f}"],
            ["RSS MiB, least and most", f"{min(look[1] for look in looks):.0f} to {max(look[1] for look in looks):.0f}"],
            ["RSS, MiB more in 10 minutes", f"{growth:+.2f}"],
            ["disk, of what is retained", f"{min(disk):.2f} to {max(disk):.2f} x"],
            ["descriptors", f"{min(opened)} to {max(opened)}"], ["calls that failed", "0"]]
    title = f"{options.soak:g} minutes, in which a retention of {RETENTION_H} hours passes {TURNS} times"
    return {"title": title, "head": ["what", "figure"], "rows": rows}
