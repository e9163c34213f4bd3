"""Two questions under load, without any crash: do chained readers see everything, once and in order,
and does a reader who walks from parents to children see everything through reshards?

    under_load.py readers  [--seconds 60] [--writers 8] [--readers 4]
    under_load.py reshards [--seconds 60] [--writers 8] [--readers 2]

Without an endpoint it starts a server on a directory of its own.
"""

import argparse
import itertools
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[1] / "crash")]

from oracle import Journal, numbers_of, range_of, violations  # noqa: E402
from support.fast_client import FastClient, Refused  # noqa: E402
from support.server import ROOT, Server  # noqa: E402

STREAM = "load"
PAUSE_MAX_S = 1.0
CATCH_UP_S = 30.0


class Load:
    """Writers and readers on one stream until `stop`; every reader notes what it sees."""

    def __init__(self, port, shards, writers, readers, seed):
        self.port, self.seed = port, seed
        self.journal = Journal()
        self.stop_writing, self.stop_reading = threading.Event(), threading.Event()
        self.failures, self.longest_pause = [], 0.0
        self.calls = itertools.count()
        self.admin = FastClient(port)
        self.admin.call("CreateStream", StreamName=STREAM, ShardCount=shards)
        self.writers = [threading.Thread(target=self.guard, args=(self.write, i)) for i in range(writers)]
        self.readers = [threading.Thread(target=self.guard, args=(self.read, i)) for i in range(readers)]

    def guard(self, work, index):
        client = FastClient(self.port)
        try:
            work(client, index)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed and says why.
            self.failures.append(error)
        finally:
            client.close()

    def timed(self, call, *arguments, **members):
        """Makes a call and notes how long it took if that is the longest yet."""
        began = time.monotonic()
        result = call(*arguments, **members)
        self.longest_pause = max(self.longest_pause, time.monotonic() - began)
        next(self.calls)
        return result

    def write(self, client, index):
        rng = random.Random(f"{self.seed} {index}")
        while not self.stop_writing.is_set():
            sent = []
            for _ in range(rng.choice([1, 1, 1, 5, 20])):
                key = f"key{rng.randint(0, 999)}"
                sent.append((key, *self.journal.send(STREAM, key, rng.choice([0, 20, 200]))))
            places = self.timed(client.put, STREAM, [(key, data) for key, _, data in sent])
            for (_, record_id, _), (shard, number) in zip(sent, places, strict=True):
                self.journal.acknowledge(record_id, shard, number)

    def read(self, client, index):
        """Chains iterators of all shards, children after their parents, until everything has been seen."""
        iterators = {shard["ShardId"]: client.iterator(STREAM, shard["ShardId"]) for shard in client.shards(STREAM)}
        waiting = {}  # Child → its parents that have not been read to their end.
        while True:
            is_last_round = self.stop_reading.is_set()
            found = 0  # Records, and children that are read from the next round on.
            for shard, iterator in list(iterators.items()):
                records, following, children, _ = self.timed(client.get, iterator, limit=1000)
                found += len(records)
                self.journal.saw(f"reader {index}", STREAM, shard, [record[0] for record in records])
                iterators[shard] = following
                if following is not None:
                    continue
                del iterators[shard]
                for child in children:
                    parents = waiting.setdefault(child, self.parents_of(client, child))
                    parents.discard(shard)
                    if not parents:
                        iterators[child] = client.iterator(STREAM, child)
                        found += 1
            if is_last_round and found == 0:
                return

    @staticmethod
    def parents_of(client, child):
        shard = next(shard for shard in client.shards(STREAM) if shard["ShardId"] == child)
        return {shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if name in shard}

    def run(self, seconds, meanwhile=lambda: time.sleep(0.05)):
        for thread in [*self.readers, *self.writers]:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.failures:
            meanwhile()
        self.stop_writing.set()
        for thread in self.writers:
            thread.join()
        self.stop_reading.set()
        deadline = time.monotonic() + CATCH_UP_S
        for thread in self.readers:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.failures.append(AssertionError("a reader did not catch up"))

    def check(self):
        """Sentences, one for each thing that is not as it must be."""
        self.admin.close()  # It may have been idle for longer than the server keeps connections.
        shards = self.admin.shards(STREAM)
        contents = {shard["ShardId"]: self.admin.scan(STREAM, shard["ShardId"]) for shard in shards}
        found = [str(failure) for failure in self.failures]
        found += violations(self.journal, STREAM, shards, contents)
        for index in range(len(self.readers)):
            for shard_id, records in contents.items():
                seen = len(self.journal.readers.get((f"reader {index}", STREAM, shard_id), []))
                if seen != len(records):
                    found.append(f"reader {index} saw {seen} of {len(records)} records of {shard_id}")
        if self.longest_pause > PAUSE_MAX_S:
            found.append(f"a call took {self.longest_pause:.2f} s")
        return found


def reshard(load, rng):
    """One random change of the shards."""
    opened = sorted((range_of(shard), shard["ShardId"]) for shard in load.admin.shards(STREAM)
                    if numbers_of(shard)[1] is None)
    how = rng.choice(["split", "merge", "scale"])
    try:
        if how == "split" and len(opened) < 8:
            (start, end), shard = rng.choice(opened)
            load.admin.call("SplitShard", StreamName=STREAM, ShardToSplit=shard, NewStartingHashKey=str((start + end) // 2))
        elif how == "merge" and len(opened) > 1:
            at = rng.randrange(len(opened) - 1)
            load.admin.call("MergeShards", StreamName=STREAM, ShardToMerge=opened[at][1], AdjacentShardToMerge=opened[at + 1][1])
        elif how == "scale":
            load.admin.call("UpdateShardCount", StreamName=STREAM, ScalingType="UNIFORM_SCALING",
                            TargetShardCount=rng.randint((len(opened) + 1) // 2, min(8, 2 * len(opened))))
        else:
            return False
    except Refused as refused:
        load.failures.append(refused)
    time.sleep(rng.uniform(0.02, 0.3))
    return True


def run(what, seconds, writers, readers, seed=1, fsync="interval"):
    """Figures of a run and what was wrong in it."""
    directory = tempfile.mkdtemp(prefix="load-")
    with Server(directory, args=["--access-log", "off", "--fsync", fsync]) as server:
        load = Load(server.port, 1 if what == "readers" else 2, writers, readers, seed)
        rng = random.Random(seed)
        reshards = 0

        def meanwhile():
            nonlocal reshards
            if what == "reshards":
                reshards += reshard(load, rng)
            else:
                time.sleep(0.05)

        load.run(seconds, meanwhile)
        found = load.check()
        figures = {"acknowledged": load.journal.acknowledged(), "calls": next(load.calls), "readers": readers,
                   "reshards": reshards, "shards": len(load.admin.shards(STREAM)),
                   "longest call s": round(load.longest_pause, 3)}
    shutil.rmtree(directory)
    return figures, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["readers", "reshards"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--fsync", choices=["always", "interval", "never"], default="interval")
    options = parser.parse_args()
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build" / "release" / "millrace"))
    figures, found = run(options.what, options.seconds, options.writers, options.readers, options.seed, options.fsync)
    for name, value in {**figures, "seed": options.seed}.items():
        print(f"{name:16} {value}")
    if found:
        sys.exit("VIOLATION\n" + "\n".join(found[:20]))


if __name__ == "__main__":
    main()
