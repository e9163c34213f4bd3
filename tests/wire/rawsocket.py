"""Bytes to a server and back, for requests that no HTTP library would send."""

import re
import socket
import time
import urllib.request

from support.server import is_sanitized


def connect(server, timeout_s=20.0, host="127.0.0.1") -> socket.socket:
    return socket.create_connection((host, server.port), timeout=timeout_s)


def read_until_closed(connection) -> bytes:
    """Everything until the peer closes; fails if it does not within the socket's timeout."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def exchange(server, data, timeout_s=20.0) -> bytes:
    """Sends `data`, says that no more comes only by waiting, and returns all until the server closes."""
    with connect(server, timeout_s) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before its end; the answer is there to be read.
        return read_until_closed(connection)


def status_of(answer: bytes):
    """The status of the first answer; None if there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def read_answer(connection):
    """(head, body) of one answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {received!r}")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed within a body")
        body += piece
    return head, body[:length], body[length:]


def request(operation="ListStreams", body=b"{}", extra=b"", content_type=b"application/x-amz-json-1.1"):
    """A well-formed signed-looking request as bytes; `extra` holds more header lines."""
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Kinesis_20131202." + operation.encode() +
            b"\r\nContent-Type: " + content_type +
            b"\r\nX-Amz-Date: 20261123T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/"
            b"us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0\r\n" + extra +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def resident_kib(server) -> int:
    """Resident memory; 0 from a build whose own bookkeeping would be most of it."""
    if is_sanitized():
        return 0
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def metric(server, name) -> int:
    """The value of a metric without labels, by /metrics."""
    text = urllib.request.urlopen(f"{server.endpoint}/metrics").read().decode()
    return int(re.search(rf"^{name} (\d+)", text, re.MULTILINE).group(1))


def wait_until(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)
