"""The data directory: who may use it, and what happens when it is damaged or full."""

import os
import pathlib
import subprocess
import time

import pytest
from rawsocket import connect, read_answer, resident_kib, wait_until

from support.fast_client import FastClient
from support.server import Server, apart, binary


def refusal(directory, word="serve"):
    """(exit status, what it says) of a process that should not start."""
    finished = subprocess.run([binary(), word, *(["--port", "0"] if word == "serve" else []), "--data-dir", str(directory)],
                              capture_output=True, text=True, timeout=30, check=False)
    return finished.returncode, finished.stderr


def fill(directory, records=200):
    with Server(directory) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        for i in range(0, records, 50):
            kinesis.put_records(StreamName="a", Records=[
                {"PartitionKey": "k", "Data": b"%d" % j + b"." * 1000} for j in range(i, i + 50)])
        server.kill()


def wal_of(directory):
    return max(directory.rglob("*.log"), key=lambda path: path.stat().st_size)


def read_all(server):
    kinesis = server.client()
    token = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = []
    while True:
        answer = kinesis.get_records(ShardIterator=token)
        records += [record["Data"] for record in answer["Records"]]
        token = answer["NextShardIterator"]
        if answer["MillisBehindLatest"] == 0:
            return records


def test_a_directory_has_one_process(tmp_path):
    with Server(tmp_path) as server:
        status, text = refusal(tmp_path)
        assert server.is_ready()

    assert status != 0
    assert "in use" in text and str(tmp_path) in text


def test_a_directory_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")

    status, text = refusal(tmp_path)

    assert status != 0
    assert str(tmp_path) in text
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_newer_format_is_refused(tmp_path):
    fill(tmp_path)
    (tmp_path / "FORMAT").write_text("millrace 99\n")

    status, text = refusal(tmp_path)

    assert status != 0
    assert "has format 99; this version reads format 5. Start the newer millrace" in text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_made(tmp_path):
    tmp_path.chmod(0o500)

    status, text = refusal(tmp_path / "new")

    assert status != 0
    assert str(tmp_path) in text


def test_only_the_owner_may_look_in(tmp_path):
    directory = tmp_path / "data"
    with Server(directory):
        assert directory.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o077 for path in directory.rglob("*") if path.is_file()}

    assert set(modes.values()) == {0}, modes


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "empty"])
def test_a_damaged_log_is_named_and_never_a_shorter_store(tmp_path, damage):
    fill(tmp_path)
    wal = wal_of(tmp_path)
    content = bytearray(wal.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x40
        wal.write_bytes(content)
    elif damage == "cut":
        wal.write_bytes(content[: len(content) // 2])
    elif damage == "remove":
        wal.unlink()
    else:
        wal.write_bytes(b"")

    for word in ("serve", "check"):
        status, text = refusal(tmp_path, word)
        assert status != 0
        assert wal.name in text or "log" in text.lower(), text


def test_check_reads_everything(tmp_path):
    fill(tmp_path)

    status, text = refusal(tmp_path, "check")

    assert status == 0
    assert "200 records" in text


def test_ephemeral_writes_no_file(tmp_path):
    with Server(args=[], env={"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share"), "TMPDIR": str(tmp_path)}) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        server.client().put_record(StreamName="a", PartitionKey="k", Data=b"x")
        assert read_all(server) == [b"x"]

    assert list(tmp_path.rglob("*")) == []


def put_until_refused(kinesis, megabytes_max):
    """How many records of 1 MB stream `a` took, and what the one after them was told."""
    stored = 0
    with pytest.raises(kinesis.exceptions.ClientError) as refused:
        for _ in range(megabytes_max):
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=os.urandom(1_000_000))
            stored += 1
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    return stored, refused.value.response["Error"]["Message"]


def test_ephemeral_is_bounded_by_its_budget():
    with Server(args=["--memory-budget", "64"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)

        stored, _ = put_until_refused(kinesis, 100)

        assert stored > 20
        assert len(read_all(server)) == stored


def test_a_small_memory_budget_keeps_a_durable_store_small(tmp_path):
    """Far more is stored than the budget, and read; some tens of MiB are the process's own."""
    with Server(tmp_path, args=["--memory-budget", "16"]) as server:
        kinesis, client = server.client(), FastClient(server.port)
        kinesis.create_stream(StreamName="a", ShardCount=1)
        most_kib = 0
        for i in range(100):
            client.put("a", [("k", b"%d" % i + b"." * 1_000_000)] * 2)
            most_kib = max(most_kib, resident_kib(server))
        client.close()

        assert len(read_all(server)) == 200
        assert max(most_kib, resident_kib(server)) < 90 * 1024


def test_the_disk_budget_refuses_records_keeps_reading_and_comes_back(tmp_path):
    with Server(tmp_path, args=["--disk-budget", "256"]) as server:
        kinesis = server.client()
        for name in ("a", "b"):
            kinesis.create_stream(StreamName=name, ShardCount=1)

        stored, message = put_until_refused(kinesis, 400)

        assert stored > 100
        assert "disk budget" in message
        assert not server.is_ready()
        assert len(read_all(server)) == stored

        kinesis.delete_stream(StreamName="a")
        # Whoever looks first carries the deletion out; without a look it is done within a minute.
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.describe_stream_summary(StreamName="a")
        wait_until(server.is_ready, timeout_s=30)
        kinesis.put_record(StreamName="b", PartitionKey="k", Data=b"x")


@pytest.mark.parametrize("mode", ["always", "interval", "never"])
def test_every_mode_keeps_what_it_acknowledged_over_a_kill(tmp_path, mode):
    with Server(tmp_path, args=["--fsync", mode]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        for i in range(20):
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"%d" % i)
        server.kill()
        server.start()

        assert read_all(server) == [b"%d" % i for i in range(20)]


def test_a_full_disk_refuses_writes_loses_nothing_and_comes_back(tmp_path):
    if not apart("mount"):
        pytest.skip("no mount namespaces here")
    directory = tmp_path / "small"
    directory.mkdir()
    mount = f'mount -t tmpfs -o size=48m tmpfs {directory} && exec "$@"'
    with Server(directory / "data", prefix=[*apart("mount"), "sh", "-c", mount, "sh"]) as server:
        inside = pathlib.Path(f"/proc/{server.process.pid}/root{directory}")
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        acknowledged = []

        def put():
            data = b"%d" % len(acknowledged) + os.urandom(30_000)
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=data)
            acknowledged.append(data)

        put()
        ballast = inside / "ballast"
        with ballast.open("wb") as file:
            file.write(bytes(30 << 20))
        with pytest.raises(kinesis.exceptions.ClientError) as refused:
            for _ in range(2000):
                put()
        error = refused.value.response
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "full" in error["Error"]["Message"]
        assert read_all(server) == acknowledged
        assert not server.is_ready()

        ballast.unlink()
        wait_until(server.is_ready, timeout_s=15)
        put()
        assert read_all(server) == acknowledged
        assert server.process.poll() is None


def test_time_set_back_moves_no_number_back(tmp_path):
    """Numbers of one shard rise by their index, whatever second the clock shows."""
    fill(tmp_path, records=50)
    with Server(tmp_path) as server:
        kinesis = server.client()
        before = [int(kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"")["SequenceNumber"]) for _ in range(3)]
        server.kill()
        server.start()
        time.sleep(0.01)
        after = int(server.client().put_record(StreamName="a", PartitionKey="k", Data=b"")["SequenceNumber"])

    assert before == sorted(before)
    assert after > before[-1]


def test_health_says_why_it_is_not_ready(tmp_path):
    with Server(tmp_path) as server, connect(server) as connection:
        connection.sendall(b"GET /_millrace/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b'"status":"ready"' in read_answer(connection)[1]
