"""The oracle finds each kind of fault, planted one at a time, and none where there is none."""

import copy

import pytest
from oracle import Bookmark, Fact, Journal, data_of, hash_key_of, violations

STREAM = "s"
SHARDS = [
    {"ShardId": "shardId-000000000000", "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)},
     "SequenceNumberRange": {"StartingSequenceNumber": "100"}}]
SHARD = SHARDS[0]["ShardId"]


@pytest.fixture
def journal():
    """Six records: four acknowledged, one unanswered, one refused."""
    journal = Journal()
    for i in range(6):
        record_id, _ = journal.send(STREAM, f"key{i}", 100)
        if i < 4:
            journal.acknowledge(record_id, SHARD, 101 + i)
        elif i == 5:
            journal.refuse(record_id)
    journal.saw("reader", STREAM, SHARD, [101, 102, 103])
    return journal


def stored(*ids):
    return [(100 + i, f"key{i - 1}", data_of(f"r{i}", 100), 1000 + i) for i in ids]


def found(journal, records, shards=SHARDS):
    return [text[0] for text in violations(journal, STREAM, shards, {SHARD: records})]


@pytest.mark.parametrize("ids", [(1, 2, 3, 4), (1, 2, 3, 4, 5)])
def test_what_is_right_has_no_violation(journal, ids):
    assert found(journal, stored(*ids)) == []


def changed(records, at, **parts):
    number, key, data, arrival = records[at]
    values = {"number": number, "key": key, "data": data, "arrival": arrival, **parts}
    return [*records[:at], (values["number"], values["key"], values["data"], values["arrival"]), *records[at + 1:]]


ALL = (1, 2, 3, 4)


@pytest.mark.parametrize("letter, records", [
    ("a", stored(1, 2, 3)), ("a", stored(2, 3, 4)), ("a", [*stored(*ALL), changed(stored(4), 0, number=110)[0]]),
    ("a", changed(stored(*ALL), 3, number=120)), ("b", changed(stored(*ALL), 1, data=data_of("r2", 99))),
    ("b", changed(stored(*ALL), 1, data=data_of("r2", 100)[:-1] + b"x")), ("b", changed(stored(*ALL), 1, key="key0")),
    ("c", stored(1, 2, 3, 4, 6)), ("c", [*stored(*ALL), (120, "k", b"r99|", 2000)]), ("d", stored(1, 2, 4, 3)),
    ("k", changed(stored(*ALL), 2, arrival=5)), ("g", stored(2, 3, 4)), ("g", stored(1, 3, 4)),
    ("h", changed(stored(*ALL), 0, number=99)),
])
def test_a_planted_fault_is_found(journal, letter, records):
    assert letter in found(journal, records)


def test_an_order_against_time_is_found():
    journal = Journal()
    first, _ = journal.send(STREAM, "key0", 100)
    journal.acknowledge(first, SHARD, 102)
    second, _ = journal.send(STREAM, "key1", 100)
    journal.acknowledge(second, SHARD, 101)

    records = [(101, "key1", data_of(second, 100), 1), (102, "key0", data_of(first, 100), 1)]

    assert found(journal, records) == ["e"]


def test_a_number_used_in_two_shards_is_found(journal):
    journal.readers.clear()
    middle = 2**127
    left, right = copy.deepcopy(SHARDS[0]), copy.deepcopy(SHARDS[0])
    left["HashKeyRange"]["EndingHashKey"] = str(middle - 1)
    right.update(ShardId="shardId-000000000001",
                 HashKeyRange={"StartingHashKey": str(middle), "EndingHashKey": str(2**128 - 1)})
    contents = {left["ShardId"]: [], right["ShardId"]: []}
    journal = Journal()
    for i in range(20):
        record_id, data = journal.send(STREAM, f"k{i}", 50)
        shard = left if hash_key_of(f"k{i}") < middle else right
        number = 101 + len(contents[shard["ShardId"]])
        journal.acknowledge(record_id, shard["ShardId"], number)
        contents[shard["ShardId"]].append((number, f"k{i}", data, 1))

    assert [text[0] for text in violations(journal, STREAM, [left, right], contents)] == ["f"]


@pytest.mark.parametrize("change", [
    lambda shard: shard["HashKeyRange"].update(StartingHashKey="1"),
    lambda shard: shard["HashKeyRange"].update(EndingHashKey="5"),
    lambda shard: shard["SequenceNumberRange"].update(EndingSequenceNumber="102"),
])
def test_shards_that_do_not_fit_are_found(journal, change):
    shards = copy.deepcopy(SHARDS)
    change(shards[0])

    assert "h" in found(journal, stored(*ALL), shards)


def test_a_fact_is_what_was_acknowledged_or_asked_since():
    fact = Fact("retention", 24)
    fact.ask(48)
    assert fact.value == "unknown"
    assert not copy.deepcopy(fact).violations(24) and not copy.deepcopy(fact).violations(48)
    assert copy.deepcopy(fact).violations(72)

    fact.acknowledge(48)

    assert fact.value == 48
    assert fact.violations(24)[0].startswith("i:")


@pytest.mark.parametrize("is_after, first, is_right", [
    (False, 102, True), (False, 103, False), (False, None, False), (True, 103, True), (True, 102, False), (True, 104, False)])
def test_a_bookmark_points_to_its_record(is_after, first, is_right):
    bookmark = Bookmark(STREAM, SHARD, 102, is_after, "token")

    assert bool(bookmark.violations(first, stored(*ALL))) != is_right


def test_a_bookmark_behind_the_last_record_points_to_nothing():
    assert not Bookmark(STREAM, SHARD, 104, True, "token").violations(None, stored(*ALL))
