"""A data path that is wiped, renamed or used again while a server runs on it: what was acknowledged is where it belongs.

MILLRACE_LONG=1 makes more rounds.
"""

import base64
import os
import shutil
import threading
import time
import urllib.error
import urllib.request

import pytest
from rawsocket import wait_until

from support.fast_client import FastClient, Refused, Unanswered
from support.server import Server

ROUNDS = 40 if os.environ.get("MILLRACE_LONG") else 3
STREAM = "a"


def fill(server, count, mark):
    """Puts records that say who they are for; returns the data of those acknowledged, by sequence number."""
    client, acknowledged = FastClient(server.port), {}
    try:
        client.call("CreateStream", StreamName=STREAM, ShardCount=1)
    except Refused as refused:
        assert refused.type == "ResourceInUseException"
    for number in range(count):
        data = base64.b64encode(f"{mark}-{number}".encode()).decode()
        answer = client.call("PutRecord", StreamName=STREAM, PartitionKey="k", Data=data)
        acknowledged[answer["SequenceNumber"]] = data
    client.close()
    return acknowledged


def stored(server):
    client = FastClient(server.port)
    iterator = client.call("GetShardIterator", StreamName=STREAM, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found = {}
    while True:
        answer = client.call("GetRecords", ShardIterator=iterator)
        found |= {record["SequenceNumber"]: record["Data"] for record in answer["Records"]}
        if not answer["Records"]:
            client.close()
            return found
        iterator = answer["NextShardIterator"]


def check_holds(server, acknowledged):
    found = stored(server)
    assert {number: found.get(number) for number in acknowledged} == acknowledged


def health(server):
    try:
        with urllib.request.urlopen(f"{server.endpoint}/_millrace/health", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def put_is_refused(server):
    with pytest.raises(Refused) as refused:
        FastClient(server.port).call("PutRecord", StreamName=STREAM, PartitionKey="k", Data="")
    return refused.value.status == 500


def remove(directory):
    shutil.rmtree(directory)


def rename(directory):
    directory.rename(directory.with_name("moved"))


@pytest.mark.parametrize("take_away", [remove, rename])
def test_a_directory_that_is_gone_takes_no_writes_from_the_first_call_on(tmp_path, take_away):
    with Server(tmp_path / "data") as server:
        fill(server, 20, "one")
        take_away(tmp_path / "data")

        assert put_is_refused(server)
        status, text = health(server)
        assert status == 503 and "moved or removed" in text
        wait_until(lambda: f"{tmp_path / 'data'} was moved or removed" in server.output())
        assert server.stop() == 0


def test_health_says_that_the_directory_is_gone_without_any_call(tmp_path):
    with Server(tmp_path / "data") as server:
        remove(tmp_path / "data")

        assert health(server)[0] == 503
        server.kill()


def test_records_of_a_renamed_directory_are_in_it(tmp_path):
    with Server(tmp_path / "data") as server:
        acknowledged = fill(server, 100, "one")
        rename(tmp_path / "data")
        assert put_is_refused(server)
        server.stop()

    with Server(tmp_path / "moved") as server:
        check_holds(server, acknowledged)


@pytest.mark.parametrize("take_away", [remove, rename])
def test_a_server_that_ends_leaves_the_one_that_took_its_path_alone(tmp_path, take_away):
    directory = tmp_path / "data"
    old = Server(directory).start()
    fill(old, 50, "old")
    take_away(directory)
    with Server(directory) as new:
        acknowledged = fill(new, 200, "new")
        assert put_is_refused(old)
        old.stop()
        acknowledged |= fill(new, 50, "mor")
        new.kill()
        new.start()
        check_holds(new, acknowledged)


def test_a_path_wiped_and_used_again_without_waiting_keeps_all_that_is_acknowledged_there(tmp_path):
    """As test harnesses do it: end the old one, remove its directory, start the next one, all at once."""
    directory = tmp_path / "data"
    running = Server(directory).start()
    for number in range(ROUNDS):
        stop = threading.Event()

        def keep_writing(server=running, stop=stop):
            client = FastClient(server.port, timeout_s=5)
            while not stop.is_set():
                try:
                    client.call("PutRecord", StreamName=STREAM, PartitionKey="k", Data="b2xk")
                except (Refused, Unanswered):
                    return

        fill(running, 20, "old")
        writer = threading.Thread(target=keep_writing)
        writer.start()
        time.sleep(0.05)
        running.process.terminate()
        shutil.rmtree(directory, ignore_errors=True)  # The old one may make a file meanwhile.
        shutil.rmtree(directory, ignore_errors=True)
        following = Server(directory).start()
        acknowledged = fill(following, 100, f"n{number:02}")
        stop.set()
        writer.join()
        running.process.wait(timeout=15)
        acknowledged |= fill(following, 20, f"m{number:02}")
        following.kill()
        following.start()
        check_holds(following, acknowledged)
        running = following
    running.stop()
