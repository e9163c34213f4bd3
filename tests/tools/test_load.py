"""What bench/load counts: answers, refusals, broken connections and those that are stuck, over each kind of connection."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]

from calls import as_bytes, write_pool  # noqa: E402
from support.server import Server, free_port  # noqa: E402

COUNTS = ("answered", "refused", "broken", "stuck")


def load(port, directory, *args, operation="PutRecord", connections=1):
    """What it says of three requests."""
    path = directory / "requests"
    write_pool(path, [as_bytes(operation, {"StreamName": "load", "PartitionKey": f"{number}", "Data": b"a" * 20_000})
                      for number in range(3)])
    words = [os.environ["MILLRACE_LOAD"], "--port", port, "--requests", path, "--seconds", 5, "--count", 3,
             "--connections", connections, *args]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, timeout=30)
    said = json.loads(done.stdout)
    return {count: said[count] for count in COUNTS if said[count]}, done.stderr


@contextlib.contextmanager
def answering(*answers):
    """A port whose first connections are answered like this, one after the other.

    A connection is closed after None, and stays without an answer after nothing.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        left = list(answers)
        while left:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as received:
                while left and take_request(received):
                    answer = left.pop(0)
                    connection.sendall(answer or b"")
                    if answer == b"":
                        received.read()
                    if answer is None or b"close" in answer:
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(10)
    listener.close()


def take_request(received):
    size = 0
    while line := received.readline().strip():
        name, _, value = line.partition(b": ")
        size = int(value) if name == b"Content-Length" else size
    return len(received.read(size)) == size > 0


def answer(body=b"{}", status=200, more=b""):
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


@pytest.mark.parametrize("args", [[], ["--tls"], ["--http2"], ["--tls", "--http2"], ["--per-second", "100"]],
                         ids=" ".join)
def test_answers_of_the_server(tmp_path, args):
    with Server(env={"INITIALIZE_STREAMS": "load:2"}) as server:
        assert load(server.port, tmp_path, *args) == ({"answered": 3}, "")
        assert load(server.port, tmp_path, *args, connections=3) == ({"answered": 3}, "")


@pytest.mark.parametrize("way", [[], ["--http2"]], ids=" ".join)
def test_a_refusal_is_shown(tmp_path, way):
    with Server() as server:
        counts, shown = load(server.port, tmp_path, *way)

    assert counts == {"refused": 3}
    assert shown.count("ResourceNotFoundException") == 1  # The first one.


def test_records_that_were_not_taken_are_a_refusal(tmp_path):
    bodies = [b'{"FailedRecordCount":0}', b'{"FailedRecordCount": 1}', b"{}"]
    with answering(*map(answer, bodies)) as port:
        assert load(port, tmp_path, operation="PutRecords")[0] == {"answered": 1, "refused": 2}


def test_a_connection_that_an_answer_closes_is_opened_again(tmp_path):
    until_the_end = b"HTTP/1.0 200 X\r\nConnection: close\r\n\r\n{}"
    with answering(answer(more=b"Connection: close\r\n"), until_the_end, answer()) as port:
        assert load(port, tmp_path) == ({"answered": 3}, "")


def test_a_connection_that_ends_without_an_answer_is_broken(tmp_path):
    with answering(answer(), None) as port:
        assert load(port, tmp_path) == ({"answered": 1, "broken": 1}, "load: the server closed the connection\n")
    assert load(free_port(), tmp_path)[0] == {"broken": 1}


def test_no_answer_is_stuck(tmp_path):
    with answering(answer(), b"") as port:
        assert load(port, tmp_path, "--timeout", "1") == ({"answered": 1, "stuck": 1}, "load: no answer in time\n")
