"""What must be true of a stream after any number of crashes: kept outside the server, checked against it.

A journal notes every record before it is sent and what the server said of it. `violations` compares
that with the shards as they are read:

a. every acknowledged record is there exactly once, in the shard and with the number it was answered;
b. its data and partition key are what was sent;
c. nothing is there that was not sent or was refused; an unanswered record is there at most once;
d. numbers rise strictly in the order of reading;
e. a record sent after another was acknowledged has the higher number, in one shard, also over a crash;
f. no number is used twice in the life of a stream's name;
g. what a chained reader saw, or a subscriber was sent, is a prefix of what is read anew;
h. every record's hash key lies in its shard's range, the records of a closed shard end before its
   ending number and those of a child begin behind its parents';
i. what is known of a stream beside its records (tags, retention, consumers) is what was acknowledged
   last, or what was asked for since: `Fact`;
j. an iterator from before points to where it pointed: `Bookmark`;
k. the arrival time of records never falls in a shard.
"""

import dataclasses
import enum
import hashlib
import itertools
import threading


class State(enum.Enum):
    SENT = "unanswered"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


@dataclasses.dataclass
class Entry:
    """One record and what became of it. Times are ticks of the journal's own counter."""

    stream: str
    key: str
    size: int
    sent_at: int
    state: State = State.SENT
    answered_at: int = 0
    shard: str = ""
    number: int = 0


def data_of(record_id: str, size: int) -> bytes:
    """The data of a record: its id, and bytes that follow from it up to `size` in all."""
    head = record_id.encode() + b"|"
    filler = hashlib.sha256(head).digest()
    return (head + filler * (size // len(filler) + 1))[: max(size, len(head))]


class Journal:
    """Thread-safe. One entry a record, by its id."""

    def __init__(self):
        self.entries = {}
        self.readers = {}  # (reader, stream, shard) → the numbers it saw, in order.
        self._ticks = itertools.count(1)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def send(self, stream, key, size):
        """Notes a record that is about to be sent; (id, data)."""
        with self._lock:
            record_id = f"r{next(self._ids)}"
            self.entries[record_id] = Entry(stream, key, size, next(self._ticks))
        return record_id, data_of(record_id, size)

    def acknowledge(self, record_id, shard, number):
        with self._lock:
            entry = self.entries[record_id]
            entry.state, entry.shard, entry.number = State.ACKNOWLEDGED, shard, number
            entry.answered_at = next(self._ticks)

    def refuse(self, record_id):
        with self._lock:
            self.entries[record_id].state = State.REFUSED

    def saw(self, reader, stream, shard, numbers):
        with self._lock:
            self.readers.setdefault((reader, stream, shard), []).extend(numbers)

    def last_seen(self, reader, stream, shard):
        """The number of the last record it saw, or None."""
        with self._lock:
            numbers = self.readers.get((reader, stream, shard))
            return numbers[-1] if numbers else None

    def seen_by(self, readers):
        """How many records those whose names begin so saw in all."""
        with self._lock:
            return sum(len(numbers) for (reader, _, _), numbers in self.readers.items() if reader.startswith(readers))

    def some_acknowledged(self, rng):
        """An acknowledged entry, if the one that `rng` picks is; else None."""
        with self._lock:
            entry = self.entries.get(f"r{rng.randint(1, max(1, len(self.entries)))}")
            return entry if entry and entry.state is State.ACKNOWLEDGED else None

    def acknowledged(self):
        with self._lock:
            return sum(entry.state is State.ACKNOWLEDGED for entry in self.entries.values())


class Fact:
    """One fact about a stream that calls change: what it may be. None is: not there."""

    def __init__(self, name, value=None):
        self.name, self.possible = name, {value}

    def ask(self, value):
        """A call that makes it `value` is about to be sent."""
        self.possible.add(value)

    def acknowledge(self, value):
        self.possible = {value}

    @property
    def value(self):
        """What it is, if that is known for certain."""
        return next(iter(self.possible)) if len(self.possible) == 1 else "unknown"

    def violations(self, value):
        """Compares it with `value`, which it is from now on."""
        found = [] if value in self.possible else [f"i: {self.name} is {value} and should be one of {self.possible}"]
        self.possible = {value}
        return found


@dataclasses.dataclass
class Bookmark:
    """An iterator that points at the record `number`, or behind it."""

    stream: str
    shard: str
    number: int
    is_after: bool
    iterator: str

    def violations(self, first, records):
        """`first`: the number of the first record it gave, or None; `records`: all of the shard."""
        numbers = [record[0] for record in records if (record[0] > self.number if self.is_after else record[0] >= self.number)]
        wanted = numbers[0] if numbers else None
        if first == wanted:
            return []
        return [f"j: an iterator {'behind' if self.is_after else 'at'} {self.number} in {self.shard} of {self.stream} "
                f"gave {first} and not {wanted}"]


def hash_key_of(key: str) -> int:
    return int.from_bytes(hashlib.md5(key.encode()).digest(), "big")


def range_of(shard):
    hash_keys = shard["HashKeyRange"]
    return int(hash_keys["StartingHashKey"]), int(hash_keys["EndingHashKey"])


def numbers_of(shard):
    numbers = shard["SequenceNumberRange"]
    return int(numbers["StartingSequenceNumber"]), int(numbers.get("EndingSequenceNumber", 0)) or None


def violations(journal: Journal, stream: str, shards: list, contents: dict) -> list:
    """Sentences, one a violation. `shards` as ListShards has them; `contents`: shard id → records read."""
    found = []
    seen = {}
    for shard in shards:
        found += shard_violations(journal, stream, shard, contents[shard["ShardId"]], seen)
    found += lineage_violations(stream, shards)
    for record_id, entry in journal.entries.items():
        if entry.stream == stream and entry.state is State.ACKNOWLEDGED and record_id not in seen:
            found.append(f"a: {record_id} was acknowledged in {entry.shard} of {stream} and is not there")
    all_numbers = [record[0] for records in contents.values() for record in records]
    if len(set(all_numbers)) != len(all_numbers):
        found.append(f"f: a number is used twice in {stream}")
    for (reader, of_stream, shard_id), numbers in journal.readers.items():
        if of_stream != stream:
            continue
        read = [record[0] for record in contents.get(shard_id, [])][: len(numbers)]
        if read != numbers:
            at = next((i for i, pair in enumerate(itertools.zip_longest(read, numbers)) if pair[0] != pair[1]), -1)
            found.append(f"g: reader {reader} saw another sequence than {shard_id} of {stream} has, from record {at} on")
    return found


def shard_violations(journal, stream, shard, records, seen):
    found = []
    shard_id = shard["ShardId"]
    low, high = range_of(shard)
    starting, ending = numbers_of(shard)
    previous = None
    for record in records:
        number, key, data, arrival = record
        record_id = data.split(b"|", 1)[0].decode(errors="replace")
        entry = journal.entries.get(record_id)
        where = f"{record_id} in {shard_id} of {stream}"
        if entry is None or entry.stream != stream:
            found.append(f"c: {where} was never sent")
            continue
        if entry.state is State.REFUSED:
            found.append(f"c: {where} was refused and is there all the same")
        if record_id in seen:
            found.append(f"a: {where} is there twice")
        seen[record_id] = number
        if data != data_of(record_id, entry.size) or key != entry.key:
            found.append(f"b: {where} is not what was sent")
        if entry.state is State.ACKNOWLEDGED and (entry.shard, entry.number) != (shard_id, number):
            found.append(f"a: {where} was acknowledged as {entry.number} in {entry.shard} and is {number}")
        if previous and number <= previous[0]:
            found.append(f"d: {where} has number {number} behind {previous[0]}")
        if previous and arrival < previous[3]:
            found.append(f"k: {where} arrived before the record in front of it")
        if not low <= hash_key_of(key) <= high:
            found.append(f"h: {where} lies outside the shard's range")
        if number <= starting or (ending and number >= ending):
            found.append(f"h: {where} has a number outside the shard's")
        previous = record
    found += real_time_violations(journal, stream, shard_id, records)
    return found


def real_time_violations(journal, stream, shard_id, records):
    """Walks from the newest record: none further on may have been acknowledged before this one was sent."""
    found = []
    earliest_answer = None
    for _, _, data, _ in reversed(records):
        record_id = data.split(b"|", 1)[0].decode(errors="replace")
        entry = journal.entries.get(record_id)
        if entry is None:
            continue
        if earliest_answer is not None and earliest_answer < entry.sent_at:
            found.append(f"e: {record_id} in {shard_id} of {stream} was sent after a record behind it was acknowledged")
        if entry.state is State.ACKNOWLEDGED:
            earliest_answer = min(entry.answered_at, earliest_answer or entry.answered_at)
    return found


def lineage_violations(stream, shards):
    found = []
    by_id = {shard["ShardId"]: shard for shard in shards}
    for shard in shards:
        for member in ("ParentShardId", "AdjacentParentShardId"):
            parent = by_id.get(shard.get(member))
            if parent is None:
                continue
            _, parents_end = numbers_of(parent)
            if parents_end is None:
                found.append(f"h: {parent['ShardId']} of {stream} has a child and is open")
            elif int(numbers_of(shard)[0]) <= int(parents_end):
                found.append(f"h: {shard['ShardId']} of {stream} begins before its parent ends")
    ranges = sorted(range_of(shard) for shard in shards if numbers_of(shard)[1] is None)
    covered = 0
    for start, end in ranges:
        if start != covered:
            found.append(f"h: the open shards of {stream} do not cover the hash keys at {covered}")
        covered = end + 1
    if covered != 2**128:
        found.append(f"h: the open shards of {stream} end at {covered}")
    return found


def second_of(number: int) -> int:
    return int(f"{number:x}"[29:38], 16)
