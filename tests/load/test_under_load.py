"""Load without crashes, short; MILLRACE_LONG=1 makes it a minute each."""

import os

import pytest
from under_load import run

SECONDS = 60 if os.environ.get("MILLRACE_LONG") else 4


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_every_chained_reader_sees_every_record_once_and_in_order(fsync):
    figures, found = run("readers", SECONDS, writers=8, readers=4, fsync=fsync)

    print(figures)
    assert found == []
    assert figures["acknowledged"] > 200 * SECONDS


def test_readers_who_walk_from_parents_to_children_see_every_record():
    figures, found = run("reshards", SECONDS, writers=8, readers=2)

    print(figures)
    assert found == []
    assert figures["reshards"] >= SECONDS
    assert figures["acknowledged"] > 200 * SECONDS
