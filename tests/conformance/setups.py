"""What a case of the table finds when it comes: streams by name, made once each and only ever asked wrong things.

Placeholders: {S} stream, {A} its account, {R} its region, {ARN}, {C} a consumer of it, {CARN}, {T} its creation second,
{NEW} a name nobody has, {ITERATOR}, {START0} and {START1} the starting numbers of shards 0 and 1, {END0} the ending number
of shard 0, {PUT0} the number of a record in it, {CREATED} the stream's creation second.
"""

import uuid

from support.server import client

SHARDS = ["0", str(2**127)]


def replaced(value, places):
    """`value` with every placeholder in its strings filled in."""
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {replaced(key, places): replaced(item, places) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [replaced(item, places) for item in value]
    return value


def places_of(kinesis, name):
    """Everything a case may name of a stream that is ACTIVE and has a consumer."""
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    _, _, _, region, account, _ = arn.split(":", 5)
    places = {"S": name, "ARN": arn, "R": region, "A": account, "NEW": f"new-{uuid.uuid4().hex[:12]}",
              "CREATED": str(int(summary["StreamCreationTimestamp"].timestamp()))}
    for shard in kinesis.list_shards(StreamName=name)["Shards"][:2]:
        index = int(shard["ShardId"][-12:])
        places[f"START{index}"] = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId="0", ShardIteratorType="TRIM_HORIZON")
    places["ITERATOR"] = iterator["ShardIterator"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="consumer")["Consumer"]
    places |= {"C": "consumer", "CARN": consumer["ConsumerARN"], "T": consumer["ConsumerARN"].rpartition(":")[2]}
    return places


def two_shards(kinesis, make):
    """A provisioned stream with two shards and a record in shard 0."""
    name = make(2)
    put = kinesis.put_record(StreamName=name, PartitionKey="a", ExplicitHashKey="0", Data=b"x")
    return {**places_of(kinesis, name), "PUT0": put["SequenceNumber"]}


def resharded(kinesis, make):
    """A provisioned stream whose shard 0 was split into 2 and 3."""
    places = two_shards(kinesis, make)
    kinesis.split_shard(StreamName=places["S"], ShardToSplit="0", NewStartingHashKey="100")
    closed = kinesis.list_shards(StreamName=places["S"])["Shards"][0]
    return {**places, "END0": closed["SequenceNumberRange"]["EndingSequenceNumber"]}


def on_demand(kinesis, make):
    return places_of(kinesis, make(None, StreamModeDetails={"StreamMode": "ON_DEMAND"}))


def auto(kinesis, make):
    """An on-demand stream that spreads its records itself."""
    places = places_of(kinesis, make(None, StreamModeDetails={"StreamMode": "ON_DEMAND"},
                                     RecordDistributionStrategy="AUTO"))
    return places


def no_stream(kinesis, make):
    """Names and ARNs of what does not exist."""
    places = two_shards(kinesis, make)
    name = places["NEW"]
    arn = places["ARN"].replace(places["S"], name)
    return {**places, "S": name, "ARN": arn, "CARN": f"{arn}/consumer/consumer:1"}


def other_account(kinesis, make):
    """The same in another account."""
    places = no_stream(kinesis, make)
    for name in ("ARN", "CARN"):
        places[name] = places[name].replace(f":{places['A']}:", ":999999999999:")
    return {**places, "A": "999999999999"}


def other_region(kinesis, make):
    """A stream of a region that the request is not sent to."""
    there = client(kinesis.meta.endpoint_url, region="eu-west-1")
    return two_shards(there, lambda count: make(count, region_client=there))


SETUPS = {setup.__name__: setup for setup in (two_shards, resharded, on_demand, auto, no_stream, other_account,
                                             other_region)}
