"""Fixtures of the conformance tests: they say nothing about who answers.

KINESIS_ENDPOINT and the usual AWS variables point them at another server or at the service itself.
"""

import os
import uuid

import pytest
from support.raw import Wire

from support.server import Server, client


@pytest.fixture(scope="session")
def wire(endpoint):
    return Wire(endpoint, os.environ.get("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))


@pytest.fixture(scope="session")
def account(kinesis):
    """The account the tests run in, as error texts name it."""
    name = f"account-{uuid.uuid4().hex[:12]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.delete_stream(StreamName=name)
    return arn.split(":")[4]


@pytest.fixture
def make_stream(kinesis):
    """Makes streams that are ACTIVE, and deletes them after the test."""
    yield from stream_maker(kinesis)


@pytest.fixture(scope="module")
def make_module_stream(kinesis):
    """The same for all tests of a file."""
    yield from stream_maker(kinesis)


def stream_maker(kinesis):
    made = []

    def make(shard_count=1, region_client=kinesis, **members):
        name = f"test-{uuid.uuid4().hex[:12]}"
        create(region_client, name, shard_count, **members)
        made.append((region_client, name))
        return name

    yield make
    for region_client, name in made:
        try:
            region_client.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        except region_client.exceptions.ResourceNotFoundException:
            pass


@pytest.fixture
def stream(make_stream):
    return make_stream()


@pytest.fixture
def second_region(endpoint):
    return client(endpoint, region="eu-west-1")


def create(kinesis, name, shard_count, **members):
    """Makes a stream, without a count where it is None, and returns when it is ACTIVE."""
    count = {} if shard_count is None else {"ShardCount": shard_count}
    kinesis.create_stream(StreamName=name, **count, **members)
    wait_active(kinesis, name)


def wait_active(kinesis, name):
    waiter = kinesis.get_waiter("stream_exists")
    waiter.config.delay = 0.01
    waiter.config.max_attempts = 2000
    waiter.wait(StreamName=name)


@pytest.fixture(scope="session")
def slow_endpoint(endpoint):
    """A server whose streams stay in CREATING, UPDATING and DELETING for a while."""
    if os.environ.get("KINESIS_ENDPOINT"):
        yield endpoint
        return
    with Server(args=["--transition-delay", "700"]) as server:
        yield server.endpoint
