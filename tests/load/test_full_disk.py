"""Disks that fill up and get room again, short; MILLRACE_LONG=1 makes it 110 of them."""

import os

import pytest
from full_disk import run

from support.server import apart

ROUNDS = 110 if os.environ.get("MILLRACE_LONG") else 2


def test_writes_come_back_from_a_full_disk_and_lose_nothing():
    if not apart("mount"):
        pytest.skip("no mount namespaces here")

    assert run(ROUNDS, "always") == []
