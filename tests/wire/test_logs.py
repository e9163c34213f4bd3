"""Log lines and metrics: one line a request, nothing of a client's secrets or data in it."""

import json
import os
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rawsocket import connect, exchange, read_answer, request, wait_until

from support.server import Server, binary

SECRETS = [b"SECRETKEY", b"SECRETDATA", b"U0VDUkVUREFUQQ", b"SECRETPARTITION", b"SECRETTOKEN", b"SECRETSIGNATURE", b"SECRETQUERY"]


def noisy_requests(server):
    body = b'{"StreamName":"a","PartitionKey":"SECRETPARTITION","Data":"U0VDUkVUREFUQQ=="}'
    secret = request("PutRecord", body, b"X-Amz-Security-Token: SECRETTOKEN\r\nConnection: close\r\n")
    exchange(server, secret.replace(b"AKIDEXAMPLE", b"SECRETKEY").replace(b"Signature=0", b"Signature=SECRETSIGNATURE"))
    exchange(server, b"POST /?X-Amz-Signature=SECRETQUERY HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    exchange(server, b"GET /a\x1b[31m\xff\"quote HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    exchange(server, b"GET /%22%0a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    exchange(server, request("PutRecord", b'{"Data":"SECRETDATA"', b"Connection: close\r\n"))


@pytest.mark.parametrize("form", ["text", "json"])
def test_logs_hold_no_secret_and_no_control_character(form):
    with Server(args=["--log-format", form, "--log-level", "debug", "--access-log", "all"]) as server:
        noisy_requests(server)
        server.stop()
        output = server.output().encode()

    for secret in SECRETS:
        assert secret not in output
    assert all(32 <= byte < 127 or byte == 10 for byte in output)


def test_json_lines_are_json_and_one_a_request():
    with Server(args=["--log-format", "json", "--access-log", "all"]) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        with pytest.raises(Exception):
            server.client().create_stream(StreamName="a", ShardCount=1)
        noisy_requests(server)
        server.stop()
        lines = [json.loads(line) for line in server.output().splitlines()]

    calls = [line for line in lines if line.get("operation") == "CreateStream"]
    assert [line["status"] for line in calls] == [200, 400]
    assert calls[1]["error"] == "ResourceInUseException"
    assert calls[0]["request_id"] != calls[1]["request_id"]
    assert all({"method", "path", "peer", "status"} <= set(line) for line in calls)


@pytest.mark.parametrize("is_durable", [True, False])
def test_a_start_and_a_stop_complain_of_nothing(tmp_path, is_durable):
    with Server(tmp_path / "data" if is_durable else None) as server:
        server.stop()
        lines = server.output().splitlines()

    assert len(lines) >= 4
    assert all(" info: " in line for line in lines if "health" not in line), lines


def test_the_access_log_can_be_off():
    with Server(args=["--access-log", "off"]) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        server.stop()
        assert "CreateStream" not in server.output()


def test_a_log_nobody_reads_stops_nothing():
    """A full pipe: lines are dropped and counted, requests go on."""
    with Server() as server:
        server.kill()
        reading, writing = os.pipe()
        server.process = subprocess.Popen(
            [binary(), "serve", "--port", str(server.port), "--ephemeral", "--access-log", "all"], stderr=writing, stdout=writing)
        os.close(writing)
        wait_until(server.is_ready)
        with connect(server) as connection:
            for _ in range(12_000):  # More than the pipe and the lines in waiting take together.
                connection.sendall(request())
                read_answer(connection)
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            text = read_answer(connection)[1].decode()
        assert server.stop() == 0
        os.close(reading)

    dropped = [line for line in text.splitlines() if line.startswith("millrace_log_lines_dropped")]
    assert float(dropped[0].split()[1]) > 0


def test_metrics_are_in_the_prometheus_text_format():
    with Server() as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        for _ in range(3):
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"x")
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.describe_stream_summary(StreamName="b")
        with connect(server) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, body, _ = read_answer(connection)
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}

    assert b"Content-Type: text/plain; version=0.0.4" in head
    requests = {sample.labels["operation"]: sample.value for sample in families["millrace_requests"].samples}
    assert requests["PutRecord"] == 3
    errors = [(sample.labels["operation"], sample.labels["error"], sample.value)
              for sample in families["millrace_errors"].samples]
    assert ("DescribeStreamSummary", "ResourceNotFoundException", 1.0) in errors
    seconds = [sample for sample in families["millrace_request_seconds"].samples
               if sample.labels.get("operation") == "PutRecord"]
    buckets = [sample.value for sample in seconds if sample.name.endswith("_bucket")]
    assert buckets == sorted(buckets) and buckets[-1] == 3
    assert all(family.documentation for family in families.values())
