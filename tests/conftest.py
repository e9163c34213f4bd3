"""Fixtures of the Python tests.

KINESIS_ENDPOINT names an endpoint to test (also the real service's); without it each test session
starts a server of its own, in memory.
"""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.server import Server, client  # noqa: E402


@pytest.fixture(scope="session")
def endpoint():
    given = os.environ.get("KINESIS_ENDPOINT")
    if given:
        yield given
        return
    with Server() as server:
        yield server.endpoint


@pytest.fixture(scope="session")
def kinesis(endpoint):
    return client(endpoint)
