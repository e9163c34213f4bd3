"""Stopping: what is under way gets its answer, what is idle ends, nothing acknowledged is lost."""

import json
import signal
import threading
import time

import pytest
from rawsocket import connect, read_answer, request, status_of

from support.http2 import Http2
from support.raw import JSON, TARGET
from support.server import Server


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_within_half_a_second(tmp_path, how):
    with Server(tmp_path) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        idle = [connect(server) for _ in range(20)]
        for connection in idle[:10]:
            connection.sendall(request())
            read_answer(connection)
        started = time.monotonic()
        server.process.send_signal(how)
        status = server.process.wait(timeout=10)
        duration = time.monotonic() - started
        output = server.output()

    assert status == 0
    assert duration < 0.5
    assert "stopped" in output


def test_a_request_under_way_has_its_answer(tmp_path):
    body = b"{" + b" " * 100_000 + b"}"
    with Server(tmp_path) as server:
        with connect(server) as connection:
            data = request(body=body)
            connection.sendall(data[:-50_000])
            time.sleep(0.1)  # The server must have read what there is.
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            connection.sendall(data[-50_000:])
            head, _, _ = read_answer(connection)
        status = server.process.wait(timeout=10)

    assert status_of(head) == 200
    assert b"Connection: close" in head
    assert status == 0


@pytest.mark.parametrize("data", [
    b"POST / HTTP/1.1\r\nHost: local", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha", b"PRI * HTT", b"\r", b"\x16\x03\x01"])
@pytest.mark.parametrize("drips", [False, True])
def test_a_half_sent_request_is_not_waited_for(data, drips):
    """Not for long, and not for longer where its bytes drip in."""
    with Server() as server:
        with connect(server) as connection:
            connection.sendall(data)
            time.sleep(0.1)  # The server must have read what there is.
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            while server.process.poll() is None and time.monotonic() < started + 15:
                try:
                    if drips:
                        connection.sendall(b"x")
                except OSError:
                    drips = False
                time.sleep(0.1)
        assert server.process.poll() == 0
        assert time.monotonic() - started < 4


def test_a_half_sent_request_over_http2_is_not_waited_for():
    with Server() as server:
        connection = Http2(server.port)
        stream = connection.request({"Content-Type": JSON}, b"half", ends=False)
        done = connection.wait(connection.request({}, method="GET", path="/health"))
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 4
        connection.read_to_end()

        assert done.status == 200
        assert connection.streams[stream].status == 0
        connection.close()


def large_stream(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="large", ShardCount=1)
    for _ in range(8):
        kinesis.put_record(StreamName="large", PartitionKey="k", Data=bytes(2**20 - 100))
    return kinesis.get_shard_iterator(StreamName="large", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]


@pytest.mark.parametrize("protocol", ["http1", "http2"])
def test_an_answer_that_nobody_reads_is_waited_for_less_than_eight_seconds(protocol):
    with Server() as server:
        body = json.dumps({"ShardIterator": large_stream(server)}).encode()
        if protocol == "http1":
            connection = connect(server)
            connection.sendall(request("GetRecords", body))
        else:
            connection = Http2(server.port, takes_all=False)
            headers = {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}.GetRecords", "X-Amz-Date": "20261123T000000Z",
                       "Authorization": "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"}
            connection.request(headers, body)
        time.sleep(0.5)
        started = time.monotonic()

        assert server.stop() == 0

        assert 1 < time.monotonic() - started < 8
        connection.close()


@pytest.mark.parametrize("first, second", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT), (signal.SIGINT, signal.SIGINT)])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_second_signal_ends_at_once(tmp_path, first, second, form):
    with Server(tmp_path, args=["--log-format", form]) as server:
        with connect(server) as connection:
            connection.sendall(request("GetRecords", json.dumps({"ShardIterator": large_stream(server)}).encode()))
            time.sleep(0.3)
            server.process.send_signal(first)
            time.sleep(0.3)
            assert server.process.poll() is None
            started = time.monotonic()
            server.process.send_signal(second)
            status = server.process.wait(timeout=10)
            duration = time.monotonic() - started
        output = server.output()
        server.start()  # What was stored is there.
        assert server.client().list_streams()["StreamNames"] == ["large"]

    assert status == 1
    assert duration < 0.5
    assert f"ending at once on signal {second.value}" in output.splitlines()[-1]


def test_what_was_acknowledged_before_a_stop_is_there_after_it(tmp_path):
    acknowledged, stop = [], threading.Event()
    with Server(tmp_path) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)

        def write(writer):
            kinesis = server.client()
            for i in range(1_000_000):
                data = f"{writer}-{i}".encode()
                try:
                    answer = kinesis.put_record(StreamName="a", PartitionKey="k", Data=data)
                except Exception:  # noqa: BLE001 - the server has gone, which ends this writer.
                    return
                acknowledged.append((int(answer["SequenceNumber"]), data))
                if stop.is_set():
                    return

        writers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
        for writer in writers:
            writer.start()
        time.sleep(0.5)
        assert server.stop() == 0
        stop.set()
        for writer in writers:
            writer.join()
        server.start()
        kinesis = server.client()
        token = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        stored = []
        while True:
            answer = kinesis.get_records(ShardIterator=token)
            token = answer["NextShardIterator"]
            stored += [(int(record["SequenceNumber"]), record["Data"]) for record in answer["Records"]]
            if answer["MillisBehindLatest"] == 0:
                break

    assert len(acknowledged) > 50
    assert set(acknowledged) <= set(stored)
    assert len(stored) - len(acknowledged) <= 4  # At most one unanswered call a writer.
    assert stored == sorted(stored)
