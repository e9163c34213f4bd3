"""/metrics of a server in use: streams, readers, store, process; gzip; the dashboard's queries find what they ask for."""

import gzip
import json
import re
import threading
import time
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.server import ROOT, Server

DASHBOARD = ROOT / "docs" / "grafana-dashboard.json"


def scrape(server, **headers):
    with urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/metrics", headers=headers), timeout=20) as answer:
        return answer.headers, answer.read()


def samples(server):
    """{(name, labels as sorted pairs): value}."""
    families = text_string_to_metric_families(scrape(server)[1].decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def of_stream(found, stream, name, **more):
    labels = {"account": "000000000000", "region": "us-east-1", "stream": stream, **more}
    return found.get((name, tuple(sorted(labels.items()))))


def read(kinesis, stream):
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    return kinesis.get_records(ShardIterator=iterator)


def subscribe_once(kinesis, stream):
    """Registers a consumer and takes its first event."""
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="billing")["Consumer"]["ConsumerARN"]
    events = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="shardId-000000000000",
                                        StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]
    event = next(iter(events))
    events.close()
    return event


def use(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    for number in range(4):
        kinesis.put_record(StreamName="orders", PartitionKey="key", Data=b"%04d" % number)
    assert len(read(kinesis, "orders")["Records"]) == 4
    assert subscribe_once(kinesis, "orders")
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream_summary(StreamName="none")


@pytest.mark.parametrize("kind", ["ephemeral", "durable"])
def test_a_stream_in_use(tmp_path, kind):
    with Server(tmp_path if kind == "durable" else None, args=["--disk-budget", "1000"]) as server:
        use(server)
        time.sleep(0.1)
        found = samples(server)
        age = of_stream(found, "orders", "millrace_stream_oldest_record_age_seconds")

        assert of_stream(found, "orders", "millrace_stream_incoming_records_total") == 4
        assert of_stream(found, "orders", "millrace_stream_incoming_bytes_total") == 4 * 7
        assert of_stream(found, "orders", "millrace_stream_outgoing_records_total") == 8
        assert of_stream(found, "orders", "millrace_stream_outgoing_bytes_total") == 8 * 7
        assert of_stream(found, "orders", "millrace_stream_stored_bytes") > 4 * 7
        assert 0.1 <= age < 60
        assert of_stream(found, "orders", "millrace_stream_lag_seconds") == 0
        assert of_stream(found, "orders", "millrace_consumer_lag_seconds", consumer="billing") == 0
        assert found["millrace_memory_bytes", ()] > 0
        assert found["millrace_memory_budget_bytes", ()] == (128 if kind == "durable" else 1024) * 2**20
        assert (found["millrace_disk_bytes", ()] > 0) == (kind == "durable")
        assert found["millrace_disk_budget_bytes", ()] == 1000 * 2**20
        assert any(name == "millrace_build_info" and dict(labels)["version"] for name, labels in found)


def test_stored_bytes_survive_a_restart_and_go_with_the_records(tmp_path):
    with Server(tmp_path) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        for _ in range(20):
            kinesis.put_record(StreamName="orders", PartitionKey="k", Data=b"x" * 100_000)
        before = of_stream(samples(server), "orders", "millrace_stream_stored_bytes")
        server.kill()
        server.start()
        after = of_stream(samples(server), "orders", "millrace_stream_stored_bytes")
        server.client().delete_stream(StreamName="orders")
        gone = of_stream(samples(server), "orders", "millrace_stream_stored_bytes")

    assert 2_000_000 <= before < 2_100_000
    assert 2_000_000 <= after < 2_100_000
    assert gone is None


def test_a_reader_that_is_behind(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="behind", ShardCount=1)
    kinesis.put_record(StreamName="behind", PartitionKey="k", Data=b"x")
    time.sleep(0.3)
    kinesis.put_record(StreamName="behind", PartitionKey="k", Data=b"x")
    iterator = kinesis.get_shard_iterator(StreamName="behind", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    answer = kinesis.get_records(ShardIterator=iterator, Limit=1)
    lag = of_stream(samples(server), "behind", "millrace_stream_lag_seconds")

    assert lag == answer["MillisBehindLatest"] / 1000 > 0.2
    kinesis.delete_stream(StreamName="behind")


def test_without_lines_for_streams():
    with Server(args=["--stream-metrics", "off", "--streams", "a:1"]) as server:
        text = scrape(server)[1].decode()

    assert "millrace_stream_" not in text
    assert "millrace_requests_total" in text


def test_the_process(server):
    found = samples(server)

    assert found["process_resident_memory_bytes", ()] > 2**20
    assert found["process_virtual_memory_bytes", ()] >= found["process_resident_memory_bytes", ()]
    assert found["process_cpu_seconds_total", ()] > 0
    assert 3 < found["process_open_fds", ()] < found["process_max_fds", ()]
    assert found["process_threads", ()] > 3
    assert abs(found["process_start_time_seconds", ()] - time.time()) < 3600


@pytest.mark.parametrize("asked, packed", [
    ("gzip", True), ("deflate, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip;q=0.000", False), ("identity", False), ("br", False), ("", False)])
def test_gzip(server, asked, packed):
    headers, body = scrape(server, **{"Accept-Encoding": asked})

    assert (headers["Content-Encoding"] == "gzip") == packed
    assert headers["Vary"] == "Accept-Encoding"
    text = (gzip.decompress(body) if packed else body).decode()
    assert "# TYPE millrace_requests_total counter" in text


def test_a_thousand_streams_have_lines_and_more_are_summed():
    with Server() as server:
        kinesis = server.client()
        for number in range(1010):
            kinesis.create_stream(StreamName=f"stream-{number:04}", ShardCount=1)
        kinesis.put_record(StreamName="stream-0000", PartitionKey="k", Data=b"x")
        for number in range(1000, 1010):
            kinesis.put_record(StreamName=f"stream-{number}", PartitionKey="k", Data=b"x")
        found = samples(server)
        plain, packed = scrape(server)[1], scrape(server, **{"Accept-Encoding": "gzip"})[1]

    assert of_stream(found, "stream-0000", "millrace_stream_incoming_records_total") == 1
    assert of_stream(found, "stream-0999", "millrace_stream_incoming_records_total") == 0
    assert of_stream(found, "stream-1000", "millrace_stream_incoming_records_total") is None
    assert of_stream(found, "*", "millrace_stream_incoming_records_total") == 10
    assert len(plain) <= 900_000 and len(packed) <= 90_000


def test_scrapes_at_the_same_time_are_all_answered(server):
    statuses = []

    def ask():
        statuses.append(bool(scrape(server)[1]))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [True] * 20


def names_in(expression):
    return set(re.findall(r"\b((?:millrace|process)_[a-z_]+)", expression))


def test_the_dashboard_asks_for_what_there_is():
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    expressions += [variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    with Server() as server:
        use(server)
        text = scrape(server)[1].decode()
    present = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    labels = {label for family in text_string_to_metric_families(text) for sample in family.samples for label in sample.labels}

    assert len(expressions) > 10
    for expression in expressions:
        assert names_in(expression) and names_in(expression) <= present, expression
        for by in re.findall(r"by \(([^)]*)\)", expression):
            assert {word.strip() for word in by.split(",")} <= labels, expression
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
