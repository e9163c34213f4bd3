"""On-demand streams under load, with a window of a second instead of a minute."""

import time

from support.server import Server

DEADLINE_S = 20


def test_a_busy_on_demand_stream_gets_more_shards(tmp_path):
    with Server(tmp_path, args=["--on-demand-window", "1"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", StreamModeDetails={"StreamMode": "ON_DEMAND"})
        record = {"PartitionKey": "k", "ExplicitHashKey": "0", "Data": bytes(200_000)}
        deadline, count = time.monotonic() + DEADLINE_S, 0
        shards = kinesis.list_shards(StreamName="a")["Shards"]
        while len(shards) == 4:
            assert time.monotonic() < deadline, "no shard was split"
            count += len(kinesis.put_records(StreamName="a", Records=[record] * 10)["Records"])
            shards = kinesis.list_shards(StreamName="a")["Shards"]

        children = [shard for shard in shards if shard.get("ParentShardId") == "shardId-000000000000"]
        assert len(children) == 2 and "EndingSequenceNumber" in shards[0]["SequenceNumberRange"]
        assert kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
        placed = kinesis.put_record(StreamName="a", PartitionKey="k", ExplicitHashKey="0", Data=b"after")
        assert placed["ShardId"] in {shard["ShardId"] for shard in shards[4:]}
        read, iterator = 0, kinesis.get_shard_iterator(
            StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator)
            read += len(answer["Records"])
            iterator = answer.get("NextShardIterator")
        assert read <= count and len(answer["ChildShards"]) == 2
