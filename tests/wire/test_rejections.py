"""HTTP that is malformed or over a limit: counted by its answer and logged once, also where it has none."""

import re
import socket
import struct
import time

import pytest
from rawsocket import connect, exchange, metric, read_answer, read_until_closed, request, status_of, wait_until

from support.http2 import Http2
from support.raw import JSON
from support.server import Server

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
MIB = 2**20
LINE = re.compile(r"^\S+Z (127\.0\.0\.1:\d+) (\S+) rejected (\d+): (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def server():
    with Server(args=["--read-timeout", "1", "--idle-timeout", "2", "--inflight-budget", "16", "--tls", "off"]) as running:
        yield running
        assert running.process.poll() is None, running.output()


def counts(server):
    with connect(server) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = read_answer(connection)[1].decode()
    found = re.findall(r'^millrace_rejected_requests_total\{protocol="(\S+)",status="(\S+)"\} (\d+)', text, re.MULTILINE)
    return {(protocol, status): int(count) for protocol, status, count in found}


def rejections(server):
    return [match[1:] for match in (found.groups() for found in LINE.finditer(server.output()))]


def is_noted_once(server, act, protocol, status):
    """Whether `act` adds one to the count of that answer, and nothing to others, and one line."""
    before, lines = counts(server), len(rejections(server))
    act()
    name = (protocol, "none" if status is None else str(status))
    expected = {**before, name: before.get(name, 0) + 1}
    wait_until(lambda: counts(server) != before and len(rejections(server)) > lines)
    time.sleep(0.1)  # For one too many.
    assert counts(server) == expected
    assert [row[:2] for row in rejections(server)[lines:]] == [(protocol, str(status or 0))]


@pytest.mark.parametrize("data, status", [
    (b"hello\r\n\r\n", None), (b"\0" * 50 + b"\r\n", None), (b"SSH-2.0-x\r\n", None), (b"GET / HTTP/2.0\r\n\r\n", None),
    (b"\r\n" * 5 + HEAD + b"\r\n", None), (HEAD + b"no colon\r\n\r\n", 400), (HEAD + b"A: b\r\n c\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n\r\n", 400), (HEAD + b"Host: two\r\n\r\n", 400), (HEAD + b"Content-Length: x\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400), (HEAD + b"Content-Length: %d\r\n\r\n" % (17 * MIB), 413),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n" + b"x" * 17 * MIB, 413), (HEAD + b"A: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    (HEAD + b"".join(b"H%d: x\r\n" % i for i in range(200)) + b"\r\n", 431), (HEAD, None), (HEAD + b"Content-Length: 9\r\n\r\nhalf", None),
], ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else str(value))
def test_over_http1(server, data, status):
    answers = []
    is_noted_once(server, lambda: answers.append(exchange(server, data)), "http1", status)

    assert status_of(answers[0]) == status


def test_bodies_over_the_budget_over_http1(server):
    with connect(server) as first:
        first.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (16 * MIB) + b"x" * (16 * MIB - 1))
        wait_until(lambda: metric(server, "millrace_inflight_bytes") == 16 * MIB - 1)
        is_noted_once(server, lambda: exchange(server, HEAD + b"Content-Length: 5\r\n\r\nxx"), "http1", 503)
        first.shutdown(socket.SHUT_RDWR)


def test_what_a_peer_leaves_is_not_noted(server):
    """It has gone in the middle of a request, or is idle for too long."""
    before, lines = counts(server), len(rejections(server))
    with connect(server) as connection:
        connection.sendall(HEAD)
    with connect(server) as idle, connect(server) as used:
        used.sendall(request())
        read_answer(used)
        read_until_closed(idle)
        read_until_closed(used)
    assert (counts(server), len(rejections(server))) == (before, lines)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


@pytest.mark.parametrize("headers, status", [({"x-large": "a" * 40_000}, 431), ({f"x-{i}": "a" for i in range(150)}, 431)], ids=["bytes", "count"])
def test_heads_over_a_limit_over_http2(server, headers, status):
    connection = Http2(server.port)
    is_noted_once(server, lambda: connection.wait(connection.request(headers, method="GET", path="/health")), "http2", status)
    connection.close()


@pytest.mark.parametrize("act", [
    lambda peer: peer.socket.sendall(frame(0, 0, 1, b"x")),  # DATA of a stream that nobody opened.
    lambda peer: peer.socket.sendall(frame(1, 0x5, 2, b"\x82")),  # A stream of the server's.
    lambda peer: peer.socket.sendall(frame(1, 0x5, 1, b"\xff\xff\xff\xff\xff\xff")),  # No HPACK.
    lambda peer: peer.socket.sendall(frame(8, 0, 0, bytes(4))),  # A window that opens by nothing.
    lambda peer: peer.socket.sendall(frame(6, 0, 0, bytes(7))),  # A ping of seven bytes.
    lambda peer: peer.socket.sendall(frame(6, 0, 0, bytes(8)) * 5000),
    lambda peer: peer.socket.sendall(frame(1, 0x5, 1, peer.connection.encoder.encode([(":method", "GET")]))),
], ids=["idle", "even", "hpack", "window", "ping", "flood", "head"])
def test_broken_frames_over_http2(server, act):
    connection = Http2(server.port)
    connection.receive()
    is_noted_once(server, lambda: act(connection), "http2", None)
    connection.close()


def test_a_request_whose_rest_does_not_come_over_http2(server):
    connection = Http2(server.port)
    is_noted_once(server, lambda: connection.wait(connection.request({"Content-Type": JSON}, b"x", ends=False)), "http2", 408)
    connection.close()


def test_two_hosts_over_http2_have_one_line(server):
    """The front door refuses these, so the line is that of a request."""
    before = counts(server)
    connection = Http2(server.port)
    stream = connection.request({"Host": "other"}, method="GET", path="/two-hosts", authority="localhost")

    assert connection.wait(stream).status == 400
    wait_until(lambda: "/two-hosts 400 " in server.output())
    assert counts(server) == {**before, ("http2", "400"): before.get(("http2", "400"), 0) + 1}
    connection.close()


@pytest.mark.parametrize("data, protocol", [(b"\x16\x03\x01\x02\x00\x01", "tls"), (b"PRI * HTTP/2.0\r\n\r\nS", "http2")])
def test_transports_that_come_to_nothing(server, data, protocol):
    is_noted_once(server, lambda: exchange(server, data), protocol, None)
