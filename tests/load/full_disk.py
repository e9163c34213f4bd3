"""A disk that fills up and gets room again, over and over: do writes come back, and is everything there?

    full_disk.py [--rounds 110] [--fsync always] [--writers 4]

Each round has a server and a small file system of its own. What the server said is printed where something was wrong.
"""

import argparse
import base64
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.fast_client import FastClient, Refused, Unanswered  # noqa: E402
from support.server import ROOT, Server, apart  # noqa: E402

DISK_MIB = 48
RECORD_BYTES = 200_000
COMES_BACK_S = 15


class Writers:
    """Threads that put records until they are stopped, and what was acknowledged to them."""

    def __init__(self, port, count):
        self.port, self.stop, self.acknowledged, self.refused = port, threading.Event(), {}, 0
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self, writer):
        client, number = FastClient(self.port, timeout_s=20), 0
        while not self.stop.is_set():
            data = base64.b64encode(f"{writer}-{number}-".encode() + os.urandom(RECORD_BYTES)).decode()
            try:
                answer = client.call("PutRecord", StreamName="a", PartitionKey=str(writer), Data=data)
                self.acknowledged[answer["SequenceNumber"]] = data
            except Refused:
                self.refused += 1
                time.sleep(0.01)
            except Unanswered:
                return
            number += 1

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def comes_back(server):
    """Seconds until a put is taken again, or None."""
    client, began = FastClient(server.port, timeout_s=20), time.monotonic()
    while time.monotonic() - began < COMES_BACK_S:
        try:
            client.call("PutRecord", StreamName="a", PartitionKey="k", Data="eA==")
            return time.monotonic() - began
        except Refused:
            time.sleep(0.05)
    return None


def stored(server):
    client, found = FastClient(server.port), {}
    iterator = client.call("GetShardIterator", StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while True:
        answer = client.call("GetRecords", ShardIterator=iterator)
        found |= {record["SequenceNumber"]: record["Data"] for record in answer["Records"]}
        if not answer["Records"]:
            return found
        iterator = answer["NextShardIterator"]


def one_round(directory, fsync, writers):
    """What was wrong, as sentences, and what the server said."""
    mount = f'mount -t tmpfs -o size={DISK_MIB}m tmpfs {directory} && exec "$@"'
    server = Server(directory / "data", args=["--fsync", fsync], prefix=[*apart("mount"), "sh", "-c", mount, "sh"])
    wrong = []
    with server:
        inside = pathlib.Path(f"/proc/{server.process.pid}/root{directory}")
        ballast = inside / "ballast"
        ballast.write_bytes(bytes(DISK_MIB // 3 << 20))
        FastClient(server.port).call("CreateStream", StreamName="a", ShardCount=1)
        load = Writers(server.port, writers)
        deadline = time.monotonic() + 30
        while load.refused < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        if load.refused < 20:
            wrong.append("the disk did not fill up")
        load.end()
        ballast.unlink()
        if comes_back(server) is None:
            wrong.append(f"no write was taken within {COMES_BACK_S} s after there was room")
        found = stored(server)
        lost = [number for number, data in load.acknowledged.items() if found.get(number) != data]
        if lost:
            wrong.append(f"{len(lost)} of {len(load.acknowledged)} acknowledged records are not there")
        return wrong, server.output()


def run(rounds, fsync, writers=4):
    """What was wrong in any of the rounds, each with the server's words."""
    found = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            wrong, said = one_round(pathlib.Path(place), fsync, writers)
        found += [f"round {number}: {one}\n{said}" for one in wrong]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=110)
    parser.add_argument("--fsync", choices=["always", "interval", "never"], default="always")
    parser.add_argument("--writers", type=int, default=4)
    options = parser.parse_args()
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build" / "release" / "millrace"))
    found = run(options.rounds, options.fsync, options.writers)
    print(f"{options.rounds} rounds, {len(found)} faults")
    if found:
        sys.exit("\n".join(found[:10]))


if __name__ == "__main__":
    main()
