"""Kills the server under load, again and again, and checks after each start what is left.

    crash_loop.py [--kills 200] [--seed N] [--fsync MODE|all] [--check-every N]

Writers, chained readers, subscribers and an administrator who splits, merges, tags, changes retention, registers
consumers, creates and deletes work while the process is ended with SIGKILL (sometimes SIGTERM, sometimes again while it
recovers; in some lives the machine's clock is an hour behind). oracle.py says what must be true afterwards. A run that
finds something prints its seed and keeps the data directory.
"""

import argparse
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracle import Bookmark, Fact, Journal, numbers_of, range_of, violations  # noqa: E402
from stacks import stacks  # noqa: E402
from support.faketime import faked_environment, hosted_binary  # noqa: E402
from support.fast_client import FastClient, Refused, Unanswered  # noqa: E402
from support.frames import Frames  # noqa: E402
from support.server import ROOT, Server  # noqa: E402

WRITERS = 4
READERS = 2
STALL_S = 3.0  # No answer for so long while the server runs is a failure.
OPEN_SHARDS_MAX = 8
STREAMS = {"steady": 4, "moving": 2}
CONSUMERS = ["one", "two"]  # They come and go.
PUSHED = "pushed"  # This one has the subscriptions.
PUSHED_SHARDS = 2  # Of the steady stream.
MODES = ["interval", "always", "never"]


class Violation(Exception):
    """Something that must be true is not."""


class Reader:
    """Follows every shard of its streams with chained iterators, over all lives."""

    def __init__(self, name, journal):
        self.name, self.journal = name, journal
        self.iterators = {}  # (stream, shard) → iterator; None when the shard has been read to its end.

    def step(self, client):
        """Reads once from every shard known; finds new ones through their parents."""
        for stream in STREAMS:
            if not any(of == stream for of, _ in self.iterators):
                for shard in client.shards(stream)[:STREAMS[stream]]:
                    self.iterators[stream, shard["ShardId"]] = client.iterator(stream, shard["ShardId"])
        for (stream, shard), iterator in list(self.iterators.items()):
            if iterator is None:
                continue
            try:
                records, following, children, _ = client.get(iterator, limit=500)
            except Refused as refused:
                if refused.type != "ExpiredIteratorException":
                    raise
                # Given in a life an hour behind: old by the clock of this one.
                self.iterators[stream, shard] = self.renewed(client, stream, shard)
                continue
            self.journal.saw(self.name, stream, shard, [record[0] for record in records])
            self.iterators[stream, shard] = following
            if following is None and not children:
                raise Violation(f"g: {shard} of {stream} ended without children")
            for child in children:
                if (stream, child) not in self.iterators:
                    self.iterators[stream, child] = client.iterator(stream, child)

    def renewed(self, client, stream, shard):
        last = self.journal.last_seen(self.name, stream, shard)
        if last is None:
            return client.iterator(stream, shard)
        return client.iterator(stream, shard, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=str(last))


class Subscriber:
    """Has the records of one shard of the steady stream pushed to it, in each life behind the last one it saw."""

    def __init__(self, server, shard, journal):
        self.server, self.journal = server, journal
        self.shard = f"shardId-{shard:012}"
        self.name = f"subscriber {shard}"
        self.frames = None

    def step(self, client):
        """Takes one event."""
        try:
            if self.frames is None:
                self.frames = self.subscribe(client)
            message = self.frames.next()
        except (OSError, http.client.HTTPException, struct.error) as error:
            self.frames = None
            raise Unanswered("SubscribeToShard") from error
        if message is None:  # At the end of its life, or of the server's.
            self.frames = None
            return
        headers, payload = message
        if dict(headers)[":message-type"] != "event":
            raise Violation(f"{self.name} was sent {headers} {payload}")
        self.journal.saw(self.name, "steady", self.shard, [int(record["SequenceNumber"]) for record in payload.get("Records", [])])

    def subscribe(self, client):
        arn = client.call("DescribeStreamSummary", StreamName="steady")["StreamDescriptionSummary"]["StreamARN"]
        consumer = client.call("DescribeStreamConsumer", StreamARN=arn, ConsumerName=PUSHED)["ConsumerDescription"]["ConsumerARN"]
        last = self.journal.last_seen(self.name, "steady", self.shard)
        where = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": str(last)} if last else {"Type": "TRIM_HORIZON"}
        frames = Frames(self.server.endpoint, {"ConsumerARN": consumer, "ShardId": self.shard, "StartingPosition": where})
        if frames.response.status != 200:
            raise Refused(frames.response.status, json.loads(frames.response.read()))
        return frames


class Crasher:
    def __init__(self, directory, seed, fsync):
        self.rng = random.Random(seed)
        self.journal = Journal()
        self.readers = [Reader(f"reader {i}", self.journal) for i in range(READERS)]
        self.server = Server(directory, args=["--fsync", fsync, "--access-log", "off"])
        self.subscribers = [Subscriber(self.server, shard, self.journal) for shard in range(PUSHED_SHARDS)]
        self.answered = itertools.count()
        self.answered_count = 0
        self.failure = None
        self.brief_numbers = []
        self.tag = Fact("the tag", None)
        self.tags_asked = 0
        self.retention = Fact("the retention", 24)
        self.consumers = {name: Fact(f"consumer {name}", None) for name in CONSUMERS}
        self.bookmarks = []
        self.bookmarks_checked = self.metadata_changes = 0
        self.reshards = 0
        self.start_seconds = []
        self.clock_set_back = 0

    # Each of these runs in a thread of its own until the server is gone.

    def guarded(self, work, seed):
        client = FastClient(self.server.port)
        rng = random.Random(seed)
        try:
            while not self.is_ending:
                work(client, rng)
                self.answered_count = next(self.answered)
        except Unanswered:
            pass  # The server has been killed.
        except (Violation, Refused, AssertionError, KeyError) as error:
            self.failure = self.failure or error
        finally:
            client.close()

    def write(self, client, rng):
        stream = rng.choice(list(STREAMS))
        count = 1 if rng.random() < 0.5 else rng.randint(2, 40)
        sent = []
        for _ in range(count):
            size = rng.choice([0, 10, 100, 1000, 2000])
            if rng.random() < 0.002:
                size = rng.randint(100_000, 1_000_000)
            key = f"key{rng.randint(0, 999)}"
            record_id, data = self.journal.send(stream, key, size)
            sent.append((record_id, key, data))
        places = client.put(stream, [(key, data) for _, key, data in sent])
        for (record_id, _, _), (shard, number) in zip(sent, places, strict=True):
            self.journal.acknowledge(record_id, shard, number)

    def administer(self, client, rng):
        time.sleep(rng.uniform(0.01, 0.06))
        what = rng.choice(["reshard", "reshard", "brief", "tag", "retention", "consumer", "bookmark", "bookmark"])
        if what == "reshard":
            self.reshard(client, rng)
        elif what == "tag":
            self.tags_asked += 1
            self.change(client, self.tag, str(self.tags_asked), "AddTagsToStream", Tags={"life": str(self.tags_asked)})
        elif what == "retention":
            self.change_retention(client, rng)
        elif what == "consumer":
            self.change_consumer(client, rng)
        elif what == "bookmark":
            self.bookmark(client, rng)
        else:
            self.make_and_delete(client)

    def change(self, client, fact, value, operation, **members):
        """Changes a fact about the steady stream."""
        fact.ask(value)
        where = members if "StreamARN" in members else {"StreamName": "steady", **members}
        client.call(operation, **where)
        fact.acknowledge(value)
        self.metadata_changes += 1

    def change_retention(self, client, rng):
        hours = rng.randint(24, 200)
        if self.retention.value == "unknown":
            self.retention.acknowledge(self.summary(client)["RetentionPeriodHours"])
        way = "Increase" if hours >= self.retention.value else "Decrease"
        self.change(client, self.retention, hours, f"{way}StreamRetentionPeriod", RetentionPeriodHours=hours)

    def change_consumer(self, client, rng):
        arn = self.summary(client)["StreamARN"]
        fact = self.consumers[name := rng.choice(CONSUMERS)]
        if fact.value == "unknown":
            fact.acknowledge(self.registered(client).get(name))
        if fact.value:
            self.change(client, fact, None, "DeregisterStreamConsumer", StreamARN=arn, ConsumerName=name)
        else:
            self.change(client, fact, "ACTIVE", "RegisterStreamConsumer", StreamARN=arn, ConsumerName=name)

    def summary(self, client):
        return client.call("DescribeStreamSummary", StreamName="steady")["StreamDescriptionSummary"]

    def registered(self, client):
        arn = self.summary(client)["StreamARN"]
        listed = client.call("ListStreamConsumers", StreamARN=arn)["Consumers"]
        return {consumer["ConsumerName"]: consumer["ConsumerStatus"] for consumer in listed}

    def bookmark(self, client, rng):
        """Takes an iterator at or behind a record, to be used after the next start."""
        entry = self.journal.some_acknowledged(rng)
        if entry:
            is_after = rng.random() < 0.5
            iterator = client.iterator(entry.stream, entry.shard, f"{'AFTER' if is_after else 'AT'}_SEQUENCE_NUMBER",
                                       StartingSequenceNumber=str(entry.number))
            self.bookmarks.append(Bookmark(entry.stream, entry.shard, entry.number, is_after, iterator))

    def reshard(self, client, rng):
        opened = sorted((range_of(shard), shard["ShardId"]) for shard in client.shards("moving")
                        if numbers_of(shard)[1] is None)
        how = rng.choice(["split", "merge", "scale"])
        if how == "scale":
            target = rng.randint(max(1, (len(opened) + 1) // 2), min(2 * len(opened), OPEN_SHARDS_MAX))
            client.call("UpdateShardCount", StreamName="moving", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        elif how == "split" and len(opened) < OPEN_SHARDS_MAX:
            (start, end), shard = rng.choice(opened)
            client.call("SplitShard", StreamName="moving", ShardToSplit=shard, NewStartingHashKey=str((start + end) // 2))
        elif how == "merge" and len(opened) > 1:
            at = rng.randrange(len(opened) - 1)
            client.call("MergeShards", StreamName="moving", ShardToMerge=opened[at][1], AdjacentShardToMerge=opened[at + 1][1])
        self.reshards += 1

    def make_and_delete(self, client):
        """A stream that lives for one record; no number of its name may come again."""
        if "brief" in client.call("ListStreams")["StreamNames"]:
            client.call("DeleteStream", StreamName="brief")
        client.call("CreateStream", StreamName="brief", ShardCount=1)
        number = client.put("brief", [("k", b"x")])[0][1]
        if self.brief_numbers and number <= self.brief_numbers[-1]:
            raise Violation(f"f: {number} was given in a stream made again after {self.brief_numbers[-1]}")
        self.brief_numbers.append(number)
        if len(client.scan("brief", "0")) != 1:
            raise Violation("c: a stream made again does not begin empty")
        client.call("DeleteStream", StreamName="brief")

    # One life after the other.

    def start(self):
        began = time.monotonic()
        hosted = hosted_binary()
        is_behind = hosted is not None and self.rng.random() < 0.25
        self.server.binary = hosted if is_behind else None
        self.server.env = faked_environment("-1h") if is_behind else {}
        self.clock_set_back += is_behind
        try:
            self.server.start()
        except RuntimeError as error:
            is_running = self.server.process.poll() is None
            raise Violation(f"{error}\n{stacks(self.server.process.pid) if is_running else ''}") from error
        self.start_seconds.append(time.monotonic() - began)

    def live(self, seconds):
        self.is_ending = False
        work = [self.write] * WRITERS + [lambda client, _, reader=reader: reader.step(client)
                                         for reader in self.readers + self.subscribers]
        work.append(self.administer)
        threads = [threading.Thread(target=self.guarded, args=(each, self.rng.random())) for each in work]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        last, last_at = self.answered_count, time.monotonic()
        while time.monotonic() < end and not self.failure:
            time.sleep(min(0.05, max(0.0, end - time.monotonic())))
            if self.answered_count != last:
                last, last_at = self.answered_count, time.monotonic()
            elif time.monotonic() - last_at > STALL_S:
                self.failure = Violation(f"no request was answered for {STALL_S} s\n{stacks(self.server.process.pid)}")
        self.end_life()
        self.is_ending = True
        for thread in threads:
            thread.join()
        if self.failure:
            raise Violation(str(self.failure)) from self.failure

    def end_life(self):
        how = self.rng.random()
        if self.failure:  # Its sentence says more than one about a server that does not stop.
            self.server.kill()
            return
        if how < 0.1:
            assert self.server.stop() == 0
            return
        self.server.kill()
        if how < 0.2:
            self.server.spawn()
            time.sleep(self.rng.uniform(0, 0.03))
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait()

    def check(self):
        client = FastClient(self.server.port)
        found = []
        every = {}
        for stream in STREAMS:
            shards = client.shards(stream)
            contents = {shard["ShardId"]: client.scan(stream, shard["ShardId"]) for shard in shards}
            found += violations(self.journal, stream, shards, contents)
            every[stream] = contents
        tags = {tag["Key"]: tag["Value"] for tag in client.call("ListTagsForStream", StreamName="steady")["Tags"]}
        found += self.tag.violations(tags.get("life"))
        found += self.retention.violations(self.summary(client)["RetentionPeriodHours"])
        registered = self.registered(client)
        for name, fact in self.consumers.items():
            found += fact.violations(registered.get(name))
        found += self.check_bookmarks(client, every)
        client.close()
        if found:
            raise Violation("\n".join(found[:20]))

    def check_bookmarks(self, client, every):
        found = []
        for bookmark in self.bookmarks:
            try:
                records = client.get(bookmark.iterator, limit=1)[0]
            except Refused as refused:
                if refused.type == "ExpiredIteratorException":
                    continue  # Given in a life an hour behind.
                raise
            found += bookmark.violations(records[0][0] if records else None, every[bookmark.stream][bookmark.shard])
            self.bookmarks_checked += 1
        self.bookmarks = []
        return found

    def run(self, kills, check_every):
        self.start()
        client = FastClient(self.server.port)
        for stream, count in STREAMS.items():
            client.call("CreateStream", StreamName=stream, ShardCount=count)
        client.call("RegisterStreamConsumer", StreamARN=self.summary(client)["StreamARN"], ConsumerName=PUSHED)
        client.close()
        for life in range(1, kills + 1):
            self.live(self.rng.uniform(0.05, 0.8))
            self.start()
            if life % check_every == 0 or life == kills:
                self.check()
        self.server.stop()


def run(kills, seed, fsync="interval", check_every=1):
    """Runs the loop in a directory of its own; figures of the run. Errors: Violation."""
    directory = tempfile.mkdtemp(prefix="crash-")
    crasher = Crasher(directory, seed, fsync)
    try:
        crasher.run(kills, check_every)
    except Exception:
        print(f"seed {seed}, data in {directory}, log in {crasher.server.log}", file=sys.stderr)
        raise
    finally:
        if crasher.server.process.poll() is None:
            crasher.server.kill()
    shutil.rmtree(directory)
    os.unlink(crasher.server.log)
    entries = crasher.journal.entries.values()
    acknowledged = crasher.journal.acknowledged()
    return {"kills": kills, "fsync": fsync, "seed": seed, "acknowledged": acknowledged,
            "unanswered": len(entries) - acknowledged, "reshards": crasher.reshards,
            "streams made again": len(crasher.brief_numbers), "facts changed": crasher.metadata_changes,
            "records pushed": crasher.journal.seen_by("subscriber"),
            "iterators kept over a kill": crasher.bookmarks_checked, "lives an hour behind": crasher.clock_set_back,
            "slowest start s": round(max(crasher.start_seconds), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--fsync", choices=[*MODES, "all"], default="all")
    parser.add_argument("--check-every", type=int, default=10)
    options = parser.parse_args()
    for fsync in MODES if options.fsync == "all" else [options.fsync]:
        try:
            figures = run(options.kills, options.seed, fsync, options.check_every)
        except Violation as violation:
            sys.exit(f"VIOLATION\n{violation}")
        for name, value in figures.items():
            print(f"{name:27} {value}")
        print(flush=True)


if __name__ == "__main__":
    # Where the tests' own build lies when this is run by hand.
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build" / "release" / "millrace"))
    subprocess.run([os.environ["MILLRACE_BIN"], "--version"], check=True, stdout=subprocess.DEVNULL)
    main()
