"""Servers for the tests below HTTP: one for all that leave it as it was."""

import pytest

from support.server import Server


@pytest.fixture(scope="module")
def server():
    with Server(args=["--read-timeout", "1", "--idle-timeout", "2"]) as running:
        yield running
        assert running.process.poll() is None, running.output()
        assert running.is_ready()
