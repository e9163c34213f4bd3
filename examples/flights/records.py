"""What was sent, what was read, and the files that hold both between the programs."""

import dataclasses
import json
import threading
from typing import NamedTuple


class Row(NamedTuple):
    """One departure, as a record. Rows are numbered from 1, in the order of the data set."""

    number: int
    key: str
    data: bytes


class Place(NamedTuple):
    """Where a record stands in its stream."""

    shard: str
    sequence: int


class Received(NamedTuple):
    """A record as a reader got it."""

    place: Place
    key: str
    data: bytes


class HashRange(NamedTuple):
    """The hash keys that belong to one shard; both ends are included."""

    first: int
    last: int


class Repeat(NamedTuple):
    """Rows that the producer sent again although the stream may hold them already."""

    reason: str  # "unanswered" or "overtaken", see flights.py.
    numbers: tuple[int, ...]


@dataclasses.dataclass
class Ledger:
    """What a producer knows after its run."""

    rows: list[Row]
    acknowledged: dict[int, Place] = dataclasses.field(default_factory=dict)
    repeats: list[Repeat] = dataclasses.field(default_factory=list)
    refused_calls: int = 0
    failed_entries: int = 0
    seconds: float = 0.0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock, repr=False)


def save_ledger(ledger, path):
    with open(path, "w", encoding="utf-8") as out:
        for row in ledger.rows:
            place = ledger.acknowledged.get(row.number)
            write_line(out, {"row": row.number, "key": row.key, "data": row.data.decode(),
                             "place": place and [place.shard, str(place.sequence)]})
        for repeat in ledger.repeats:
            write_line(out, {"repeat": repeat.reason, "rows": repeat.numbers})


def load_ledger(path) -> Ledger:
    ledger = Ledger(rows=[])
    for line in read_lines(path):
        if "repeat" in line:
            ledger.repeats.append(Repeat(line["repeat"], tuple(line["rows"])))
            continue
        ledger.rows.append(Row(line["row"], line["key"], line["data"].encode()))
        if line["place"]:
            shard, sequence = line["place"]
            ledger.acknowledged[line["row"]] = Place(shard, int(sequence))
    return ledger


def save_received(shards, received, path):
    with open(path, "w", encoding="utf-8") as out:
        for shard, hashes in shards.items():
            write_line(out, {"shard": shard, "first": str(hashes.first), "last": str(hashes.last)})
        for record in received:
            write_line(out, {"place": [record.place.shard, str(record.place.sequence)],
                             "key": record.key,
                             "data": record.data.decode("utf-8", "surrogateescape")})


def load_received(path) -> tuple[dict[str, HashRange], list[Received]]:
    shards, received = {}, []
    for line in read_lines(path):
        if "shard" in line:
            shards[line["shard"]] = HashRange(int(line["first"]), int(line["last"]))
            continue
        shard, sequence = line["place"]
        received.append(Received(Place(shard, int(sequence)), line["key"],
                                 line["data"].encode("utf-8", "surrogateescape")))
    return shards, received


def write_line(out, value):
    out.write(json.dumps(value, separators=(",", ":")) + "\n")


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        yield from map(json.loads, lines)
