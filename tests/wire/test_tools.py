"""Published tools that try a server: conformance of HTTP/2, weaknesses of TLS, slow connections.

A long lane: `./dev test --long` installs the tools and runs these; without it they are skipped.
"""

import json
import os
import shutil
import subprocess
import threading
import time

import pytest
from rawsocket import metric

from support.server import Server

pytestmark = pytest.mark.skipif(not os.environ.get("MILLRACE_LONG"), reason="a long lane: ./dev test --long")

H2SPEC = ("github.com/summerwind/h2spec@v2.2.1+incompatible", "github.com/spf13/cobra", "golang.org/x/net@v0.17.0")
H2SPEC_CASES = 145
CONNECTIONS = 500
CLOSED_WITHIN_S = 20
ANSWERED_WITHIN_S = 1


@pytest.fixture(scope="module")
def server():
    with Server(args=["--access-log", "off"]) as running:
        yield running
        assert running.is_ready()


def run(*words, cwd=None, timeout_s=600):
    return subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=timeout_s, check=False,
                          stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def h2spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("h2spec")
    for words in (("mod", "init", "x"), ("get", *H2SPEC), ("build", "-o", "h2spec", "github.com/summerwind/h2spec/cmd/h2spec")):
        done = run("go", *words, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder / "h2spec"


@pytest.mark.parametrize("options", [(), ("-t", "-k")], ids=["plain", "tls"])
def test_h2spec(server, h2spec, options):
    done = run(h2spec, "-h", "127.0.0.1", "-p", server.port, "-P", "/health", "-o", 3, *options)

    assert f"{H2SPEC_CASES} tests, {H2SPEC_CASES} passed, 0 skipped, 0 failed" in done.stdout, done.stdout


def test_testssl(server, tmp_path):
    """Nothing of medium severity or worse, but what comes of a CA of one's own, and headers that are for web pages."""
    report = tmp_path / "report.json"
    run("testssl", "--quiet", "--color", 0, "--warnings", "off", "--severity", "MEDIUM", "--jsonfile", report,
        f"127.0.0.1:{server.port}")

    found = {entry["id"]: entry["finding"] for entry in json.loads(report.read_text())
             if entry["severity"] in ("MEDIUM", "HIGH", "CRITICAL")}
    assert found.keys() <= {"cert_chain_of_trust", "cert_revocation", "security_headers"}, found
    assert "self signed CA" in found["cert_chain_of_trust"]


def count_connections(server) -> int:
    return metric(server, "millrace_connections")


class Watch:
    """Asks for the server's health again and again, and how many connections there are."""

    def __init__(self, server):
        self.server = server
        self.slowest_s = 0.0
        self.counts = []  # (seconds since the start, connections)
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        began = time.monotonic()
        while not self.is_over.wait(0.2):
            asked = time.monotonic()
            count = count_connections(self.server)
            assert self.server.is_ready()
            self.slowest_s = max(self.slowest_s, time.monotonic() - asked)
            self.counts.append((asked - began, count))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


@pytest.mark.parametrize("mode, path", [("-H", "/"), ("-B", "/"), ("-R", "/health"), ("-X", "/metrics")])
def test_slowhttptest(server, mode, path):
    words = ["-c", CONNECTIONS, "-r", 200, "-l", 40, "-u", f"http://127.0.0.1:{server.port}{path}"]
    with Watch(server) as watch:
        done = run("slowhttptest", mode, *words)

    assert "connected" in done.stdout + done.stderr
    assert len(watch.counts) > 10 and watch.slowest_s < ANSWERED_WITHIN_S
    most = max(count for _, count in watch.counts)
    if mode in ("-H", "-B"):
        assert most > CONNECTIONS / 2  # They really were there.
    last = max((second for second, count in watch.counts if count > 10), default=0)
    assert last < CONNECTIONS / 200 + CLOSED_WITHIN_S, watch.counts[-20:]


def test_the_tools_are_here():
    for tool in ("go", "testssl", "slowhttptest"):
        assert shutil.which(tool), tool
