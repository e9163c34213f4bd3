"""One measurement: what a server does, and what it costs, while bench/load asks it."""

import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build/release/bench"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all threads, those that have ended too."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_mib(pid, field="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE).group(1)) / 1024


def written_bytes(pid):
    """What the process sent to storage devices. `wchar` would also count what goes into sockets."""
    return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.MULTILINE).group(1))


@dataclasses.dataclass
class Way:
    """How requests are sent."""

    connections: int = 4
    is_inside_tls: bool = False
    is_http2: bool = False


def load(port, requests, way, seconds, count=0, timeout_s=60, per_second=0):
    """Replays a file of requests; what bench/load says. Whatever is not answered well is an error."""
    done = subprocess.run(
        [PROGRAMS / "load", "--port", str(port), "--connections", str(way.connections), "--seconds", str(seconds),
         "--count", str(count), "--requests", requests, "--timeout", str(timeout_s),
         "--per-second", str(per_second),
         *(["--tls"] if way.is_inside_tls else []), *(["--http2"] if way.is_http2 else [])],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    result = json.loads(done.stdout)
    bad = {kind: result[kind] for kind in ("refused", "stuck", "broken") if result[kind]}
    if bad:
        raise RuntimeError(", ".join(f"{count} {kind}" for kind, count in bad.items()) + ": " + done.stderr.strip())
    return result


def round_of(pid, replay):
    """The figures of one round; `replay` makes the load and returns what came of it."""
    before = cpu_seconds(pid)
    result = replay()
    spent = cpu_seconds(pid) - before
    if not result["answered"]:
        raise RuntimeError("nothing was answered in the time of a round")
    return {"per_s": result["answered"] / result["seconds"], "cpu_us": spent * 1e6 / result["answered"],
            "p50_us": result["p50_us"], "p99_us": result["p99_us"], "p999_us": result["p999_us"]}


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


class Beside:
    """What is asked of the server while something is measured, each in a thread of its own."""

    def __init__(self):
        self.failures, self.is_over, self.threads, self.began = [], threading.Event(), [], time.monotonic()

    def begin(self, work, *arguments):
        def guard():
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, the measurement is worth nothing.
                self.failures.append(f"after {time.monotonic() - self.began:.0f} s: {error!r} {error.__cause__ or ''}")
        self.threads.append(threading.Thread(target=guard))
        self.threads[-1].start()

    def goes_on(self):
        return not self.is_over.is_set() and not self.failures

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise RuntimeError(f"beside what is measured, {self.failures[0]}")
