#!/usr/bin/env python3
"""Compares what a reader received with what the producer's ledger says.

Knows nothing of the server: it takes the two files (or, called as a function, their contents) and
computes everything else itself, also the shard of each key.

Kinds of faults:
  lost         an acknowledged row is not at the place its acknowledgement names
  changed      something else is there
  swapped      another row is there
  order        a reader gets the rows of one key, or the records of one shard, in the wrong order
  duplicate    a further copy of a row that the producer did not repeat
  unknown      a record that nobody sent
  misplaced    a record is in another shard than the MD5 of its key says
  distribution the acknowledged rows of a shard are not as many as MD5 says
  ranges       the shards' ranges leave a gap or overlap
"""

import argparse
import collections
import dataclasses
import hashlib
from typing import NamedTuple

from records import Ledger, Received, load_ledger, load_received

HASH_KEYS = 2**128
FAULTS_SHOWN_MAX = 5  # Of each kind.


class Fault(NamedTuple):
    kind: str
    text: str


@dataclasses.dataclass
class Report:
    rows: int
    acknowledged: int
    repeated: int  # Rows that the producer sent again although they may have been stored.
    received: int
    duplicates: int  # Copies beyond the first of each row, explained or not.
    rows_per_shard: dict[str, int]
    rows_per_shard_expected: dict[str, int]
    faults: list[Fault]


def check(ledger: Ledger, shards, received: list[Received]) -> Report:
    """The stream must not be resharded and must hold nothing but the ledger's rows."""
    number_at = {place: number for number, place in ledger.acknowledged.items()}
    number_of = {(row.key, row.data): row.number for row in ledger.rows}
    key_shards = KeyShards(shards)

    faults = [*check_ranges(shards),
              *check_shards(received, key_shards),
              *check_places(ledger, received, number_of),
              *check_order(received, number_at, number_of),
              *check_copies(ledger, received, number_at, number_of)]

    expected = collections.Counter(key_shards.shard_of(row.key) for row in ledger.rows
                                   if row.number in ledger.acknowledged)
    found = collections.Counter(
        record.place.shard for record in received
        if number_at.get(record.place) == number_of.get((record.key, record.data), -1))
    for shard in shards:
        if found[shard] != expected[shard]:
            faults.append(Fault("distribution", f"{shard} holds {found[shard]:,} acknowledged "
                                f"rows, MD5 says {expected[shard]:,}"))

    copies = collections.Counter(number_of.get((record.key, record.data)) for record in received)
    copies.pop(None, None)
    return Report(
        rows=len(ledger.rows), acknowledged=len(ledger.acknowledged),
        repeated=len({number for repeat in ledger.repeats for number in repeat.numbers}),
        received=len(received), duplicates=sum(copies.values()) - len(copies),
        rows_per_shard={shard: found[shard] for shard in shards},
        rows_per_shard_expected={shard: expected[shard] for shard in shards}, faults=faults)


class KeyShards:
    """Finds the shard of a partition key: the one whose range holds the MD5 of its UTF-8 bytes."""

    def __init__(self, shards):
        self.shards = shards
        self.known = {}

    def shard_of(self, key):
        if key not in self.known:
            digest = hashlib.md5(key.encode(), usedforsecurity=False).digest()
            hash_key = int.from_bytes(digest, "big")
            self.known[key] = next((shard for shard, hashes in self.shards.items()
                                    if hashes.first <= hash_key <= hashes.last), None)
        return self.known[key]


def check_ranges(shards):
    next_first = 0
    for shard, hashes in sorted(shards.items(), key=lambda item: item[1]):
        if hashes.first != next_first:
            yield Fault("ranges", f"{shard} begins at {hashes.first} instead of {next_first}")
        next_first = hashes.last + 1
    if next_first != HASH_KEYS:
        yield Fault("ranges", f"the last shard ends at {next_first - 1}")


def check_shards(received, key_shards):
    for record in received:
        shard = key_shards.shard_of(record.key)
        if shard != record.place.shard:
            yield Fault("misplaced", f"{record.key} belongs to {shard}, {place_text(record)}")


def check_places(ledger, received, number_of):
    """Each acknowledged row is where its acknowledgement says, byte for byte."""
    records = {record.place: record for record in received}
    for row in ledger.rows:
        place = ledger.acknowledged.get(row.number)
        if place is None:
            continue
        record = records.get(place)
        if record is None:
            yield Fault("lost", f"row {row.number} of {row.key} is not at "
                                f"{place.sequence} of {place.shard}")
        elif (record.key, record.data) == (row.key, row.data):
            continue
        elif (record.key, record.data) in number_of:
            other = number_of[record.key, record.data]
            yield Fault("swapped", f"row {other} instead of row {row.number}, {place_text(record)}")
        else:
            yield Fault("changed", f"row {row.number} of {row.key}, {place_text(record)}")


def check_order(received, number_at, number_of):
    """Sequence numbers rise in each shard, and so do the acknowledged rows of each key."""
    sequence_before, number_before = {}, {}
    for record in received:
        shard, sequence = record.place
        if sequence <= sequence_before.get(shard, -1):
            yield Fault("order", f"{sequence} of {shard} comes after {sequence_before[shard]}")
        sequence_before[shard] = sequence
        if record.place not in number_at:
            continue
        number = number_of.get((record.key, record.data))
        if number is None:
            continue
        if number <= number_before.get(record.key, 0):
            yield Fault("order", f"row {number} of {record.key} comes after row "
                                 f"{number_before[record.key]}")
        number_before[record.key] = number


def check_copies(ledger, received, number_at, number_of):
    """A record at a place that no acknowledgement names is a copy that the ledger explains."""
    explained = collections.Counter(number for repeat in ledger.repeats
                                    for number in repeat.numbers)
    for record in received:
        if record.place in number_at:
            continue
        number = number_of.get((record.key, record.data))
        if number is None:
            yield Fault("unknown", f"{record.data[:80]!r} of {record.key}, {place_text(record)}")
            continue
        explained[number] -= 1
        if explained[number] < 0:
            yield Fault("duplicate", f"row {number} of {record.key}, {place_text(record)}")


def place_text(record) -> str:
    return f"found at {record.place.sequence} of {record.place.shard}"


def text_of(report: Report) -> str:
    lines = [f"rows: {report.rows:,}",
             f"acknowledged: {report.acknowledged:,}",
             f"repeated by the producer: {report.repeated:,}",
             f"received: {report.received:,}",
             f"duplicates: {report.duplicates:,}"]
    for shard, count in report.rows_per_shard.items():
        lines.append(f"{shard}: {count:,} rows, MD5 says {report.rows_per_shard_expected[shard]:,}")
    texts = collections.defaultdict(list)
    for fault in report.faults:
        texts[fault.kind].append(fault.text)
    for kind, found in texts.items():
        lines.append(f"{kind}, {len(found):,} in all:")
        lines += [f"  {text}" for text in found[:FAULTS_SHOWN_MAX]]
    lines.append(f"faults: {len(report.faults):,}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger", nargs="?", default="flights.sent.jsonl")
    parser.add_argument("received", nargs="?", default="flights.received.jsonl")
    options = parser.parse_args()

    shards, received = load_received(options.received)
    report = check(load_ledger(options.ledger), shards, received)
    print(text_of(report))
    raise SystemExit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
