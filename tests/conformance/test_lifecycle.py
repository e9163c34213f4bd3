"""The whole life of a stream through the AWS command line, as a user would type it."""

import json
import os
import subprocess
import sys
import uuid

import pytest


@pytest.fixture
def aws(endpoint):
    environment = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}

    def run(*words):
        finished = subprocess.run(
            [sys.executable, "-m", "awscli", "--endpoint-url", endpoint, "--output", "json", "kinesis", *words],
            env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout) if finished.stdout.strip() else None

    return run


def test_the_command_line_does_the_whole_life_of_a_stream(aws):
    name = f"cli-{uuid.uuid4().hex[:12]}"
    stream = ["--stream-name", name]

    aws("create-stream", *stream, "--shard-count", "2")
    aws("wait", "stream-exists", *stream)
    put = aws("put-record", *stream, "--partition-key", "a", "--data", "hello")
    puts = aws("put-records", *stream, "--records", "Data=world,PartitionKey=a")
    aws("add-tags-to-stream", *stream, "--tags", "team=blue")
    aws("increase-stream-retention-period", *stream, "--retention-period-hours", "48")
    aws("split-shard", *stream, "--shard-to-split", put["ShardId"],
        "--new-starting-hash-key", "10" if put["ShardId"].endswith("0") else str(2**127 + 2**126))
    aws("wait", "stream-exists", *stream)
    shards = aws("list-shards", *stream)["Shards"]
    iterator = aws("get-shard-iterator", *stream, "--shard-id", put["ShardId"],
                   "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = aws("get-records", "--shard-iterator", iterator)
    end = aws("get-records", "--shard-iterator", records["NextShardIterator"])
    summary = aws("describe-stream-summary", *stream)["StreamDescriptionSummary"]
    tags = aws("list-tags-for-stream", *stream)["Tags"]
    listed = aws("list-streams")["StreamNames"]
    aws("delete-stream", *stream)
    aws("wait", "stream-not-exists", *stream)

    assert puts["FailedRecordCount"] == 0
    assert [record["Data"] for record in records["Records"]] == ["aGVsbG8=", "d29ybGQ="]
    assert [record["SequenceNumber"] for record in records["Records"]] == [
        put["SequenceNumber"], puts["Records"][0]["SequenceNumber"]]
    assert end["Records"] == [] and "NextShardIterator" not in end
    assert sorted(child["ShardId"] for child in end["ChildShards"]) == [
        shard["ShardId"] for shard in shards if shard.get("ParentShardId") == put["ShardId"]]
    assert (summary["RetentionPeriodHours"], summary["OpenShardCount"]) == (48, 3)
    assert tags == [{"Key": "team", "Value": "blue"}]
    assert name in listed
