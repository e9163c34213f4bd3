"""Requests as bytes, in JSON and in CBOR, and files of them for bench/load."""

import base64
import json
import pathlib
import socket
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.fast_client import HEADERS  # noqa: E402

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
POOL_BYTES = 8 << 20  # Requests are made anew up to so many bytes, then repeated.
POOL_REQUESTS = 4096


def cbor_head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, form in ((24, ">BB"), (25, ">BH"), (26, ">BI"), (27, ">BQ")):
        if argument < 1 << 8 * (struct.calcsize(form) - 1):
            return struct.pack(form, major << 5 | code, argument)
    raise ValueError(argument)


def as_cbor(value):
    """What requests consist of: maps, lists, text, bytes and whole numbers (RFC 8949)."""
    if isinstance(value, dict):
        return cbor_head(5, len(value)) + b"".join(as_cbor(key) + as_cbor(item) for key, item in value.items())
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(as_cbor, value))
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    return cbor_head(0, value)


def as_json(value):
    """Bytes are base64 text there."""
    return json.dumps(value, default=lambda data: base64.b64encode(data).decode()).encode()


def headers_of(operation, form=JSON):
    return {"Host": "localhost", "X-Amz-Target": f"Kinesis_20131202.{operation}", **HEADERS, "Content-Type": form}


def body_of(members, form=JSON):
    return as_cbor(members) if form == CBOR else as_json(members)


def as_bytes(operation, members, form=JSON):
    body = body_of(members, form)
    head = "POST / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers_of(operation, form).items())
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def record(rng, size):
    return {"PartitionKey": f"{rng.randrange(10**16):016}", "Data": rng.randbytes(size)}


def make_pool(make):
    """Requests made anew until they are enough to be told apart."""
    pool, written = [], 0
    while written < POOL_BYTES:
        pool.append(make())
        written += max(len(pool[-1]), POOL_BYTES // POOL_REQUESTS)
    return pool


def write_pool(path, requests):
    with open(path, "wb") as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)


def ask(port, request):
    """The whole answer to one request, head and body, as it came."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        answer, size = b"", None
        while size is None or len(answer) < size:
            piece = connection.recv(1 << 18)
            if not piece:
                break
            answer += piece
            if size is None and b"\r\n\r\n" in answer:
                head, _, _ = answer.partition(b"\r\n\r\n")
                fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
                length = fields.get(b"content-length")
                size = len(head) + 4 + int(length) if length else 1 << 40
    if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise RuntimeError(f"answered {answer.partition(bytes([13]))[0].decode(errors='replace')}")
    return answer
