"""--enforce-policies: other accounts need a resource policy; without the option they need none."""

import json

import pytest

from support.frames import Frames
from support.server import Server

OWNER, OTHER = "111111111111", "222222222222"


@pytest.fixture(scope="module")
def enforcing():
    with Server(args=["--enforce-policies"]) as server:
        yield server


@pytest.fixture
def shared(enforcing):
    """(owner, other, stream's ARN, consumer's ARN); policies are taken off again."""
    owner, other = enforcing.client(access_key=OWNER), enforcing.client(access_key=OTHER)
    owner.create_stream(StreamName="shared", ShardCount=1)
    arn = owner.describe_stream_summary(StreamName="shared")["StreamDescriptionSummary"]["StreamARN"]
    consumer = owner.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    yield owner, other, arn, consumer
    owner.delete_stream(StreamName="shared", EnforceConsumerDeletion=True)


def policy(*actions, effect="Allow", principal=OTHER, resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": effect, "Principal": {"AWS": principal}, "Action": [f"kinesis:{action}" for action in actions],
        "Resource": resource}]})


def denied(call, **members):
    with pytest.raises(call.__self__.exceptions.ClientError) as raised:
        call(**members)
    return raised.value.response["Error"]


def test_without_a_policy_another_account_gets_nothing(shared):
    owner, other, arn, consumer = shared

    assert denied(other.put_record, StreamARN=arn, PartitionKey="a", Data=b"x") == {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: kinesis:PutRecord on resource: {arn} "
                   "because no resource-based policy allows the kinesis:PutRecord action"}
    for call, members in [(other.list_shards, {"StreamARN": arn}), (other.describe_stream_summary, {"StreamARN": arn}),
                          (other.get_shard_iterator, {"StreamARN": arn, "ShardId": "0", "ShardIteratorType": "LATEST"}),
                          (other.delete_stream, {"StreamARN": arn}), (other.tag_resource, {"ResourceARN": arn, "Tags": {"a": "b"}}),
                          (other.get_resource_policy, {"ResourceARN": arn}),
                          (other.describe_stream_consumer, {"ConsumerARN": consumer})]:
        assert denied(call, **members)["Code"] == "AccessDeniedException"
    owner.put_record(StreamARN=arn, PartitionKey="a", Data=b"x")


def test_a_policy_lets_in_for_what_it_names(shared):
    owner, other, arn, _ = shared
    owner.put_resource_policy(ResourceARN=arn, Policy=policy("PutRecord", "GetShardIterator", "GetRecords", resource=arn))

    other.put_record(StreamARN=arn, PartitionKey="a", Data=b"x")
    iterator = other.get_shard_iterator(StreamARN=arn, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert [record["Data"] for record in other.get_records(ShardIterator=iterator)["Records"]] == [b"x"]
    assert denied(other.put_records, StreamARN=arn, Records=[{"PartitionKey": "a", "Data": b"x"}])["Code"] == "AccessDeniedException"
    owner.put_resource_policy(ResourceARN=arn, Policy=policy("*", principal="333333333333"))
    assert denied(other.get_records, ShardIterator=iterator)["Code"] == "AccessDeniedException"


def test_a_consumer_has_a_policy_of_its_own(shared):
    owner, other, arn, consumer = shared
    owner.put_resource_policy(ResourceARN=consumer, Policy=policy("DescribeStreamConsumer"))

    assert other.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["StreamARN"] == arn
    assert denied(other.describe_stream_summary, StreamARN=arn)["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("turn", [
    {"NotPrincipal": {"AWS": OTHER}}, {"NotAction": "kinesis:PutRecord"}, {"NotResource": "*"}, {"Unknown": "x"}])
def test_a_statement_that_is_turned_around_is_refused_and_lets_nobody_in(shared, turn):
    owner, other, arn, _ = shared
    text = json.loads(policy("PutRecord"))
    text["Statement"][0] |= turn

    assert denied(owner.put_resource_policy, ResourceARN=arn, Policy=json.dumps(text))["Code"] == "InvalidArgumentException"
    assert denied(other.put_record, StreamARN=arn, PartitionKey="a", Data=b"x")["Code"] == "AccessDeniedException"


def test_actions_are_denied_in_any_case(shared):
    owner, other, arn, _ = shared
    text = json.loads(policy("*"))
    text["Statement"].append({**text["Statement"][0], "Effect": "Deny", "Action": "kinesis:putrecord"})
    owner.put_resource_policy(ResourceARN=arn, Policy=json.dumps(text))

    assert denied(other.put_record, StreamARN=arn, PartitionKey="a", Data=b"x")["Code"] == "AccessDeniedException"
    other.put_records(StreamARN=arn, Records=[{"PartitionKey": "a", "Data": b"x"}])


@pytest.mark.parametrize("change", ["delete", "deny"])
def test_a_subscription_ends_with_its_permission(enforcing, shared, monkeypatch, change):
    owner, _, arn, consumer = shared
    owner.put_resource_policy(ResourceARN=consumer, Policy=policy("SubscribeToShard"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OTHER)
    frames = Frames(enforcing.endpoint, {
        "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}})
    assert frames.next()[0][0] == (":event-type", "initial-response")
    owner.put_record(StreamARN=arn, PartitionKey="a", Data=b"before")
    assert len(frames.event()["Records"]) == 1

    if change == "delete":
        owner.delete_resource_policy(ResourceARN=consumer)
    else:
        owner.put_resource_policy(ResourceARN=consumer, Policy=policy("SubscribeToShard", effect="Deny"))
    owner.put_record(StreamARN=arn, PartitionKey="a", Data=b"after")

    headers, payload = frames.next()
    assert headers[0] == (":exception-type", "AccessDeniedException") and "kinesis:SubscribeToShard" in payload["message"]
    assert frames.next() is None
    frames.close()


def test_without_the_option_every_account_may():
    with Server() as server:
        server.client(access_key=OWNER).create_stream(StreamName="shared", ShardCount=1)
        arn = f"arn:aws:kinesis:us-east-1:{OWNER}:stream/shared"

        server.client(access_key=OTHER).put_record(StreamARN=arn, PartitionKey="a", Data=b"x")
