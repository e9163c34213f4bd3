"""An answer that is larger than what the systems between hold: taken at once, slowly, or not at all."""

import json
import socket
import time

import pytest

from support.fast_client import HEADERS
from support.server import Server

RECORDS, RECORD_BYTES = 10, 10**6  # What one GetRecords may bring, and three times what systems hold.
WRITE_TIMEOUT_S = 15  # For each MiB of an answer.
SLACK_S = 3


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        kinesis = running.client()
        kinesis.create_stream(StreamName="large", ShardCount=1)
        for number in range(RECORDS):
            kinesis.put_record(StreamName="large", PartitionKey="k", Data=bytes([number]) * RECORD_BYTES)
        yield running


def ask(server):
    """A connection over which all records are asked for, and that holds little of them."""
    iterator = server.client().get_shard_iterator(
        StreamName="large", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    body = json.dumps({"ShardIterator": iterator})
    fields = {"Host": "localhost", "X-Amz-Target": "Kinesis_20131202.GetRecords", **HEADERS, "Content-Length": len(body)}
    head = "POST / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(f"{head}\r\n{body}".encode())
    return connection


def take(connection, most=2**30):
    """What comes, up to `most` bytes; less at the end of the connection, or of the answer."""
    taken = []
    while most > 0:
        try:
            taken.append(connection.recv(min(most, 1 << 20)))
        except ConnectionResetError:
            break
        most -= len(taken[-1])
        if not taken[-1] or taken[-1].endswith(b"}"):
            break
    return b"".join(taken)


def is_whole(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n" and len(json.loads(body)["Records"]) == RECORDS


def test_at_once(server):
    with ask(server) as connection:
        assert is_whole(take(connection))


def test_slow_is_not_stuck(server):
    with ask(server) as stuck, ask(server) as slow:
        answer = b""
        ends = time.monotonic() + WRITE_TIMEOUT_S + SLACK_S
        while time.monotonic() < ends:
            answer += take(slow, 2**18)
            time.sleep(1)

        assert is_whole(answer + take(slow))
        assert len(take(stuck)) < RECORDS * RECORD_BYTES
