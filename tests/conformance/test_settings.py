"""What is set on a stream and on an account: encryption, monitoring, mode, sizes, warm throughput, distribution."""

import uuid

import pytest
from conftest import wait_active
from support.raw import CBOR, Wire
from valid import KEY

METRICS = ["IncomingBytes", "OutgoingRecords", "IteratorAgeMilliseconds", "IncomingRecords",
           "ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded", "OutgoingBytes"]


def summary_of(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]


def records_of(kinesis, stream):
    """All records of all shards."""
    records = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return records


@pytest.fixture
def on_demand(make_stream):
    return make_stream(None, StreamModeDetails={"StreamMode": "ON_DEMAND"})


@pytest.mark.parametrize("key", [
    KEY, "alias/aws/kinesis", "alias/mine", f"arn:aws:kms:us-east-1:123456789012:key/{KEY}",
    "arn:aws:kms:us-east-1:123456789012:alias/mine", "mrk-" + "a" * 32, f"arn:aws-cn:kms:cn-north-1:123456789012:key/{KEY}"])
def test_encryption_begins_and_ends(kinesis, stream, key):
    def put(data):
        one = kinesis.put_record(StreamName=stream, PartitionKey="a", Data=data)
        many = kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": "a", "Data": data}])
        return one.get("EncryptionType"), many.get("EncryptionType")

    assert put(b"before") == (None, None)
    kinesis.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=key)
    wait_active(kinesis, stream)
    for description in (summary_of(kinesis, stream), kinesis.describe_stream(StreamName=stream)["StreamDescription"]):
        assert (description["EncryptionType"], description["KeyId"]) == ("KMS", key)
    assert put(b"within") == ("KMS", "KMS")
    kinesis.stop_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=key)
    wait_active(kinesis, stream)
    assert put(b"after") == (None, None)

    description = summary_of(kinesis, stream)
    assert description["EncryptionType"] == "NONE" and "KeyId" not in description
    told = [(record["Data"], record.get("EncryptionType")) for record in records_of(kinesis, stream)]
    assert told == [(b"before", None)] * 2 + [(b"within", "KMS")] * 2 + [(b"after", None)] * 2


def test_ending_what_is_not_encrypted_changes_nothing(kinesis, stream):
    kinesis.stop_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId="whatever")

    assert summary_of(kinesis, stream)["StreamStatus"] == "ACTIVE"


def test_monitoring_is_switched_on_and_off(kinesis, stream):
    def listed():
        return [d["EnhancedMonitoring"][0]["ShardLevelMetrics"] for d in (
            summary_of(kinesis, stream), kinesis.describe_stream(StreamName=stream)["StreamDescription"])]

    arn = summary_of(kinesis, stream)["StreamARN"]
    named = {"StreamName": stream, "StreamARN": arn}
    one = kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["OutgoingBytes", "IncomingBytes"])
    assert listed() == [["IncomingBytes", "OutgoingBytes"]] * 2
    two = kinesis.enable_enhanced_monitoring(StreamARN=arn, ShardLevelMetrics=["ALL"])
    assert listed() == [METRICS] * 2
    three = kinesis.disable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["OutgoingBytes"])
    four = kinesis.disable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])

    assert listed() == [[]] * 2
    changes = [(answer["CurrentShardLevelMetrics"], answer["DesiredShardLevelMetrics"]) for answer in (one, two, three, four)]
    left = [name for name in METRICS if name != "OutgoingBytes"]
    assert changes == [([], ["IncomingBytes", "OutgoingBytes"]), (["IncomingBytes", "OutgoingBytes"], METRICS),
                       (METRICS, left), (left, [])]
    assert all(answer[key] == value for answer in (one, two, three, four) for key, value in named.items())


def test_modes_are_switched_and_shards_stay(kinesis, make_stream):
    stream = make_stream(2)
    arn = summary_of(kinesis, stream)["StreamARN"]
    before = kinesis.list_shards(StreamName=stream)["Shards"]
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    wait_active(kinesis, stream)

    description = summary_of(kinesis, stream)
    assert description["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert description["RecordDistributionStrategy"] == "USER_PARTITION_KEY"
    assert kinesis.list_shards(StreamName=stream)["Shards"] == before
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn, RecordDistributionStrategy="AUTO")
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    wait_active(kinesis, stream)
    description = summary_of(kinesis, stream)
    assert description["StreamModeDetails"] == {"StreamMode": "PROVISIONED"} and "RecordDistributionStrategy" not in description
    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"x")


def test_records_of_ten_mebibytes(kinesis, wire, make_stream):
    stream = make_stream()
    arn = summary_of(kinesis, stream)["StreamARN"]
    largest = 10 * 2**20 - 1
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10240)
    wait_active(kinesis, stream)
    assert summary_of(kinesis, stream)["MaxRecordSizeInKiB"] == 10240

    data = bytes(range(256)) * (largest // 256) + b"x" * (largest % 256)
    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=data)
    assert [record["Data"] for record in records_of(kinesis, stream)] == [data]
    one_more = wire.call("PutRecord", {"StreamName": stream, "PartitionKey": "ab", "Data": data}, CBOR)
    assert one_more.error == (
        "ValidationException",
        "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or "
        "equal to 10485760")
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=2048)
    wait_active(kinesis, stream)
    small = wire.call("PutRecord", {"StreamName": stream, "PartitionKey": "a", "Data": bytes(2**21)}, CBOR)
    assert small.error[0] == "ValidationException" and small.error[1].endswith("less than or equal to 2097152")
    assert wire.call("PutRecord", {"StreamName": stream, "PartitionKey": "a", "Data": bytes(2**21 - 1)}, CBOR).status == 200


def test_auto_streams_spread_records_themselves(kinesis, wire, on_demand):
    arn = summary_of(kinesis, on_demand)["StreamARN"]
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn, RecordDistributionStrategy="AUTO")

    assert summary_of(kinesis, on_demand)["RecordDistributionStrategy"] == "AUTO"
    placed = [kinesis.put_record(StreamName=on_demand, PartitionKey="same", Data=b"k")["ShardId"] for _ in range(8)]
    placed += [record["ShardId"] for record in kinesis.put_records(
        StreamName=on_demand, Records=[{"Data": b"n"}] * 8)["Records"]]
    assert sorted(placed) == sorted(f"shardId-00000000000{i}" for i in range(4) for _ in range(4))
    ignored = wire.call("PutRecord", {"StreamName": on_demand, "ExplicitHashKey": str(10**38 * 9), "Data": ""})
    assert ignored.status == 200
    told = [(record["Data"], record.get("PartitionKey")) for record in records_of(kinesis, on_demand)]
    assert sorted(told, key=str) == sorted([(b"k", "same")] * 8 + [(b"n", None)] * 8 + [(b"", None)], key=str)
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn, RecordDistributionStrategy="USER_PARTITION_KEY")
    assert wire.call("PutRecord", {"StreamName": on_demand, "Data": ""}).error[0] == "ValidationException"
    same = {kinesis.put_record(StreamName=on_demand, PartitionKey="same", Data=b"k")["ShardId"] for _ in range(4)}
    assert len(same) == 1


def test_the_commitment_of_an_account(endpoint):
    """In an account of its own: the setting is the whole account's."""
    wire = Wire(endpoint, f"{uuid.uuid4().int % 10**12:012d}", "secret")

    def commitment(operation, **members):
        return wire.call(operation, members).value["MinimumThroughputBillingCommitment"]

    def update(status):
        return commitment("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": status})

    assert commitment("DescribeAccountSettings") == {"Status": "DISABLED"}
    assert update("DISABLED") == {"Status": "DISABLED"}
    enabled = update("ENABLED")
    assert enabled == commitment("DescribeAccountSettings") == update("ENABLED")
    assert enabled["Status"] == "ENABLED"
    assert round(enabled["EarliestAllowedEndAt"] - enabled["StartedAt"], 3) == 86400
    ending = update("DISABLED")
    assert ending == {**enabled, "Status": "ENABLED_UNTIL_EARLIEST_ALLOWED_END"} == update("DISABLED")
    assert update("ENABLED") == enabled

    create = {"StreamName": "warm", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "WarmThroughputMiBps": 16}
    assert wire.call("CreateStream", create).status == 200
    described = wire.call("DescribeStreamSummary", {"StreamName": "warm"}).value["StreamDescriptionSummary"]
    assert described["WarmThroughput"] == {"TargetMiBps": 16, "CurrentMiBps": 16}
    updated = wire.call("UpdateStreamWarmThroughput", {"StreamName": "warm", "WarmThroughputMiBps": 8}).value
    assert updated["WarmThroughput"] == {"TargetMiBps": 8, "CurrentMiBps": 16} and updated["StreamName"] == "warm"
    assert updated["StreamARN"] == described["StreamARN"]
    too_much = wire.call("UpdateStreamWarmThroughput", {"StreamName": "warm", "WarmThroughputMiBps": 10241})
    assert too_much.error[0] == "LimitExceededException"
    for i in range(50):
        assert wire.call("RegisterStreamConsumer", {"StreamARN": described["StreamARN"], "ConsumerName": f"c{i}"}).status == 200
    one_more = wire.call("RegisterStreamConsumer", {"StreamARN": described["StreamARN"], "ConsumerName": "more"})
    assert one_more.error[0] == "LimitExceededException"
    wire.call("DeleteStream", {"StreamName": "warm", "EnforceConsumerDeletion": True})


@pytest.mark.parametrize("region, partition", [
    ("us-east-1", "aws"), ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
    ("us-iso-east-1", "aws-iso"), ("us-isob-west-1", "aws-iso-b"), ("us-isof-south-1", "aws-iso-f"),
    ("eu-isoe-west-1", "aws-iso-e"), ("eusc-de-east-1", "aws-eusc"), ("us-isolated-1", "aws")])
def test_the_partition_is_the_regions(endpoint, region, partition):
    wire = Wire(endpoint, "123456789012", "secret", region)
    wire.call("CreateStream", {"StreamName": "here", "ShardCount": 1})

    arn = wire.call("DescribeStreamSummary", {"StreamName": "here"}).value["StreamDescriptionSummary"]["StreamARN"]

    assert arn == f"arn:{partition}:kinesis:{region}:123456789012:stream/here"
    other = Wire(endpoint, "210987654321", "secret", region)
    assert other.call("DescribeStreamSummary", {"StreamARN": arn}).status == 200
    assert other.call("DescribeStreamSummary", {"StreamName": "here"}).error == (
        "ResourceNotFoundException", "Stream here under account 210987654321 not found.")
    elsewhere = Wire(endpoint, "123456789012", "secret", "us-west-2")
    assert elsewhere.call("DescribeStreamSummary", {"StreamARN": arn}).error == (
        "ResourceNotFoundException", "Stream here under account 123456789012 not found.")
    consumer = wire.call("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "c"}).value["Consumer"]["ConsumerARN"]
    assert consumer.startswith(f"{arn}/consumer/c:")
    described = wire.call("DescribeStreamConsumer", {"ConsumerARN": consumer}).value["ConsumerDescription"]
    assert described["StreamARN"] == arn
    wire.call("DeleteStream", {"StreamName": "here", "EnforceConsumerDeletion": True})
