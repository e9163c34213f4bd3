"""What --access-log errors, all and off write, and the decisions that the debug level tells."""

import base64
import json
import re
import time
import urllib.request

import boto3
import pytest
from botocore.config import Config
from rawsocket import connect, exchange, read_answer, request, status_of, wait_until

from support.frames import Frames
from support.held_calls import HeldServer, library
from support.server import Server

CLOSE = b"Connection: close\r\n"
EVIL = b"GET /health HTTP/1.1\r\nConnection: close\r\nHost: "


def lines_of(server):
    """The lines of the access log, in the JSON form."""
    return [line for line in map(json.loads, server.output().splitlines()) if "peer" in line]


def test_by_default_a_good_answer_and_a_clients_error_have_no_line():
    with Server() as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"x")
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.describe_stream(StreamName="b")
        exchange(server, b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n" + CLOSE + b"\r\n")
        server.stop()
        lines = server.output().splitlines()

    assert all(" info: " in line for line in lines), lines


@pytest.mark.parametrize("word, is_written", [("all", True), ("on", True), ("off", False)])
def test_all_and_off(word, is_written):
    with Server(args=["--access-log", word]) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        exchange(server, EVIL + b"evil.example\r\n\r\n")
        exchange(server, b"hello\r\n\r\n")
        server.stop()
        output = server.output()

    assert ("kinesis CreateStream json 200" in output, "evil.example" in output, "rejected" in output) == (is_written,) * 3


def test_refusals_of_the_front_door_name_what_was_refused():
    long = b"a" * 300 + b".example"
    with Server(args=["--log-format", "json"]) as server:
        exchange(server, EVIL + b"evil.example\r\n\r\n")
        exchange(server, EVIL + long + b"\r\n\r\n")
        exchange(server, EVIL + b'localhost\r\nOrigin: http://"a"\\b \xff\xc3\xa9\r\n\r\n')
        exchange(server, EVIL + b"localhost\r\nOrigin: " + b"o" * 500 + b"\r\n\r\n")
        server.stop()
        lines = lines_of(server)

    assert [(line["status"], line["path"]) for line in lines] == [(403, "/health")] * 4
    assert [line["host"] for line in lines] == ["evil.example", "a" * 100, "localhost", "localhost"]
    assert [line.get("origin") for line in lines] == [None, None, 'http://"a"\\b????', "o" * 100]


def test_in_text_they_are_quoted():
    with Server() as server:
        exchange(server, EVIL + b'localhost\r\nOrigin: http://"a"\\b \x09c\r\n\r\n')
        server.stop()
        output = server.output()

    assert r'host="localhost" origin="http://\"a\"\\b??c"' in output


def test_refused_signatures_are_named(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("AKIDEXAMPLE secret\n")
    keys.chmod(0o600)
    with Server(args=["--log-format", "json", "--auth", "verify", "--auth-keys", keys]) as server:
        server.client().list_streams()
        exchange(server, request(extra=CLOSE))
        exchange(server, re.sub(rb"Authorization: [^\r]*\r\n", b"", request(extra=CLOSE)))
        exchange(server, request(extra=CLOSE).replace(b"us-east-1", b"US"))
        server.stop()
        lines = lines_of(server)

    assert [line["error"] for line in lines] == [
        "InvalidSignatureException", "MissingAuthenticationTokenException", "InvalidSignatureException"]
    assert all(line["status"] == 400 and "host" not in line for line in lines)


def test_answers_of_the_500s_have_a_line():
    server = Server(args=["--streams", "a:1", "--transition-delay", "create=60000", "--log-format", "json"]).spawn()
    try:
        wait_until(lambda: "serving on" in server.output())
        assert status_of(exchange(server, b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + CLOSE + b"\r\n")) == 503
        server.stop()
        assert [(line["status"], line["path"]) for line in lines_of(server)] == [(503, "/health")]
    finally:
        server.kill()


@pytest.mark.skipif(library() is None, reason="no build for preloading, or a sanitizer in its place")
def test_slow_answers_have_a_line_and_streams_of_events_have_none(tmp_path):
    (tmp_path / "switches").mkdir()
    with HeldServer(tmp_path / "data", tmp_path / "switches", args=["--slow-request", "200", "--log-format", "json"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
        frames = Frames(server.endpoint, {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}})
        kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"quick")
        with connect(server) as connection, server.held("write.log"):
            body = b'{"StreamName":"a","PartitionKey":"k","Data":"c2xvdw=="}'
            connection.sendall(request("PutRecord", body))
            time.sleep(0.5)
            held = len(lines_of(server))
        wait_until(lambda: lines_of(server))
        frames.event()
        time.sleep(0.3)
        lines = lines_of(server)
        server.stop()

    assert held == 0
    assert [(line["operation"], line["status"]) for line in lines] == [("PutRecord", 200)]
    assert lines[0]["duration_ms"] > 200


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_flood_of_lines_is_counted_instead(form):
    total = 400
    with Server(args=["--log-format", form]) as server:
        started = time.monotonic()
        with connect(server) as connection:
            connection.sendall(b"GET /flood HTTP/1.1\r\nHost: evil.example\r\n\r\n" * total)
            received = b""
            while received.count(b"HTTP/1.1 403") < total:
                received += connection.recv(65536)
        seconds = time.monotonic() - started
        wait_until(lambda: "left out" in server.output())
        time.sleep(1.2)
        server.stop()
        output = server.output()

    written = output.count("/flood")
    left_out = [int(count) for count in re.findall(r"(\d+) lines of the access log were left out", output)]
    assert written <= 50 * (int(seconds) + 2)
    assert written + sum(left_out) == total
    assert len(left_out) <= seconds + 2


SECRETS = ["MARKDATA", "MARKPARTITION", "MARKHASH", "MARKSECRET", "MARKTOKEN", "MARKSIGNATURE", "MARKQUERY"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_level_prints_data_keys_signatures_or_secrets(tmp_path, form):
    keys = tmp_path / "keys"
    keys.write_text("AKIDEXAMPLE MARKSECRET\n")
    keys.chmod(0o600)
    hash_key = "123456789012345678901234567"
    args = ["--log-format", form, "--log-level", "debug", "--access-log", "all", "--slow-request", "1", "--limits", "observe"]
    with Server(tmp_path / "data", args=[*args, "--auth", "verify", "--auth-keys", keys]) as server:
        kinesis = boto3.client("kinesis", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
                               aws_secret_access_key="MARKSECRET", config=Config(retries={"total_max_attempts": 1}))
        signatures = []
        kinesis.meta.events.register("before-send", lambda request, **_: signatures.append(
            str(request.headers["Authorization"].decode()).rpartition("Signature=")[2]))
        kinesis.create_stream(StreamName="a", ShardCount=2)
        kinesis.put_record(StreamName="a", PartitionKey="MARKPARTITION", Data=b"MARKDATA", ExplicitHashKey=hash_key)
        kinesis.put_records(StreamName="a", Records=[{"PartitionKey": "MARKPARTITION", "Data": b"MARKDATA"}] * 3)
        token = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = kinesis.get_records(ShardIterator=token)["Records"]
        arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
        events = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="0", StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]
        event = next(iter(events))["SubscribeToShardEvent"]
        kinesis.split_shard(StreamName="a", ShardToSplit="0", NewStartingHashKey="100")
        exchange(server, request(extra=CLOSE + b"X-Amz-Security-Token: MARKTOKEN\r\n").replace(b"Signature=0", b"Signature=MARKSIGNATURE"))
        exchange(server, b"POST /?X-Amz-Signature=MARKQUERY HTTP/1.1\r\nHost: localhost\r\n" + CLOSE + b"\r\n")
        exchange(server, request("PutRecord", b'{"Data":"MARKDATA"', CLOSE))
        exchange(server, b"MARKDATA\r\n\r\n")
        exchange(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nMARKSECRET\r\n\r\n")
        server.stop()
        output = server.output()

    assert records and event["Records"]
    assert len(signatures) > 5
    for secret in [*SECRETS, hash_key, token, *signatures, *(base64.b64encode(word.encode()).decode().rstrip("=") for word in SECRETS)]:
        assert secret not in output, secret
    assert "PutRecord" in output and "SubscribeToShard" in output


def test_the_debug_level_tells_decisions():
    delays = ["--transition-delay", "create=300,reshard=300,delete=300"]
    with Server(args=["--log-level", "debug", "--access-log", "off", "--limits", "observe", *delays]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        status = lambda: kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamStatus"]  # noqa: E731
        wait_until(lambda: status() == "ACTIVE")
        kinesis.split_shard(StreamName="a", ShardToSplit="0", NewStartingHashKey="100")
        wait_until(lambda: status() == "ACTIVE")
        for _ in range(12):
            kinesis.list_streams()
        kinesis.delete_stream(StreamName="a")
        wait_until(lambda: kinesis.list_streams()["StreamNames"] == [])
        urllib.request.urlopen(f"{server.endpoint}/health?secret=1")
        exchange(server, EVIL + b"evil.example\r\n\r\n")
        exchange(server, b"POST /way HTTP/1.1\r\nHost: localhost\r\n" + CLOSE + b"\r\n")
        exchange(server, re.sub(rb"Authorization: [^\r]*\r\n", b"", request(extra=CLOSE)))
        form = b"Action=GetCallerIdentity"
        with connect(server) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(form) + form)
            read_answer(connection)
        server.stop()
        output = server.output()

    stream = "stream 000000000000/us-east-1/a: "
    changes = [line.split(stream)[1] for line in output.splitlines() if stream in line]
    assert changes == [
        "none -> CREATING; shards closed: 0, opened: 1", "CREATING -> ACTIVE; shards closed: 0, opened: 0",
        "ACTIVE -> UPDATING; shards closed: 0, opened: 0", "UPDATING -> ACTIVE; shards closed: 1, opened: 2",
        "ACTIVE -> DELETING; shards closed: 0, opened: 0", "DELETING -> none; shards closed: 2, opened: 0"]
    assert "debug: over a limit: calls" in output
    for way in ("POST /: kinesis ListStreams", "GET /health: a path of the server's own", "GET /health: refused at the front door",
                "POST /way: no call of an operation", "POST /: refused for its signature", "POST /: sts GetCallerIdentity"):
        assert f" {way}\n" in output, way
    assert "secret" not in output and "error:" not in output


def test_slow_request_is_at_least_a_millisecond():
    for value in ("0", "x", "-1"):
        with pytest.raises(RuntimeError, match="--slow-request"), Server(args=["--slow-request", value]):
            pass
