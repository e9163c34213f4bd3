"""A system that gives no more threads, as under `ulimit -u` or a container's limit on pids."""

import concurrent.futures
import os
import pathlib
import time

import pytest

from support.faketime import hosted_binary
from support.held_calls import HeldServer, library
from support.server import ROOT, Server

NO_THREADS = os.environ.get("MILLRACE_NO_THREADS_LIB", str(ROOT / "build" / "release" / "tests" / "libno_threads.so"))
pytestmark = pytest.mark.skipif(library() is None or not pathlib.Path(NO_THREADS).exists(),
                                reason="no build for preloading, or a sanitizer in its place")

THREADS_ENOUGH = 40
WORDS = "cannot start a thread: the limit on processes and threads is reached"


def test_calls_that_wait_for_the_store_wait_without_another_thread(tmp_path):
    """The watch, which would start that thread, is not to end the process."""
    (tmp_path / "switches").mkdir()
    none = tmp_path / "none"
    with HeldServer(tmp_path / "data", tmp_path / "switches", args=["--threads", "1", "--fsync", "never"],
                    preload=[NO_THREADS], env={"MILLRACE_NO_THREADS": str(none)}) as server:
        kinesis = server.client(read_timeout=15)
        kinesis.create_stream(StreamName="a", ShardCount=1)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            none.touch()
            with server.held("write.log"):
                put = pool.submit(kinesis.put_record, StreamName="a", PartitionKey="k", Data=b"x")
                time.sleep(0.5)  # Some dozens of the watch's ticks.
                assert server.process.poll() is None, server.output()
            assert put.result()["SequenceNumber"]
        none.unlink()
        token = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

        assert [record["Data"] for record in kinesis.get_records(ShardIterator=token)["Records"]] == [b"x"]
        assert server.stop() == 0


@pytest.mark.parametrize("is_durable", [True, False])
def test_a_start_with_too_few_threads_says_so(tmp_path, is_durable):
    """Whatever their number, the server serves or ends with a sentence; it neither hangs nor crashes."""
    none = tmp_path / "none"
    none.touch()
    statuses = {}
    for given in range(THREADS_ENOUGH):
        server = Server(tmp_path / str(given) if is_durable else None, args=["--threads", "2"], env={
            "LD_PRELOAD": NO_THREADS, "MILLRACE_NO_THREADS": str(none), "MILLRACE_THREADS": str(given)})
        server.binary = hosted_binary()
        server.spawn()
        deadline = time.monotonic() + 10
        while server.process.poll() is None and not server.is_ready():
            assert time.monotonic() < deadline, f"with {given} threads: {server.output()}"
            time.sleep(0.01)
        if server.process.poll() is None:
            kinesis = server.client()
            kinesis.create_stream(StreamName="a", ShardCount=1)
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"x")
            statuses[given] = server.stop()
        else:
            statuses[given] = server.process.returncode
            assert WORDS in server.output(), (given, server.output())
        pathlib.Path(server.log).unlink()
        if statuses[given] == 0:
            break

    assert list(statuses.values()) == [1] * (len(statuses) - 1) + [0], statuses
    assert len(statuses) > 3
