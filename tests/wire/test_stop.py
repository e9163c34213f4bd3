"""Stopping: what is under way gets its answer, what is idle ends, nothing acknowledged is lost."""

import signal
import threading
import time

import pytest
from rawsocket import connect, read_answer, request, status_of

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
