"""Who is measured in each round: this build, a bare HTTP server, and RocksDB alone. Peers are in peers.py."""

import json
import pathlib
import subprocess
import sys
import time

from calls import ROOT
from measure import PROGRAMS, Way, load, resident_mib, round_of, written_bytes

sys.path.insert(0, str(ROOT / "tests"))

from support.fast_client import FastClient  # noqa: E402
from support.server import Server, free_port, is_listening  # noqa: E402

WARM_UP_S = 0.3
START_S = 30


class Contender:
    """A server process that takes part in the rounds of one workload. Knows its `pid` and `port` once it is started."""

    name = ""
    rounds_max = 1000
    warm_up_s = WARM_UP_S

    def __init__(self):
        self.port = free_port()
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def spawn(self, command, log, **how):
        """Starts the process and returns once it listens. Its output goes to the file `log`."""
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **how)
        deadline = time.monotonic() + START_S
        while not is_listening(self.port):
            if self.process.poll() is not None:
                said = pathlib.Path(log).read_text(errors="replace")[:200]
                raise RuntimeError(f"ended with {self.process.returncode} instead of listening: {said}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"does not listen after {START_S} s")
            time.sleep(0.01)

    def client(self):
        return FastClient(self.port, timeout_s=300)

    def start(self, workload, directory):
        """Starts the process and makes what the workload needs there; the bytes of an answer."""
        raise NotImplementedError

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def run_round(self, workload, directory, seconds):
        def replay(for_s):
            return load(self.port, workload.path(directory), workload.way, for_s)
        if self.warm_up_s:
            replay(self.warm_up_s)
        return round_of(self.pid, lambda: replay(seconds))

    def after(self, workload):
        """What is known of the process when all rounds are done, before it ends."""
        return {"rss_mib": resident_mib(self.pid), "rss_most_mib": resident_mib(self.pid, "VmHWM")}


class Floor(Contender):
    """Answers the very bytes that this build answered, without doing anything for them."""

    name = "floor"

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def start(self, workload, directory):
        path = directory / "answer"
        path.write_bytes(self.answer)
        self.spawn([PROGRAMS / "floor", "--port", str(self.port), "--answer", path], directory / "log")

    def run_round(self, workload, directory, seconds):
        """Over plain HTTP/1.1 whatever the workload's way: that is all it speaks."""
        def replay(for_s):
            return load(self.port, workload.path(directory.parent / Ours.name), Way(workload.way.connections), for_s)
        replay(min(WARM_UP_S, seconds))
        return round_of(self.pid, lambda: replay(seconds))


class Ours(Contender):
    """This build with its default options, durable: write-ahead log, --fsync interval, data on disk."""

    name = "millrace"

    def __init__(self, args=(), binary=None):
        super().__init__()
        self.args = list(args)
        self.binary = binary  # Another build.
        self.server = None
        self.replayed = self.written = 0

    def begin(self, directory, env=None):
        """Starts the process with an empty directory."""
        self.server = Server(pathlib.Path(directory) / "data", args=self.args, env=env)
        self.server.binary = self.binary
        self.server.start()
        self.port, self.process = self.server.port, self.server.process
        return self

    def start(self, workload, directory):
        self.begin(directory)
        answer = workload.prepare(self, directory)
        self.written = written_bytes(self.pid)
        return answer

    def run_round(self, workload, directory, seconds):
        def replay(for_s):
            result = load(self.port, workload.path(directory), workload.way, for_s)
            self.replayed += result["answered"]
            return result
        replay(min(WARM_UP_S, seconds))
        return round_of(self.pid, lambda: replay(seconds))

    def after(self, workload):
        acknowledged = self.replayed * workload.acknowledged_bytes
        per_byte = (written_bytes(self.pid) - self.written) / acknowledged if acknowledged else None
        return {**super().after(workload), "written_per_byte": per_byte}

    def stop(self):
        super().stop()
        if self.server:
            pathlib.Path(self.server.log).unlink(missing_ok=True)


class OtherBuild(Ours):
    """Another build of this server, asked the same."""

    name = "other build"


class RocksDb(Contender):
    """RocksDB alone writing the same batches: one key per shard and request as this build does, or one per record."""

    def __init__(self, has_key_per_record):
        self.name = "RocksDB, a key per record" if has_key_per_record else "RocksDB, a key per batch"
        self.options = ["--key-per-record"] if has_key_per_record else []

    def start(self, workload, directory):
        pass

    def stop(self):
        pass

    def run_round(self, workload, directory, seconds):
        done = subprocess.run(
            [PROGRAMS / "rocksdb_limit", "--directory", directory / "rocksdb", "--records", str(workload.count),
             "--bytes", str(workload.size), "--seconds", str(seconds), *self.options],
            capture_output=True, text=True, check=True)
        result = json.loads(done.stdout)
        return {"per_s": result["batches"] / result["seconds"], "cpu_us": result["cpu_us"], "p50_us": result["p50_us"],
                "p99_us": result["p99_us"], "p999_us": result["p999_us"]}

    def after(self, workload):
        return {}
