"""HTTP/2 with prior knowledge, on the same port: requests, streams of events, floods."""

import json
import re
import socket
import struct
import time
import urllib.request

import h2.exceptions
import pytest
from rawsocket import resident_kib, wait_until

from support.http2 import Http2
from support.raw import JSON, TARGET, Wire
from support.server import Server

MIB = 2**20


@pytest.fixture(scope="module")
def server():
    with Server(args=["--read-timeout", "1", "--idle-timeout", "2", "--access-log", "all"]) as running:
        yield running
        assert running.process.poll() is None, running.output()


@pytest.fixture
def connect(server):
    """Opens connections and closes them after the test; the server answers others all the while."""
    opened = []

    def to(target=server, **how):
        opened.append(Http2(target.port, **how))
        return opened[-1]

    yield to
    for connection in opened:
        connection.close()
    assert urllib.request.urlopen(f"{server.endpoint}/health").status == 200


def signed(server, operation, body):
    headers = {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}.{operation}"}
    headers = Wire(server.endpoint).signed_headers("POST", "/", body, headers)
    return {name: str(value) for name, value in headers.items() if name.lower() not in ("host", "content-length")}


def call(connection, server, operation, members, **how):
    body = json.dumps(members).encode()
    return connection.request(signed(server, operation, body), body, **how)


def result(connection, stream):
    answer = connection.wait(stream)
    assert (answer.status, answer.reset) == (200, None), answer.body
    assert answer.headers["content-length"] == str(len(answer.body))
    return json.loads(answer.body) if answer.body else None


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def test_a_hundred_requests_at_a_time(server, connect):
    connection = connect()
    result(connection, call(connection, server, "CreateStream", {"StreamName": "many", "ShardCount": 1}))
    puts = [call(connection, server, "PutRecord", {"StreamName": "many", "PartitionKey": "k", "Data": "YQ=="}) for _ in range(100)]
    numbers = {result(connection, stream)["SequenceNumber"] for stream in puts}

    assert len(numbers) == 100
    answer = connection.streams[puts[0]]
    assert answer.headers["x-amzn-requestid"] and answer.headers["content-type"] == JSON and answer.headers["date"]


def test_what_is_unlike_in_each_answer_takes_no_place_in_the_table(connect):
    connection = connect()
    answer = connection.wait(connection.request({"Content-Type": JSON}, b"{}"))

    assert answer.unindexed == {"x-amzn-requestid", "x-amz-id-2"} < answer.headers.keys()


def test_large_bodies_both_ways(server, connect):
    connection = connect()
    result(connection, call(connection, server, "CreateStream", {"StreamName": "large", "ShardCount": 1}))
    record = {"PartitionKey": "k", "Data": "YWFh" * 330_000}
    for _ in range(2):
        answer = result(connection, call(connection, server, "PutRecords", {"StreamName": "large", "Records": [record] * 5}))
        assert answer["FailedRecordCount"] == 0
    where = {"StreamName": "large", "ShardId": "0", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = result(connection, call(connection, server, "GetShardIterator", where))
    read = result(connection, call(connection, server, "GetRecords", iterator))
    assert len(read["Records"]) == 10


def test_a_stream_of_events(server, connect):
    connection = connect()
    kinesis = server.client()
    kinesis.create_stream(StreamName="events", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    stream = call(connection, server, "SubscribeToShard", {
        "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}})
    answer = connection.streams[stream]
    while b"initial-response" not in answer.body:
        assert connection.receive()
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream" and "content-length" not in answer.headers
    kinesis.put_record(StreamName="events", PartitionKey="k", Data=b"pushed")
    while b"cHVzaGVk" not in answer.body:
        assert connection.receive()
    kinesis.split_shard(StreamName="events", ShardToSplit="0", NewStartingHashKey="100")
    kinesis.describe_stream(StreamName="events")
    connection.wait(stream)
    assert answer.reset is None and b"ChildShards" in answer.body


@pytest.mark.parametrize("authority, headers, status", [
    ("evil.example.com", {}, 403), ("localhost", {"Origin": "http://evil.example.com"}, 403),
    ("localhost", {"Host": "other"}, 400), ("127.0.0.1:4567", {}, 200), ("localhost", {"Host": "localhost"}, 200)])
def test_the_front_door_stands_before_it(connect, authority, headers, status):
    connection = connect()
    assert connection.wait(connection.request(headers, method="GET", path="/health", authority=authority)).status == status


def test_a_head_has_no_body_and_a_get_has(connect):
    connection = connect()
    assert connection.wait(connection.request({}, method="HEAD", path="/health")).body == b""
    assert json.loads(connection.wait(connection.request({}, method="GET", path="/health?x=y")).body)["status"] == "ready"


def test_a_body_over_the_limit(connect):
    connection = connect()
    stream = connection.request({"Content-Type": JSON}, ends=False)
    chunk = bytes(16_384)
    while not connection.streams[stream].has_ended:
        if connection.connection.local_flow_control_window(stream) >= len(chunk):
            connection.connection.send_data(stream, chunk)
            connection.flush()
            connection.socket.settimeout(0.001)
        else:
            connection.socket.settimeout(20)
        try:
            connection.receive()
        except h2.exceptions.StreamClosedError:
            break
    assert connection.streams[stream].status == 413


@pytest.mark.parametrize("headers", [{"x-large": "a" * 40_000}, {f"x-{i}": "a" for i in range(150)}], ids=["bytes", "count"])
def test_a_head_over_the_limit(connect, headers):
    connection = connect()
    answer = connection.wait(connection.request(headers, method="GET", path="/health"))
    assert answer.status == 431


def test_a_header_bomb_costs_nothing(server, connect):
    """One field of the table named thousands of times: some KiB on the wire, tens of MiB unfolded."""
    connection = connect()
    before = resident_kib(server)
    big = ("x-bomb", "a" * 4000)
    first = connection.request(dict([big]), method="GET", path="/health")
    assert connection.wait(first).status == 200
    stream = connection.connection.get_next_available_stream_id()
    block = connection.connection.encoder.encode([(":method", "GET"), (":path", "/health"), (":scheme", "http"), (":authority", "localhost")])
    block += connection.connection.encoder.encode([big]) * 12_000
    connection.socket.sendall(frame(1, 0x5, stream, block[:16_000]))
    connection.read_to_end()
    assert resident_kib(server) - before < 8_000


@pytest.mark.parametrize("flood", ["ping", "settings", "priority", "empty data", "reset", "continuation"])
def test_floods_end_the_connection_and_nothing_else(server, connect, flood):
    connection = connect()
    connection.receive()
    before = resident_kib(server)
    head = connection.connection.encoder.encode([(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", "localhost")])
    made = {
        "ping": lambda i: frame(6, 0, 0, bytes(8)), "settings": lambda i: frame(4),
        "priority": lambda i: frame(2, 0, 2 * i + 1, struct.pack(">IB", 0, 1)),
        "empty data": lambda i: frame(1, 0x4, 1, head) if i == 0 else frame(0, 0, 1),
        "reset": lambda i: frame(1, 0x4, 2 * i + 1, head) + frame(3, 0, 2 * i + 1, struct.pack(">I", 8)),
        "continuation": lambda i: frame(1, 0, 1, head[:1]) if i == 0 else frame(9, 0, 1, head[1:2] * 10),
    }[flood]
    sent = 0
    try:
        for i in range(200_000):
            connection.socket.sendall(made(i))
            sent += 1
    except OSError:
        pass
    assert sent < 200_000, "nothing was refused"
    assert resident_kib(server) - before < 20_000


def test_a_peer_that_makes_no_room_costs_no_memory(server, connect):
    kinesis = server.client()
    kinesis.create_stream(StreamName="shut", ShardCount=1)
    for _ in range(8):
        kinesis.put_record(StreamName="shut", PartitionKey="k", Data=bytes(MIB - 100))
    iterator = kinesis.get_shard_iterator(StreamName="shut", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    connection = connect(takes_all=False)
    streams = [call(connection, server, "GetRecords", {"ShardIterator": iterator}) for _ in range(3)]
    deadline = time.monotonic() + 5
    while sum(len(connection.streams[stream].body) for stream in streams) < 65_535 and time.monotonic() < deadline:
        connection.receive()
    assert sum(len(connection.streams[stream].body) for stream in streams) == 65_535
    assert not any(connection.streams[stream].has_ended for stream in streams)
    assert resident_kib(server) < 200_000


def test_a_stalled_body_is_given_up(connect):
    connection = connect()
    connection.request({"Content-Type": JSON}, b"x", ends=False)
    begun = time.monotonic()
    connection.read_to_end()
    assert time.monotonic() - begun < 10


def test_an_idle_connection_is_closed(connect):
    connection = connect()
    assert connection.wait(connection.request({}, method="GET", path="/health")).status == 200
    begun = time.monotonic()
    connection.read_to_end()
    assert 1 < time.monotonic() - begun < 10 and connection.goaway == 0


def test_a_preface_that_does_not_go_on(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        peer.sendall(b"PRI * HTTP/2.0\r\n\r\nS")
        assert peer.recv(100) == b""


def test_a_client_that_says_goodbye_reads_its_answers(server, connect):
    """As the SDK for JavaScript does: GOAWAY right behind the request."""
    connection = connect()
    stream = call(connection, server, "ListStreams", {})
    connection.socket.sendall(frame(7, 0, 0, struct.pack(">II", 0, 0)))
    assert "StreamNames" in result(connection, stream)


def test_an_upgrade_is_not_taken_up(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        peer.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                     b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
        assert peer.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_stop_lets_requests_end_and_says_goodbye():
    with Server() as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
        idle, busy = Http2(server.port), Http2(server.port)
        assert idle.wait(idle.request({}, method="GET", path="/health")).status == 200
        stream = call(busy, server, "SubscribeToShard", {
            "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}})
        while b"initial-response" not in busy.streams[stream].body:
            assert busy.receive()
        begun = time.monotonic()

        assert server.stop() == 0

        assert time.monotonic() - begun < 2
        busy.wait(stream)
        assert busy.streams[stream].has_ended and busy.streams[stream].reset is None
        for connection in (idle, busy):
            connection.read_to_end()
            assert connection.goaway == 0
            connection.close()


def test_requests_over_http2_are_in_the_access_log(server, connect):
    connection = connect()
    result(connection, call(connection, server, "DescribeLimits", {}))
    wait_until(lambda: re.search(r" http2 kinesis DescribeLimits json 200 ", server.output()))


def test_fields_behind_a_body_are_no_headers(connect):
    """RFC 9110 §6.5.1. As a header this one is refused."""
    foreign = {"Origin": "https://evil.example"}
    connection = connect()

    as_header = connection.request(foreign, method="GET", path="/health")
    behind = connection.request({}, method="GET", path="/health", ends=False)
    connection.connection.send_headers(behind, [("origin", foreign["Origin"])], end_stream=True)
    connection.flush()

    assert (connection.wait(as_header).status, connection.wait(behind).status) == (403, 200)
