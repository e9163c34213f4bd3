"""Requests that are broken: each is refused in bounded memory and time, and the server goes on."""

import json
import threading
import time

import pytest
from rawsocket import (connect, exchange, read_answer, read_until_closed, request, resident_kib, status_of, wait_until)

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
MIB = 1 << 20


@pytest.mark.parametrize("data", [b"\x00" * 50, b"hello\r\n\r\n", b"GET /\r\n\r\n", b"SSH-2.0-x\r\n", b"\r\n\r\n\r\n",
                                  b"GET / HTTP/2.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nXX"])
def test_what_is_not_http_1_is_closed_without_an_answer(server, data):
    assert exchange(server, data) == b""


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_few_empty_lines_before_a_request_are_ignored(server, count):
    """RFC 9112 §2.2: some clients send one behind a body. Also where they come by themselves, and are waited after."""
    lines = b"\r\n" * count
    with connect(server) as connection:
        for _ in range(3):
            for piece in (lines[:1], lines[1:], request()):
                connection.sendall(piece)
                time.sleep(0.01)
            assert status_of(read_answer(connection)[0]) == 200
        connection.sendall(lines + (request() + lines) * 3)
        rest = b""
        while rest.count(b"HTTP/1.1 200 OK") < 3:
            rest += connection.recv(65536)

    assert rest.count(b"HTTP/1.1 ") == 3


@pytest.mark.parametrize("data", [b"\r\n" * 5, b"\n", b"\r\r\n", b" \r\n", b"\r\n\n"])
def test_other_lines_before_a_request_are_not(server, data):
    assert status_of(exchange(server, data + request())) in (400, None)


@pytest.mark.parametrize("connection, is_kept", [(b"keep-alive", True), (b"Keep-Alive", True), (b"close", False), (b"x", False)])
def test_a_connection_of_http_1_0_is_kept_where_it_is_said(server, connection, is_kept):
    data = request(extra=b"Connection: " + connection + b"\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")
    with connect(server) as peer:
        peer.sendall(data)
        head, _, _ = read_answer(peer)
        if is_kept:
            peer.sendall(data)
            assert status_of(read_answer(peer)[0]) == 200
        else:
            assert read_until_closed(peer) == b""

    assert (b"\r\nConnection: keep-alive\r\n" in head + b"\r\n") == is_kept
    assert (b"\r\nConnection: close\r\n" in head + b"\r\n") != is_kept


def test_http_1_1_needs_no_word_for_it(server):
    with connect(server) as peer:
        peer.sendall(request(extra=b"Connection: keep-alive\r\n"))
        assert b"Connection" not in read_answer(peer)[0]


@pytest.mark.parametrize("head, status", [
    (b"A: " + b"x" * 40000 + b"\r\n", 431), (b"".join(b"H%d: x\r\n" % i for i in range(200)), 431),
    (b"".join(b"H%d: x\r\n" % i for i in range(10000)), 431),
])
def test_heads_that_are_too_large(server, head, status):
    assert status_of(exchange(server, b"POST / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n")) == status


def test_a_target_that_is_too_long(server):
    assert status_of(exchange(server, b"POST /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")) in (431, None)


@pytest.mark.parametrize("extra, body", [
    (b"Content-Length: %d\r\n\r\n" % (17 * MIB), b""),
    (b"Content-Length: %d\r\n\r\n" % (17 * MIB), b"x" * 17 * MIB),
    (b"Content-Length: 9000000000000000000\r\n\r\n", b""),
    (b"Transfer-Encoding: chunked\r\n\r\n", (b"100000\r\n" + b"x" * MIB + b"\r\n") * 17),
    (b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", b"x" * 17 * MIB),
])
def test_bodies_that_are_too_large(server, extra, body):
    answer = exchange(server, HEAD + extra + body)

    assert status_of(answer) == 413
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("content_type, body", [
    (b"application/x-amz-json-1.1", b"[" * 100_000), (b"application/x-amz-json-1.1", b'{"a":' * 100_000),
    (b"application/x-amz-json-1.1", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    (b"application/x-amz-json-1.1", b"[" * (15 * MIB)),
    (b"application/x-amz-cbor-1.1", b"\x81" * 100_000), (b"application/x-amz-cbor-1.1", b"\x9f" * 100_000),
    (b"application/x-amz-cbor-1.1", b"\xa1\x61a" * 100_000), (b"application/x-amz-cbor-1.1", b"\xc1" * 100_000),
    (b"application/x-amz-cbor-1.1", b"\x9b\x10" + bytes(7)), (b"application/x-amz-cbor-1.1", b"\xbb" + b"\xff" * 8),
    (b"application/x-amz-cbor-1.1", b"\xa1\x61a\x5a\x80\x00\x00\x00"), (b"application/x-amz-cbor-1.1", b"\x81" * (15 * MIB)),
])
def test_deep_and_huge_values(server, content_type, body):
    before = resident_kib(server)
    answer = exchange(server, request(body=body, content_type=content_type, extra=b"Connection: close\r\n"))

    assert status_of(answer) == 400
    assert b"SerializationException" in answer
    assert resident_kib(server) - before < 64 * 1024


def test_many_small_values_take_no_more_than_their_share(server):
    """A body of the largest size made of the smallest values."""
    before = resident_kib(server)
    body = b'{"a":[' + b"0," * (7 * MIB) + b"0]}"

    answer = exchange(server, request(body=body, extra=b"Connection: close\r\n"))

    assert status_of(answer) == 400
    assert resident_kib(server) - before < 128 * 1024


@pytest.mark.parametrize("data", [
    b"", b"P", b"PRI * HT", HEAD, HEAD[:-1], request(body=b"x" * 100)[:-50],
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", HEAD + b"Content-Length: 10\r\n\r\n"])
def test_a_peer_that_stops_sending_is_closed(server, data):
    assert status_of(exchange(server, data, timeout_s=6)) in (None, 400)


def test_a_peer_that_drips_is_closed(server):
    """One byte at a time is progress, but too little of it."""
    with connect(server) as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        closed = threading.Event()

        def drip():
            try:
                while not closed.wait(0.05):
                    connection.sendall(b"x")
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            read_until_closed(connection)
        finally:
            closed.set()
            dripping.join()


@pytest.mark.parametrize("cut", [1, 30, 100, -1])
def test_a_peer_that_leaves_in_the_middle(server, cut):
    for _ in range(50):
        with connect(server) as connection:
            connection.sendall(request(body=b"x" * 100)[:cut])

    assert server.is_ready()


def test_stalled_connections_do_not_keep_others_out(server):
    stalled = [connect(server) for _ in range(200)]
    for connection in stalled:
        connection.sendall(request(body=b"x" * 1000)[:-500])

    assert status_of(exchange(server, request(extra=b"Connection: close\r\n"))) == 200
    for connection in stalled:
        read_until_closed(connection)
        connection.close()


def test_requests_sent_at_once_are_answered_in_order(server):
    bodies = [b'{"Limit":%d}' % limit for limit in (1, 0, 2, 20000, 3)]
    with connect(server) as connection:
        connection.sendall(b"".join(request(body=body) for body in bodies))
        rest, statuses, shown = b"", [], []
        for _ in bodies:
            while b"\r\n\r\n" not in rest:
                rest += connection.recv(65536)
            head, _, rest = rest.partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                          if line.lower().startswith(b"content-length:"))
            while len(rest) < length:
                rest += connection.recv(65536)
            body, rest = rest[:length], rest[length:]
            statuses.append(status_of(head))
            shown.append(json.loads(body).get("message", ""))

    assert statuses == [200, 400, 200, 400, 200]
    assert "'0'" in shown[1] and "'20000'" in shown[3]


def test_expect_continue(server):
    data = request(body=b"{}", extra=b"Expect: 100-continue\r\n")
    with connect(server) as connection:
        connection.sendall(data[:-2])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        head, _, _ = read_answer(connection)

    assert status_of(head) == 200


def test_a_chunked_body(server):
    data = request().replace(b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n")
    with connect(server) as connection:
        connection.sendall(data + request())
        first, _, rest = read_answer(connection)
        second = rest or connection.recv(100)

    assert status_of(first) == status_of(second) == 200


def test_http_1_0_and_close_end_the_connection(server):
    for data in [request().replace(b"HTTP/1.1", b"HTTP/1.0"), request(extra=b"Connection: close\r\n")]:
        answer = exchange(server, data)
        assert status_of(answer) == 200
        assert b"Connection: close" in answer


def test_content_encoding_is_refused(server):
    for coding in (b"gzip", b"br", b"identity, gzip", b"identity\r\nContent-Encoding: deflate"):
        assert status_of(exchange(server, request(extra=b"Content-Encoding: " + coding + b"\r\nConnection: close\r\n"))) == 415


@pytest.mark.parametrize("coding", [b"identity", b"IDENTITY", b" identity ,identity", b""])
def test_an_encoding_that_encodes_nothing_is_taken(server, coding):
    assert status_of(exchange(server, request(extra=b"Content-Encoding: " + coding + b"\r\nConnection: close\r\n"))) == 200


def test_an_idle_connection_is_closed(server):
    with connect(server, timeout_s=6) as connection:
        connection.sendall(request())
        read_answer(connection)
        assert read_until_closed(connection) == b""


def test_nothing_is_kept_of_all_this(server):
    wait_until(lambda: b"\nmillrace_inflight_bytes 0\n" in exchange(
        server, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    assert resident_kib(server) < 200 * 1024


@pytest.mark.parametrize("region, status", [
    (b"a", 200), (b"eusc-de-east-1", 200), (b"a" * 64, 200), (b"a" * 65, 400), (b"a" * 30_000, 400), (b"US-EAST-1", 400), (b"us_east_1", 400),
    (b"us-east-1.", 400), (b"us\xc3\xa9", 400), (b"..", 400), (b"%2e%2e", 400)])
@pytest.mark.parametrize("is_presigned", [False, True])
def test_the_name_of_a_region_is_short_and_plain(server, region, status, is_presigned):
    data = request("ListStreams", extra=b"Connection: close\r\n").replace(b"us-east-1", region)
    if is_presigned:
        head = b"POST /?X-Amz-Algorithm=a&X-Amz-Credential=k/d/" + region.replace(b" ", b"+") + b"/kinesis/aws4_request"
        query = b"&X-Amz-Signature=a&X-Amz-SignedHeaders=host&X-Amz-Date=20261123T000000Z HTTP/1.1\r\n"
        lines = data.split(b"\r\n", 1)[1].split(b"\r\n")
        data = head + query + b"\r\n".join(line for line in lines if not line.startswith((b"Authorization", b"X-Amz-Date")))

    answer = exchange(server, data)

    assert status_of(answer) == status
    if status == 400:
        assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {
            "__type": "InvalidSignatureException", "message": "Credential should be scoped to a valid region. "}
