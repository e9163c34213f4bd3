"""`millrace health`: an answer within its time, whatever the port does, and words for people."""

import contextlib
import json
import socket
import subprocess
import threading
import time

import pytest

from support.server import Server, binary, free_port

DEADLINE_S = 5


def health(*words):
    began = time.monotonic()
    done = subprocess.run([binary(), "health", *map(str, words)], capture_output=True, text=True, timeout=30, check=False)
    return done, time.monotonic() - began


@contextlib.contextmanager
def port_that(treat):
    """A port whose connections `treat` has, each in a thread, until the end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def accept():
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection = listener.accept()[0]
                    threads.append(threading.Thread(target=treat, args=(connection, over)))
                    threads[-1].start()

        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            for thread in threads:
                thread.join()


def stay_silent(connection, over):
    over.wait()
    connection.close()


def dribble(connection, over):
    """An answer whose head never ends."""
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.1):
            connection.sendall(b"X-More: 1\r\n")
    connection.close()


def hang_up(connection, _over):
    connection.recv(4096)  # What is left unread would end it with a reset.
    connection.close()


def flood(connection, over):
    """An answer without end."""
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"x" * 65536)
    connection.close()


@pytest.mark.parametrize("treat, words", [(stay_silent, []), (stay_silent, ["--tls", "only"]), (dribble, [])])
def test_a_port_that_does_not_answer_is_given_up(treat, words):
    with port_that(treat) as port:
        done, took_s = health("--port", port, *words)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"no answer on port {port}: none within {DEADLINE_S} seconds\n"
    assert DEADLINE_S - 1 < took_s < DEADLINE_S + 3


@pytest.mark.parametrize("treat, words, text", [
    (hang_up, [], "end of stream"), (hang_up, ["--tls", "only"], "stream truncated"), (flood, [], "body limit exceeded")])
def test_a_port_that_answers_something_else(treat, words, text):
    with port_that(treat) as port:
        done, took_s = health("--port", port, *words)

    assert (done.returncode, done.stderr) == (1, f"no answer on port {port}: {text}\n")
    assert took_s < DEADLINE_S


def test_nobody_listens():
    port = free_port()

    done, _ = health("--port", port)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"no answer on port {port}: Connection refused\n")


@pytest.mark.parametrize("mode", ["on", "only"])
def test_a_server_that_is_ready(mode):
    server = Server(args=["--tls", mode])
    server.spawn()
    try:
        deadline = time.monotonic() + 20
        while (done := health("--port", server.port, "--tls", mode)[0]).returncode and time.monotonic() < deadline:
            time.sleep(0.05)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
    finally:
        server.stop()
