"""Peers that hold bodies or answers and do not move: what they take is bounded, and others are answered meanwhile.

MILLRACE_LONG=1 has as many of them as the default budgets are made for.
"""

import contextlib
import json
import os
import socket
import struct
import threading
import time

import pytest
from rawsocket import connect, metric, read_answer, read_until_closed, request, resident_kib, status_of, wait_until

from support.fast_client import HEADERS, FastClient, Refused
from support.http2 import Http2
from support.server import Server

IS_LONG = bool(os.environ.get("MILLRACE_LONG"))
SCALE = 1 if IS_LONG else 4  # How much smaller budgets and crowds are in the short form.
UNREAD = 300 // SCALE  # Connections that ask and do not read.
STREAMS = 120
CALLS = 500
RECORDS, RECORD_BYTES = 10, 10**6
MIB = 1 << 20
BUDGET_MIB = 256 // SCALE
RESIDENT_KIB_MAX = (BUDGET_MIB + 144) * 1024


@pytest.fixture
def server():
    with Server(args=["--answer-budget", BUDGET_MIB, "--inflight-budget", BUDGET_MIB]) as running:
        kinesis = running.client()
        kinesis.create_stream(StreamName="large", ShardCount=1)
        for number in range(RECORDS):
            kinesis.put_record(StreamName="large", PartitionKey="k", Data=bytes([number]) * RECORD_BYTES)
        yield running


def iterator(server):
    return FastClient(server.port).call("GetShardIterator", StreamName="large", ShardId="0",
                                        ShardIteratorType="TRIM_HORIZON")["ShardIterator"]


def get_records(server):
    return request("GetRecords", json.dumps({"ShardIterator": iterator(server)}).encode())


def unread(server):
    """A connection that has asked for all records and reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(get_records(server))
    return connection


def others_are_answered(server, count):
    """That so many calls over connections of their own are all answered well."""
    client, kinesis = FastClient(server.port, timeout_s=20), server.client(retries=8)
    read = 0
    for number in range(count):
        client.call("PutRecord", StreamName="large", PartitionKey="k", Data="eA==")
        client.call("DescribeStreamSummary", StreamName="large")
        if number % 50 == 0:  # As a consumer does, who tries again where it is told to.
            answer = kinesis.get_records(ShardIterator=iterator(server))
            read += len(answer["Records"])
    assert read >= count // 50
    client.close()


def test_unread_answers_are_bounded_and_hold_up_nobody(server):
    with contextlib.ExitStack() as open_connections:
        for _ in range(UNREAD):
            open_connections.enter_context(unread(server))

        wait_until(lambda: metric(server, "millrace_answer_bytes") > 8 * MIB)
        others_are_answered(server, CALLS // SCALE)

        assert metric(server, "millrace_answer_bytes") <= BUDGET_MIB * MIB
        assert resident_kib(server) < RESIDENT_KIB_MAX
    wait_until(lambda: metric(server, "millrace_answer_bytes") == 0)


def without_window(server, count):
    """One HTTP/2 connection that asks for all records so many times and has no room for any of them."""
    http2 = Http2(server.port, takes_all=False)
    http2.connection.update_settings({4: 0})  # SETTINGS_INITIAL_WINDOW_SIZE
    http2.flush()
    body = json.dumps({"ShardIterator": iterator(server)}).encode()
    headers = {**HEADERS, "X-Amz-Target": "Kinesis_20131202.GetRecords"}
    for _ in range(count):
        http2.request(headers, body)
    return http2


def test_one_http2_connection_without_a_window_has_its_share_and_no_more(server):
    http2 = without_window(server, STREAMS)

    wait_until(lambda: metric(server, "millrace_answer_bytes") > 8 * MIB)
    time.sleep(1)  # For what is still on its way.
    others_are_answered(server, CALLS // SCALE)

    assert metric(server, "millrace_answer_bytes") <= BUDGET_MIB * MIB // 4
    assert resident_kib(server) < RESIDENT_KIB_MAX
    http2.close()
    wait_until(lambda: metric(server, "millrace_answer_bytes") == 0)


@pytest.mark.skipif(not IS_LONG, reason="waits for half a minute")
def test_a_stream_without_a_window_ends_within_the_time(server):
    http2 = without_window(server, 4)
    began = time.monotonic()
    stop = threading.Event()

    def ping():
        while not stop.wait(3):
            http2.connection.ping(b"12345678")
            http2.flush()

    thread = threading.Thread(target=ping)
    thread.start()
    wait_until(lambda: metric(server, "millrace_answer_bytes") > 8 * MIB)
    wait_until(lambda: metric(server, "millrace_answer_bytes") == 0, timeout_s=45)
    stop.set()
    thread.join()

    assert 25 < time.monotonic() - began
    http2.close()


def test_a_reader_whose_answers_do_not_fit_gets_fewer_records_at_a_time():
    """Of 16 MiB one connection may hold all, another finds what is left."""
    with Server(args=["--answer-budget", "16"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="large", ShardCount=1)
        for number in range(RECORDS):
            kinesis.put_record(StreamName="large", PartitionKey="k", Data=bytes([number]) * RECORD_BYTES)
        with unread(server):
            wait_until(lambda: metric(server, "millrace_answer_bytes") > MIB)
            client, found = FastClient(server.port), []
            token = iterator(server)
            while len(found) < RECORDS:
                try:
                    answer = client.call("GetRecords", ShardIterator=token)
                except Refused as refused:
                    assert refused.type == "ProvisionedThroughputExceededException"
                    time.sleep(0.2)  # The one that does not read is ended once it has stalled.
                    continue
                assert answer["Records"]
                found += [record["Data"][:4] for record in answer["Records"]]
                token = answer["NextShardIterator"]

    assert len(found) == RECORDS


class Slow:
    """A request whose body comes at so many bytes a second."""

    def __init__(self, server, announced=None):
        self.connection = connect(server)
        head = request(body=b"").partition(b"\r\nContent-Length")[0]
        if announced:
            self.connection.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % announced)
        else:
            self.connection.sendall(head + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.is_chunked = not announced

    def send(self, size):
        piece = b" " * size
        self.connection.sendall(b"%x\r\n%s\r\n" % (size, piece) if self.is_chunked else piece)


@pytest.mark.parametrize("announced", [16 * MIB, None], ids=["length", "chunked"])
def test_slow_bodies_hold_up_nobody(server, announced):
    slow = [Slow(server, announced) for _ in range(32)]
    for _ in range(3):
        for one in slow:
            one.send(1100)
        others_are_answered(server, CALLS // SCALE // 3)
        time.sleep(0.5)

    assert metric(server, "millrace_inflight_bytes") < MIB
    for one in slow:
        one.connection.close()
    wait_until(lambda: metric(server, "millrace_inflight_bytes") == 0)


def test_a_body_that_has_stalled_longest_makes_room(server):
    part = b" " * (4 * MIB)
    held = [Slow(server, len(part) + 1) for _ in range(BUDGET_MIB // 4 - 1)]
    for one in held:
        one.connection.sendall(part)
    wait_until(lambda: metric(server, "millrace_inflight_bytes") >= len(held) * len(part))
    time.sleep(1.2)

    with connect(server) as another:
        another.sendall(request(body=b"{" + 2 * part + b"}"))
        head, _, _ = read_answer(another)
    answer = read_until_closed(held[0].connection)

    assert status_of(head) == 200
    assert status_of(answer) == 503
    for one in held:
        one.connection.close()


def test_pings_keep_no_half_sent_request_alive():
    with Server(args=["--read-timeout", "2"]) as server:
        http2 = Http2(server.port)
        stream = http2.request({**HEADERS, "X-Amz-Target": "Kinesis_20131202.ListStreams"}, b"{", ends=False)
        began = time.monotonic()
        stop = threading.Event()

        def ping():
            while not stop.wait(0.5):
                with contextlib.suppress(OSError):
                    http2.socket.sendall(struct.pack(">I", 8)[1:] + b"\x06\0\0\0\0\0" + b"12345678")

        thread = threading.Thread(target=ping)
        thread.start()
        answer = http2.wait(stream)
        stop.set()
        thread.join()

        assert answer.status == 408
        assert 1.5 < time.monotonic() - began < 6
        http2.close()
