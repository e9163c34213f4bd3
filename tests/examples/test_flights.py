"""Streams a public data set through the server, kills it half-way, and looks for every row.

MILLRACE_FLIGHTS_ROWS sets how many rows are sent (default 60000; 0 for all 336,776).
"""

import concurrent.futures
import hashlib
import io
import os
import pathlib
import sys
import threading

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from support.server import Server

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights"
sys.path.insert(0, str(FOLDER))

from check import check, text_of  # noqa: E402
from collect import collect  # noqa: E402
from endpoint import connect  # noqa: E402
from flights import create_stream, figures_of, partition, read_rows, stream_rows  # noqa: E402
from progress import Progress  # noqa: E402
from records import (  # noqa: E402
    HashRange, Ledger, Place, Received, Repeat, Row, load_ledger, load_received, save_ledger,
    save_received)

ROWS = int(os.environ.get("MILLRACE_FLIGHTS_ROWS", "60000"))
SHARDS = 4
HALF_TIMEOUT_S = 600.0
STREAM_TIMEOUT_S = 1200.0


class Milestone:
    """Stands in for the progress bar: says when `rows` rows are acknowledged."""

    def __init__(self, rows=0):
        self.rows = rows
        self.count = 0
        self.lock = threading.Lock()
        self.reached = threading.Event()

    def add(self, rows):
        with self.lock:
            self.count += rows
            if self.count >= self.rows:
                self.reached.set()


def test_every_acknowledged_row_survives_kill_9(tmp_path, capsys):
    rows = read_rows(ROWS)
    half = Milestone(len(rows) // 2)
    with Server(tmp_path / "data") as server, \
            concurrent.futures.ThreadPoolExecutor(1) as background:
        client = connect(server.endpoint)
        create_stream(client, "flights", SHARDS)

        producing = background.submit(stream_rows, client, "flights", rows, half)
        assert half.reached.wait(HALF_TIMEOUT_S) or producing.result()
        server.kill()
        was_killed_in_the_middle = not producing.done()
        server.start()
        ledger = producing.result(STREAM_TIMEOUT_S)
        shards, received = collect(connect(server.endpoint, attempts=5), "flights", Milestone())

    report = check(ledger, shards, received)
    with capsys.disabled():
        print()
        for name, value in figures_of(ledger).items():
            print(f"  {name}: {value}")
        print("  " + text_of(report).replace("\n", "\n  "))
    assert was_killed_in_the_middle
    assert len(ledger.acknowledged) == len(rows)
    assert len(shards) == SHARDS
    assert report.faults == []


# The checker itself: a sound run of 40 rows, and one damage at a time.

QUARTER = 2**126
RANGES = {f"shardId-{index:012}": HashRange(index * QUARTER, (index + 1) * QUARTER - 1)
          for index in range(SHARDS)}


def sound_run():
    """Four keys with ten rows each; the producer repeated rows 1 to 4, stored twice."""
    rows = [Row(number, f"N{number % 4}", f"row {number}".encode()) for number in range(1, 41)]
    repeat = Repeat("unanswered", (1, 2, 3, 4))
    ledger = Ledger(rows, repeats=[repeat])
    received = []
    for row in rows[:4] + rows:
        hash_key = int(hashlib.md5(row.key.encode()).hexdigest(), 16)
        place = Place(f"shardId-{hash_key // QUARTER:012}", 1000 + len(received))
        ledger.acknowledged[row.number] = place
        received.append(Received(place, row.key, row.data))
    return ledger, dict(RANGES), received


def kinds(run):
    return {fault.kind for fault in check(*run).faults}


def index_of(run, number):
    """Where the acknowledged copy of a row is among the received records."""
    ledger, _, received = run
    return [record.place for record in received].index(ledger.acknowledged[number])


def test_a_sound_run_has_no_faults():
    report = check(*sound_run())

    assert report.faults == []
    assert (report.rows, report.acknowledged, report.received) == (40, 40, 44)
    assert (report.repeated, report.duplicates) == (4, 4)
    assert report.rows_per_shard == report.rows_per_shard_expected
    assert sum(report.rows_per_shard.values()) == 40


def test_a_lost_row_is_found():
    run = sound_run()
    del run[2][index_of(run, 20)]

    assert kinds(run) == {"lost", "distribution"}


def test_a_lost_row_is_found_although_an_unacknowledged_copy_of_it_is_there():
    run = sound_run()
    del run[2][index_of(run, 2)]

    assert "lost" in kinds(run)


def test_a_changed_row_is_found():
    run = sound_run()
    index = index_of(run, 20)
    run[2][index] = run[2][index]._replace(data=b"row 20.")

    assert "changed" in kinds(run)


def test_a_changed_key_is_found():
    run = sound_run()
    index = index_of(run, 20)
    run[2][index] = run[2][index]._replace(key="N4")

    assert "changed" in kinds(run)


def test_rows_swapped_between_their_places_are_found():
    run = sound_run()
    one, other = index_of(run, 20), index_of(run, 24)
    received = run[2]
    received[one], received[other] = (received[one]._replace(data=received[other].data),
                                      received[other]._replace(data=received[one].data))

    assert kinds(run) >= {"swapped", "order"}


def test_rows_delivered_in_the_wrong_order_are_found():
    run = sound_run()
    one, other = index_of(run, 20), index_of(run, 24)
    run[2][one], run[2][other] = run[2][other], run[2][one]

    assert kinds(run) == {"order"}


def test_rows_acknowledged_in_the_wrong_order_are_found():
    run = sound_run()
    acknowledged = run[0].acknowledged
    one, other = index_of(run, 20), index_of(run, 24)
    acknowledged[20], acknowledged[24] = acknowledged[24], acknowledged[20]
    received = run[2]
    received[one], received[other] = (received[one]._replace(data=received[other].data),
                                      received[other]._replace(data=received[one].data))

    assert kinds(run) == {"order"}


def append_copy(run, number):
    _, _, received = run
    copy = received[index_of(run, number)]
    received.append(copy._replace(place=copy.place._replace(sequence=2000 + len(received))))


def test_a_duplicate_of_a_row_that_was_not_repeated_is_found():
    run = sound_run()
    append_copy(run, 20)

    assert kinds(run) == {"duplicate"}


def test_a_duplicate_beyond_the_repeats_of_its_row_is_found():
    run = sound_run()
    append_copy(run, 2)

    assert kinds(run) == {"duplicate"}


def test_a_record_that_is_delivered_twice_is_found():
    run = sound_run()
    index = index_of(run, 20)
    run[2].insert(index, run[2][index])

    assert kinds(run) >= {"order"}


def test_a_record_that_nobody_sent_is_found():
    run = sound_run()
    append_copy(run, 20)
    run[2][-1] = run[2][-1]._replace(data=b"row 99")

    assert kinds(run) == {"unknown"}


def test_a_row_in_the_wrong_shard_is_found():
    run = sound_run()
    ledger, _, received = run
    index = index_of(run, 20)
    right = received[index].place
    wrong = right._replace(shard=next(shard for shard in RANGES if shard != right.shard))
    received[index] = received[index]._replace(place=wrong)
    ledger.acknowledged[20] = wrong

    assert kinds(run) == {"misplaced", "distribution"}


def test_a_gap_between_the_shards_is_found():
    ledger, shards, received = sound_run()
    shard, hashes = next(iter(shards.items()))
    shards[shard] = hashes._replace(last=hashes.last - 1)

    assert kinds((ledger, shards, received)) == {"ranges"}


def test_the_files_hold_the_whole_run(tmp_path):
    ledger, shards, received = sound_run()
    received[-1] = received[-1]._replace(data=b"\xff\x00 not UTF-8")

    save_ledger(ledger, tmp_path / "sent")
    save_received(shards, received, tmp_path / "received")
    loaded = load_ledger(tmp_path / "sent")

    assert (loaded.rows, loaded.acknowledged) == (ledger.rows, ledger.acknowledged)
    assert loaded.repeats == ledger.repeats
    assert load_received(tmp_path / "received") == (shards, received)


# The producer against a client that fails in every way.


class FailingClient:
    """Stores what it is given and fails as `script` says, one word a call, then no more."""

    def __init__(self, script):
        self.script = list(script)
        self.received = []
        self.calls = []  # The size of each.

    def put_records(self, StreamName, Records):
        self.calls.append(len(Records))
        word = self.script.pop(0) if self.script else "answers"
        if word == "refuses":
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        if word == "throttles":
            raise service_error("ProvisionedThroughputExceededException", 400)
        if word == "denies":
            raise service_error("AccessDeniedException", 400)
        if word == "breaks before it stores":
            raise service_error("InternalFailure", 500)
        results = [self.put(entry, word == "fails every third" and index % 3 == 0)
                   for index, entry in enumerate(Records)]
        if word == "breaks after it stored":
            raise ConnectionClosedError(endpoint_url="http://127.0.0.1")
        return {"Records": results}

    def put(self, entry, fails):
        if fails:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
        key = entry["PartitionKey"]
        hash_key = int(hashlib.md5(key.encode()).hexdigest(), 16)
        place = Place(f"shardId-{hash_key // QUARTER:012}", len(self.received) + 1)
        self.received.append(Received(place, key, entry["Data"]))
        return {"ShardId": place.shard, "SequenceNumber": str(place.sequence)}


def service_error(code, status):
    return ClientError({"Error": {"Code": code, "Message": ""},
                        "ResponseMetadata": {"HTTPStatusCode": status}}, "PutRecords")


def numbered_rows(count):
    return [Row(number, f"N{number % 7}", f"row {number}".encode())
            for number in range(1, count + 1)]


@pytest.mark.parametrize("script, repeats, duplicates", [
    ([], 0, 0),
    (["refuses", "refuses"], 0, 0),
    (["throttles"], 0, 0),
    (["breaks before it stores"], 30, 0),
    (["breaks after it stored"], 30, 30),
    (["breaks after it stored", "breaks after it stored"], 30, 60),
    (["fails every third"], 14, 14),
    (["breaks after it stored", "fails every third", "refuses"], 30, 44),
])
def test_the_producer_keeps_order_and_explains_each_copy(script, repeats, duplicates):
    client = FailingClient(script)

    ledger = stream_rows(client, "flights", numbered_rows(30), Milestone(), senders=1)

    report = check(ledger, RANGES, client.received)
    assert report.faults == []
    assert report.acknowledged == 30
    assert (report.repeated, report.duplicates) == (repeats, duplicates)


def test_the_producer_sends_batches_of_500():
    client = FailingClient([])

    stream_rows(client, "flights", numbered_rows(1100), Milestone(), senders=1)

    assert client.calls == [500, 500, 100]


def test_all_rows_of_a_key_go_to_one_sender_in_order():
    rows = numbered_rows(1000)

    parts = partition(rows, 4)

    assert sorted(row for part in parts for row in part) == rows
    assert all(part == sorted(part) for part in parts)
    keys = [{row.key for row in part} for part in parts]
    assert sum(len(part_keys) for part_keys in keys) == len(set().union(*keys))


def test_the_producer_stops_at_an_error_that_does_not_pass():
    with pytest.raises(ClientError, match="AccessDenied"):
        stream_rows(FailingClient(["denies"]), "flights", numbered_rows(30), Milestone())


def test_the_producer_stops_when_its_patience_ends():
    with pytest.raises(EndpointConnectionError):
        stream_rows(FailingClient(["refuses"] * 100), "flights", numbered_rows(1), Milestone(),
                    senders=1, patience_s=0)


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal():
    now = 0.0
    out = io.StringIO()
    progress = Progress("sent", 1000, out, clock=lambda: now)

    for now in (1.0, 4.0, 5.0, 6.0):
        progress.add(100)
    now = 8.0
    progress.finish()

    assert out.getvalue() == ("sent 300 of 1,000 rows, 60 rows/s\n"
                              "sent 400 of 1,000 rows, 50 rows/s\n")
