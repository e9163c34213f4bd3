"""The log says when something begins to be refused for lack of room, and when that is over: a line each."""

import os

import pytest
from rawsocket import connect, metric, read_answer, request, status_of, wait_until

from support.server import Server

MIB = 1 << 20


def fill(kinesis, megabytes):
    """Puts records until they are refused."""
    with pytest.raises(kinesis.exceptions.ClientError):
        for _ in range(megabytes):
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=os.urandom(1_000_000))


@pytest.mark.parametrize("kind, words", [
    ("ephemeral", ["--memory-budget", "16"]), ("durable", ["--disk-budget", "16", "--memory-budget", "16"])])
def test_writes(tmp_path, kind, words):
    reason = "The memory budget is used up." if kind == "ephemeral" else "The disk budget is used up."
    with Server(tmp_path if kind == "durable" else None, args=words) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        fill(kinesis, 40)
        wait_until(lambda: f"warning: writes are refused: {reason}\n" in server.output())
        fill(kinesis, 1)
        kinesis.delete_stream(StreamName="a")
        wait_until(lambda: "info: writes are accepted again\n" in server.output(), timeout_s=40)
        kinesis.create_stream(StreamName="b", ShardCount=1)
        kinesis.put_record(StreamName="b", PartitionKey="k", Data=b"x")
        server.stop()
        output = server.output()

    assert output.count("writes are") == 2


def test_connections():
    with Server(args=["--connections-max", "4"]) as server:
        kept = []
        for _ in range(6):
            kept.append(connect(server))
        wait_until(lambda: "warning: connections are refused: there are 4, as many as --connections-max" in server.output())
        for connection in kept:
            connection.close()
        wait_until(lambda: "info: connections are accepted again" in server.output())
        server.stop()
        output = server.output()

    assert output.count("connections are") == 2


def test_requests():
    """Bodies that come a bit at a time take all there is; one more has no room."""
    with Server(args=["--inflight-budget", "16"]) as server:
        held = [connect(server) for _ in range(2)]
        for connection in held:
            head = request("PutRecord", b"").replace(b"Content-Length: 0", b"Content-Length: %d" % (12 * MIB))
            connection.sendall(head + b"x" * (7 * MIB))
        wait_until(lambda: metric(server, "millrace_inflight_bytes") >= 14 * MIB)
        with connect(server) as one_more:
            one_more.sendall(request("PutRecord", b"x" * (7 * MIB)))
            status = status_of(read_answer(one_more)[0])
        wait_until(lambda: "warning: requests are refused: bodies under way take all of --inflight-budget" in server.output())
        for connection in held:
            connection.close()
        wait_until(lambda: "info: requests are accepted again" in server.output())

    assert status in (413, 503)
