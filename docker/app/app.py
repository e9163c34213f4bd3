"""Puts a few orders into the stream `orders` and reads each of them back.

Knows nothing of the server: endpoint, region and credentials come from the environment. It creates
no stream, because the server has created them before it says that it is healthy.
"""

import json
import uuid

import boto3

STREAM = "orders"


def main():
    kinesis = boto3.client("kinesis")
    streams = kinesis.list_streams()["StreamNames"]
    assert {"orders", "clicks"} <= set(streams), streams
    shards = kinesis.list_shards(StreamName=STREAM)["Shards"]
    assert len(shards) == 2, shards

    orders = [{"id": str(uuid.uuid4()), "customer": f"customer-{number}"} for number in range(5)]
    for order in orders:
        put = kinesis.put_record(StreamName=STREAM, PartitionKey=order["customer"],
                                 Data=json.dumps(order).encode())
        found = read_at(kinesis, put["ShardId"], put["SequenceNumber"])
        assert found == order, (found, order)
        print(f"{order['customer']}: in {put['ShardId']} at {put['SequenceNumber']}")


def read_at(kinesis, shard, sequence_number):
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=sequence_number)["ShardIterator"]
    record, = kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]
    assert record["SequenceNumber"] == sequence_number, record
    return json.loads(record["Data"])


if __name__ == "__main__":
    main()
