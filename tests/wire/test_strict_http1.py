"""Requests that HTTP/1.1 forbids, or that two programs in a row might read in two ways (RFC 9112).

Each is refused, if it is answered at all, and the connection is closed, so that what stands behind it is never taken
for a request.
"""

import pytest
from rawsocket import exchange, request, status_of

LINE = b"POST / HTTP/1.1\r\n"
HEAD = LINE + b"Host: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

LENGTHS = [HEAD + lines + b"\r\n\r\n{}" for lines in (
    b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 2",
    b"Content-Length: 2\r\nContent-Length: 3", b"Content-Length: 2\r\nContent-Length: 2", b"Content-Length: 2,2",
    b"Content-Length: 2, 3", b"Content-Length: +2", b"Content-Length: -1", b"Content-Length: 0x2", b"Content-Length: 2.0",
    b"Content-Length: 1e1", b"Content-Length: 2 2", b"Content-Length: two", b"Content-Length:",
    b"Content-Length: 18446744073709551616", b"Content-Length: 99999999999999999999999", b'Content-Length: "2"',
    b"Content-Length : 2", b"Content-Length\t: 2", b"Content-Length: 2\0", b"Content-Length: \x0b2")]

ENCODINGS = [HEAD + lines + b"\r\n\r\n0\r\n\r\n" for lines in (
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Transfer-Encoding: chunked;q=1", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding:", b"Transfer-Encoding: ,", b"Transfer-Encoding: chunked\0",
    b"Transfer-Encoding:\r\n chunked")]
ENCODINGS.append(b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}")
ENCODINGS.append(b"POST / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

CHUNKS = [CHUNKED + chunks for chunks in (
    b"fffffffffffffffff\r\n", b"zz\r\n", b"-1\r\n", b"+2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"\r\n{}\r\n0\r\n\r\n",
    b"2\n{}\n0\n\n", b"2\r\n{}X0\r\n\r\n", b"2\r\n{}\n0\r\n\r\n", b"2 2\r\n{}\r\n0\r\n\r\n", b"2\0\r\n{}\r\n0\r\n\r\n",
    b"2;a=\"\n\"\r\n{}\r\n0\r\n\r\n", b"2\r{}\r\n0\r\n\r\n", b"2;" + b"a" * 100_000)]

FIELDS = [HEAD + line + b"\r\n\r\n" for line in (
    b"X-Long : a", b"No colon", b": empty", b" Leading: a", b"A: b\r\n folded", b"A: b\r\n\tfolded", b"A: b\0c", b"A\0: b",
    b"A b: c", b"A(b): c", b"A\x7f: b", b"A\xe9: b", b"A: b\rC: d", b"A: b\nC: d", b"A: b\r\r\nC: d", b"A: \x01", b"A: b\x7f",
    b"Host: two")]
HOSTS = [LINE + lines + b"\r\n\r\n" for lines in (
    b"A: b", b" Host: localhost", b"Host : localhost", b"Host: a b", b"Host: localhost/x", b"Host: a@localhost",
    b"Host: localhost, localhost", b"Host: localhost:x", b"Host:")]

REQUEST_LINES = [line + b"\r\nHost: localhost\r\n\r\n" for line in (
    b"PO ST / HTTP/1.1", b"POST /a b HTTP/1.1", b"POST  / HTTP/1.1", b"POST\t/\tHTTP/1.1", b"POST /\0 HTTP/1.1",
    b"POST /\x7f HTTP/1.1", b"POST / HTTP/1.7", b"POST / HTTP/1.1 ", b"POST / HTTP/1.1x", b"POST / http/1.1", b"POST / HTTP/1.10",
    b"POST / HTTP/11", b"POST / HTTP/1", b"POST / HTTP/0.9", b"POST / HTTP/3.0", b"POST HTTP/1.1", b"POST /", b" POST / HTTP/1.1",
    b"\nPOST / HTTP/1.1", b"P\0ST / HTTP/1.1", b"P(ST / HTTP/1.1", b"/ HTTP/1.1", b"POST /\rHTTP/1.1")]
REQUEST_LINES += [b"POST / HTTP/1.1\nHost: localhost\n\n", b"POST / HTTP/1.1\r\nHost: localhost\n\r\n"]

REQUESTS = [*LENGTHS, *ENCODINGS, *CHUNKS, *FIELDS, *HOSTS, *REQUEST_LINES]


@pytest.mark.parametrize("data", REQUESTS, ids=lambda data: repr(data.replace(HEAD, b"", 1)[:60]))
def test_refused_and_closed(server, data):
    answer = exchange(server, data + SMUGGLED)

    assert status_of(answer) in (400, 403, 413, 431, 501, None), answer
    assert answer.count(b"HTTP/1.1 ") <= 1
    if answer:
        assert b"\r\nConnection: close\r\n" in answer


def test_there_are_enough_of_them():
    assert len(set(REQUESTS)) >= 60


def test_what_stands_behind_a_good_request_is_answered(server):
    """The check above could not fail if nothing behind a request were ever answered."""
    answer = exchange(server, request() + request(extra=b"Connection: close\r\n") + SMUGGLED)

    assert answer.count(b"HTTP/1.1 200 OK") == 2 and b"smuggled" not in answer


def test_fields_behind_a_body_are_no_headers(server):
    """RFC 9110 §6.5.1. As a header this one is refused."""
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    foreign = b"Origin: https://evil.example\r\n"

    as_header = exchange(server, head + b"Connection: close\r\n" + foreign + b"\r\n")
    behind = exchange(server, head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + foreign + b"\r\n")

    assert (status_of(as_header), status_of(behind)) == (403, 200)
