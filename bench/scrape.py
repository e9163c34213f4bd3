"""What a scrape of /metrics costs a server with a thousand streams, plain and compressed.

    MILLRACE_BIN=build/release/millrace build/venv/bin/python bench/scrape.py
"""

import os
import pathlib
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support.server import Server  # noqa: E402

STREAMS, SCRAPES = 1000, 200


def cpu_ms(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def scrape(server, coding):
    request = urllib.request.Request(f"{server.endpoint}/metrics", headers={"Accept-Encoding": coding})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return len(answer.read())


def main():
    with Server() as server:
        kinesis = server.client()
        for number in range(STREAMS):
            kinesis.create_stream(StreamName=f"stream-{number:04}", ShardCount=1)
            kinesis.put_record(StreamName=f"stream-{number:04}", PartitionKey="k", Data=b"x" * 100)
        for coding in ("identity", "gzip"):
            size = scrape(server, coding)
            before = cpu_ms(server)
            for _ in range(SCRAPES):
                scrape(server, coding)
            print(f"{coding}: {size:,} bytes, {(cpu_ms(server) - before) / SCRAPES:.2f} ms of CPU")


if __name__ == "__main__":
    main()
