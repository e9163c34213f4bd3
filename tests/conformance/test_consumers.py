"""Registered consumers: their life, their listings, and what a stream with consumers is like."""

import os
import re
import time

import pytest
from support.raw import Wire

from support.server import client


@pytest.fixture
def arn(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]


def register(kinesis, arn, name="reader", **members):
    return kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name, **members)["Consumer"]


def names_of(kinesis, arn, **members):
    return [consumer["ConsumerName"] for consumer in kinesis.list_stream_consumers(StreamARN=arn, **members)["Consumers"]]


def test_a_consumer_is_registered_described_and_taken_off(kinesis, arn):
    consumer = register(kinesis, arn)

    assert consumer["ConsumerStatus"] == "CREATING"
    second = int(consumer["ConsumerCreationTimestamp"].timestamp())
    assert consumer["ConsumerARN"] == f"{arn}/consumer/reader:{second}"
    assert set(consumer) == {"ConsumerName", "ConsumerARN", "ConsumerStatus", "ConsumerCreationTimestamp"}

    for named in ({"ConsumerARN": consumer["ConsumerARN"]}, {"StreamARN": arn, "ConsumerName": "reader"},
                  {"StreamARN": arn, "ConsumerName": "reader", "ConsumerARN": consumer["ConsumerARN"]},
                  {"StreamARN": arn, "ConsumerARN": consumer["ConsumerARN"]}):
        described = kinesis.describe_stream_consumer(**named)["ConsumerDescription"]
        assert described == {**consumer, "ConsumerStatus": "ACTIVE", "StreamARN": arn}
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == [{**consumer, "ConsumerStatus": "ACTIVE"}]

    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="reader")
    assert names_of(kinesis, arn) == []
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])


def second_passes(consumer):
    """Returns once the consumer's creation, to the second in its ARN, is over."""
    while time.time() < consumer["ConsumerCreationTimestamp"].timestamp() + 1.01:
        time.sleep(0.02)


def test_a_name_registered_again_has_another_arn(kinesis, arn):
    arns = []
    for _ in range(3):
        consumer = register(kinesis, arn)
        arns.append(consumer["ConsumerARN"])
        kinesis.deregister_stream_consumer(ConsumerARN=arns[-1])
        second_passes(consumer)

    assert len(set(arns)) == 3
    seconds = [int(re.search(r":(\d+)$", one).group(1)) for one in arns]
    assert seconds == sorted(seconds)


def test_a_consumer_of_a_stream_made_again_has_another_arn(kinesis):
    name, arns = "made-again", []
    for _ in range(2):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=name)
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        consumer = register(kinesis, arn)
        arns.append(consumer["ConsumerARN"])
        kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        second_passes(consumer)
        kinesis.get_waiter("stream_not_exists").wait(StreamName=name)

    assert arns[0] != arns[1]


def test_consumers_are_listed_by_name_in_pages(kinesis, arn):
    for name in ("d", "b", "a", "c", "B"):
        register(kinesis, arn, name)

    assert names_of(kinesis, arn) == ["B", "a", "b", "c", "d"]
    first = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2)
    second = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2, NextToken=first["NextToken"])
    third = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2, NextToken=second["NextToken"])
    pages = [[c["ConsumerName"] for c in page["Consumers"]] for page in (first, second, third)]
    assert pages == [["B", "a"], ["b", "c"], ["d"]] and "NextToken" not in third
    paginated = kinesis.get_paginator("list_stream_consumers").paginate(StreamARN=arn, PaginationConfig={"PageSize": 2})
    assert [c["ConsumerName"] for page in paginated for c in page["Consumers"]] == ["B", "a", "b", "c", "d"]


def test_a_token_belongs_to_its_stream(kinesis, wire, make_stream):
    arns = [kinesis.describe_stream_summary(StreamName=make_stream())["StreamDescriptionSummary"]["StreamARN"] for _ in range(2)]
    for name in "ab":
        register(kinesis, arns[0], name)
    token = kinesis.list_stream_consumers(StreamARN=arns[0], MaxResults=1)["NextToken"]

    assert wire.call("ListStreamConsumers", {"StreamARN": arns[1], "NextToken": token}).error == (
        "InvalidArgumentException", "Invalid NextToken.")
    assert wire.call("ListShards", {"NextToken": token}).error == ("InvalidArgumentException", "Invalid NextToken.")


def test_the_creation_time_tells_streams_apart(kinesis, arn, stream):
    created = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    register(kinesis, arn)

    assert names_of(kinesis, arn, StreamCreationTimestamp=created) == ["reader"]
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        names_of(kinesis, arn, StreamCreationTimestamp=created.timestamp() - 10)


def test_twenty_consumers_and_no_more(kinesis, wire, arn, stream, account):
    for i in range(20):
        register(kinesis, arn, f"c{i}")

    error, text = wire.call("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "one-more"}).error
    assert error == "LimitExceededException" and stream in text and account in text and "20" in text
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 20
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="c7")
    register(kinesis, arn, "one-more")


def test_a_stream_with_consumers_goes_only_when_told(kinesis, make_stream):
    name = make_stream()
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    consumer = register(kinesis, arn)["ConsumerARN"]
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.delete_stream(StreamName=name)

    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)

    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream_consumer(ConsumerARN=consumer)


def test_tags_are_given_with_the_registration(kinesis, arn):
    consumer = register(kinesis, arn, Tags={"team:name": "a", "b": ""})["ConsumerARN"]

    tags = kinesis.list_tags_for_resource(ResourceARN=consumer)["Tags"]
    assert tags == [{"Key": "b", "Value": ""}, {"Key": "team:name", "Value": "a"}]
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_a_consumer_that_is_not_active_yet(slow_endpoint):
    slow = client(slow_endpoint)
    wire = Wire(slow_endpoint, os.environ.get("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))
    name = "slow-consumer"
    slow.create_stream(StreamName=name, ShardCount=1)
    waiter = slow.get_waiter("stream_exists")
    waiter.config.delay = 0.05
    waiter.wait(StreamName=name)
    arn = slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    account = arn.split(":")[4]
    consumer = register(slow, arn)
    second = int(consumer["ConsumerCreationTimestamp"].timestamp())

    subscribe = {"ConsumerARN": consumer["ConsumerARN"], "ShardId": "0", "StartingPosition": {"Type": "LATEST"}}
    assert wire.call("SubscribeToShard", subscribe).error == (
        "ResourceInUseException", f"Consumer reader with creation timestamp {second} under stream: {name} , account "
                                  f"{account} is not in ACTIVE status.")
    not_active = ("ResourceInUseException", f"Consumer reader with creation timestamp {second} under stream {name} and "
                                            f"account {account} is not in ACTIVE status.")
    assert wire.call("DeregisterStreamConsumer", {"ConsumerARN": consumer["ConsumerARN"]}).error == not_active
    assert wire.call("TagResource", {"ResourceARN": consumer["ConsumerARN"], "Tags": {"a": "b"}}).error == not_active
    for i in range(4):
        register(slow, arn, f"more{i}")
    assert wire.call("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "sixth"}).error[0] == "LimitExceededException"

    deadline = time.monotonic() + 10
    while slow.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    slow.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
    described = slow.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]
    assert described["ConsumerStatus"] == "DELETING"
    assert wire.call("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "reader"}).error[0] == "ResourceInUseException"
    slow.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
