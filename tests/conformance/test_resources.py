"""Tags and policies by ARN, of streams and of consumers."""

import json

import pytest
from valid import POLICY


@pytest.fixture
def arns(kinesis, stream):
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    return arn, consumer


def tags_of(kinesis, arn):
    return {tag["Key"]: tag["Value"] for tag in kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def test_each_resource_has_tags_of_its_own(kinesis, arns):
    for number, arn in enumerate(arns):
        kinesis.tag_resource(ResourceARN=arn, Tags={"a": str(number), "b": "x"})
        kinesis.untag_resource(ResourceARN=arn, TagKeys=["b", "nothing"])

    assert [tags_of(kinesis, arn) for arn in arns] == [{"a": "0"}, {"a": "1"}]


def test_a_streams_tags_are_the_same_by_name_and_by_arn(kinesis, stream, arns):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"by": "name"})
    kinesis.tag_resource(ResourceARN=arns[0], Tags={"by:colon": "arn"})

    listed = kinesis.list_tags_for_stream(StreamName=stream)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in listed} == tags_of(kinesis, arns[0]) == {"by": "name", "by:colon": "arn"}


def test_a_policy_comes_back_as_it_was_put(kinesis, arns):
    for arn in arns:
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"
        text = json.dumps(json.loads(POLICY), indent=3)
        kinesis.put_resource_policy(ResourceARN=arn, Policy=text)
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == text
        kinesis.put_resource_policy(ResourceARN=arn, Policy=POLICY)
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == POLICY
        kinesis.delete_resource_policy(ResourceARN=arn)
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["123456789012", "arn:aws:iam::123456789012:role/a"]},
                                       {"AWS": "arn:aws:sts::123456789012:assumed-role/a/b"}, {"Service": "x.amazonaws.com"}])
@pytest.mark.parametrize("action", ["kinesis:*", ["kinesis:Get*", "kinesis:ListShards"], "*"])
def test_policies_that_are_right(kinesis, arns, principal, action):
    statement = {"Sid": "a", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": arns[0],
                 "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    for statements in (statement, [statement, {**statement, "Effect": "Deny"}]):
        kinesis.put_resource_policy(ResourceARN=arns[0], Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def test_tags_and_policies_go_with_their_stream(kinesis, make_stream):
    name = make_stream(1, Tags={"a": "b"})
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.put_resource_policy(ResourceARN=arn, Policy=POLICY)
    kinesis.delete_stream(StreamName=name)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name)
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)

    assert tags_of(kinesis, arn) == {} and kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"
