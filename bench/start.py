"""How long from the start of the process to its first answer, and how much memory it then has.

    bench/start.py [--records 1000000] [--rounds 7]

With an empty directory, and with so many records of 100 B, after a clean stop and after kill -9. Times
are medians; the first answer is that of the health path, which says ready.
"""

import argparse
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from measure import resident_mib  # noqa: E402
from support.fast_client import FastClient  # noqa: E402
from support.server import Server, binary  # noqa: E402


def is_answering(port):
    client = FastClient(port, timeout_s=1)
    try:
        client.call("ListStreams")
        return True
    except Exception:  # noqa: BLE001 - not there yet.
        return False
    finally:
        client.close()


def start_ms(server):
    began = time.monotonic()
    server.spawn()
    while not is_answering(server.port):
        if server.process.poll() is not None:
            raise RuntimeError(server.output())
        time.sleep(0.0005)
    return (time.monotonic() - began) * 1000


def fill(server, records):
    client = FastClient(server.port)
    client.call("CreateStream", StreamName="full", ShardCount=4)
    rng = random.Random(1)
    for _ in range(records // 500):
        client.put("full", [(f"{rng.randrange(10**16):016}", rng.randbytes(100)) for _ in range(500)])
    client.close()


def measure(server, rounds, end):
    times = []
    for _ in range(rounds):
        times.append(start_ms(server))
        end()
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build/release/millrace"))
    print(f"{'binary':42} {os.path.getsize(binary()) / 2**20:8.1f} MiB")

    firsts = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="start-") as directory:
            server = Server(pathlib.Path(directory) / "data")
            firsts.append(start_ms(server))
            idle = resident_mib(server.process.pid)
            server.stop()
    print(f"{'start, new directory':42} {statistics.median(firsts):8.1f} ms")
    print(f"{'resident when idle':42} {idle:8.1f} MiB")

    with tempfile.TemporaryDirectory(prefix="start-") as directory:
        server = Server(pathlib.Path(directory) / "data")
        server.start()
        fill(server, options.records)
        server.stop()
        print(f"{f'start, {options.records:,} records, after SIGTERM':42} "
              f"{measure(server, options.rounds, server.stop):8.1f} ms")
        server.start()
        fill_again = FastClient(server.port)
        fill_again.put("full", [("k", b"x")])
        fill_again.close()
        server.kill()
        print(f"{f'start, {options.records:,} records, after kill -9':42} "
              f"{measure(server, options.rounds, server.kill):8.1f} ms")

    with tempfile.TemporaryDirectory(prefix="start-") as directory:
        server = Server(pathlib.Path(directory) / "data")
        server.start()
        fill(server, options.records)
        server.kill()
        began = start_ms(server)
        print(f"{f'first start after kill -9 while filling':42} {began:8.1f} ms")
        time.sleep(0.5)  # What the replay took is on its way back to the system.
        print(f"{f'resident with {options.records:,} records':42} {resident_mib(server.process.pid):8.1f} MiB")
        server.kill()


if __name__ == "__main__":
    main()
