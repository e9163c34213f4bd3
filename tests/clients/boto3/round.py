"""A round by boto3. See ../clients.py."""

import json
import os

import boto3

ENDPOINT, STREAM = os.environ["ENDPOINT"], os.environ["STREAM"]
RECORDS = [(f"key-{i % 7}", f"{i}|".encode() + bytes(range(256))) for i in range(200)]

kinesis = boto3.client("kinesis", endpoint_url=ENDPOINT)


def put():
    """Returns, for each record, where it was acknowledged: (shard, sequence number)."""
    places = []
    for key, data in RECORDS[:20]:
        answer = kinesis.put_record(StreamName=STREAM, PartitionKey=key, Data=data)
        places.append((answer["ShardId"], answer["SequenceNumber"]))
    for start in (20, 110):
        batch = [{"PartitionKey": key, "Data": data} for key, data in RECORDS[start:start + 90]]
        answer = kinesis.put_records(StreamName=STREAM, Records=batch)
        assert answer["FailedRecordCount"] == 0, answer
        places += [(entry["ShardId"], entry["SequenceNumber"]) for entry in answer["Records"]]
    return places


def read(shard):
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = []
    while True:
        answer = kinesis.get_records(ShardIterator=iterator)
        records += answer["Records"]
        iterator = answer["NextShardIterator"]
        if not answer["Records"] and answer["MillisBehindLatest"] == 0:
            return records


def subscribe(consumer, shard, count):
    events = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId=shard, StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]
    records = []
    if count:
        for event in events:
            records += event["SubscribeToShardEvent"]["Records"]
            if len(records) >= count:
                break
    events.close()
    return records


def compare(shards, places):
    """`shards` is what was read of each."""
    found = {}
    for shard, records in shards.items():
        numbers = [int(record["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers)), f"{shard}: {numbers}"
        last_of_key = {}
        for record in records:
            found[shard, record["SequenceNumber"]] = (record["PartitionKey"], record["Data"])
            index = int(record["Data"].split(b"|", 1)[0])
            assert last_of_key.get(record["PartitionKey"], -1) < index, f"{shard}: order of {record}"
            last_of_key[record["PartitionKey"]] = index
    assert sum(map(len, shards.values())) == len(RECORDS)
    assert found == dict(zip(places, RECORDS, strict=True))
    return len(found)


def check_error(code, message, call, **arguments):
    try:
        call(**arguments)
    except kinesis.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert message in error.response["Error"]["Message"], error
    else:
        raise AssertionError(f"no {code}")


kinesis.create_stream(StreamName=STREAM, ShardCount=2)
kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
places = put()
shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]]
assert len(shards) == 2
read_back = {shard: read(shard) for shard in shards}
count = compare(read_back, places)

check_error("ResourceNotFoundException", f"Stream {STREAM}-missing under account 000000000000 not found.",
            kinesis.describe_stream_summary, StreamName=f"{STREAM}-missing")
check_error("ResourceInUseException", STREAM, kinesis.create_stream, StreamName=STREAM, ShardCount=2)
check_error("InvalidArgumentException", "", kinesis.get_records, ShardIterator="none")

stream_arn = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["StreamARN"]
consumer = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
pushed = compare({shard: subscribe(consumer, shard, len(read_back[shard])) for shard in shards}, places)
kinesis.delete_stream(StreamName=STREAM, EnforceConsumerDeletion=True)
print(json.dumps({"version": boto3.__version__, "records": count, "pushed": pushed}))
