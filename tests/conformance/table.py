"""The table of refusals: (setup, operation, members, type, text). One row is one request and the exact answer to it.

Placeholders are those of setups.py; what a row does not give of the members comes from valid.VALID when it begins
with `...`. docs/compatibility.md counts the rows of each operation.
"""

from valid import ARN, BY_ARN, BY_NAME, BY_RESOURCE, STREAM, VALID

NOT_FOUND = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
INVALID = "InvalidArgumentException"
VALIDATION = "ValidationException"
LIMIT = "LimitExceededException"

NOSTREAM = (NOT_FOUND, "Stream {S} under account {A} not found.")
EITHER = (INVALID, "Either StreamName or StreamARN should be provided.")
TAGCHARS = (INVALID, "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
                     "_ . / = + - % @.")
ONDEMAND = (VALIDATION, "Request is invalid. Stream {S} under account {A} is in On-Demand mode.")
COMBINATION = ("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) "
               "TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ")
TOO_MANY_TAGS = (INVALID, "Failed to add tags to stream {S} under account {A} because a given stream cannot have more "
                          "than 10 tags associated with it.")
WARM_MODE = (INVALID, "WarmThroughputMiBps is only supported for streams in On-Demand mode.")
COMMITMENT = (VALIDATION, "WarmThroughputMiBps is only supported in accounts that have "
                          "MinimumThroughputBillingCommitment enabled. Account {A} does not.")
OTHER_CONSUMER = (NOT_FOUND, "Consumer {C} with creation timestamp 1 under stream: {S}, account {A} not found.")


def null(path):
    return (VALIDATION, f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: "
                        "Member must not be null")


def noshard1(shown):
    return NOT_FOUND, "Could not find shard " + shown + " in stream {S} under account {A}."


def noshard2(shown):
    return NOT_FOUND, "Shard " + shown + " in stream {S} under account {A} does not exist"


def on(setup, operation, changes, answer):
    """A row whose request is the valid one with `changes`; None takes a member out."""
    members = {**VALID[operation], **changes}
    return setup, operation, {key: value for key, value in members.items() if value is not None}, *answer


def rows_of_identifiers():
    """Sections 2.5 and 2.6: name, ARN, both, neither; unknown here or in another account."""
    by_name = [name for name in BY_NAME if name != "GetShardIterator"]
    for operation in by_name:
        yield on("no_stream", operation, {}, NOSTREAM)
        for setup in ("no_stream", "other_account"):
            yield on(setup, operation, {"StreamName": None, **ARN}, NOSTREAM)
        yield on("other_region", operation, {"StreamName": None, **ARN}, NOSTREAM)
        yield on("two_shards", operation, {"StreamName": "other", **ARN},
                 (INVALID, "StreamName other and StreamARN {ARN} name different streams."))
    for operation in BY_ARN:
        for setup in ("no_stream", "other_account", "other_region"):
            yield on(setup, operation, {}, NOSTREAM)
    for operation in BY_RESOURCE:
        for setup in ("no_stream", "other_account", "other_region"):
            yield on(setup, operation, {}, NOSTREAM)
            yield on(setup, operation, {"ResourceARN": "{CARN}"}, NOSTREAM)
        yield on("two_shards", operation, {"ResourceARN": "{ARN}/consumer/{C}:1"}, OTHER_CONSUMER)
        for kind in ("queue", "channel"):
            arn = f"arn:aws:kinesis:{{R}}:{{A}}:{kind}/x"
            yield on("two_shards", operation, {"ResourceARN": arn}, (NOT_FOUND, f"Resource {arn} not found."))
    for operation in ("EnableEnhancedMonitoring", "DisableEnhancedMonitoring", "StartStreamEncryption",
                      "StopStreamEncryption", "UpdateStreamWarmThroughput"):
        yield on("two_shards", operation, {"StreamName": None}, EITHER)
    for operation in ("PutRecord", "DescribeStream", "SplitShard", "UpdateShardCount", "ListTagsForStream"):
        yield on("two_shards", operation, {"StreamName": None}, null("streamName"))
    yield on("two_shards", "UpdateMaxRecordSize", {"StreamARN": None}, (INVALID, "StreamARN should be provided."))
    for setup in ("no_stream", "other_account", "other_region"):
        yield on(setup, "GetShardIterator", {"StreamName": None, **ARN}, noshard2("shardId-000000000000"))


def rows_of_streams():
    """Sections 2.7 and 3: what streams refuse."""
    yield on("two_shards", "CreateStream", STREAM, (IN_USE, "Stream {S} under account {A} already exists."))
    mode = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    yield on("two_shards", "CreateStream", mode, (INVALID, "ShardCount is not expected when StreamMode=ON_DEMAND"))
    provisioned = {"StreamModeDetails": {"StreamMode": "PROVISIONED"}}
    yield on("two_shards", "CreateStream", {**provisioned, "ShardCount": None}, null("shardCount"))
    yield on("two_shards", "CreateStream", {"WarmThroughputMiBps": 8}, WARM_MODE)
    yield on("two_shards", "CreateStream", {**mode, "ShardCount": None, "WarmThroughputMiBps": 8}, COMMITMENT)
    yield on("two_shards", "CreateStream", {"RecordDistributionStrategy": "AUTO"},
             (INVALID, "RecordDistributionStrategy is only supported for streams in On-Demand mode."))
    for tags in ({"a;": "b"}, {"a": "b#"}, {"aws:x": "y"}):
        yield on("two_shards", "CreateStream", {"Tags": tags}, TAGCHARS)
    new = (INVALID, TOO_MANY_TAGS[1].replace("{S}", "{NEW}"))
    yield on("two_shards", "CreateStream", {"Tags": {str(i): "x" for i in range(51)}}, new)
    yield on("two_shards", "DeleteStream", {},
             (IN_USE, "DeleteStream can't delete {A}:{S} because there are consumers associated with this data stream. "
                      "To delete {S} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion "
                      "of all the consumers that are associated with it."))
    yield on("two_shards", "DeleteStream", {"EnforceConsumerDeletion": False},
             (IN_USE, "DeleteStream can't delete {A}:{S} because there are consumers associated with this data stream. "
                      "To delete {S} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion "
                      "of all the consumers that are associated with it."))
    for hours in (-1, 0, 1, 23):
        for operation in ("IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"):
            yield on("two_shards", operation, {"RetentionPeriodHours": hours},
                     (INVALID, "Minimum allowed retention period is 24 hours. Requested retention period "
                               f"({hours} hours) is too short."))
    for hours in (8761, 100000):
        yield on("two_shards", "IncreaseStreamRetentionPeriod", {"RetentionPeriodHours": hours},
                 (INVALID, "Maximum allowed retention period is 8760 hours. Requested retention period "
                           f"({hours} hours) is too long."))
    yield on("two_shards", "DecreaseStreamRetentionPeriod", {"RetentionPeriodHours": 25},
             (INVALID, "Requested retention period (25 hours) for stream {S} can not be longer than existing retention "
                       "period (24 hours). Use IncreaseRetentionPeriod API."))
    for operation in ("SplitShard", "MergeShards", "UpdateShardCount"):
        yield on("on_demand", operation, {}, ONDEMAND)


def rows_of_reshards():
    """Sections 2.7 and 3.7: splits, merges, scaling."""
    for shard in ("ABKLFD8", "2.14E4", "2147483648", "shardId-002147483648"):
        yield on("two_shards", "SplitShard", {"ShardToSplit": shard}, noshard1(shard))
        yield on("no_stream", "SplitShard", {"ShardToSplit": shard}, noshard1(shard))
        yield on("two_shards", "MergeShards", {"ShardToMerge": shard}, noshard1(shard))
        yield on("two_shards", "MergeShards", {"AdjacentShardToMerge": shard}, noshard1(shard))
        yield on("two_shards", "GetShardIterator", {"ShardId": shard}, noshard1(shard))
    for shard in ("5", "shard-5", "shardId-000000000005", "-00000000005"):
        yield on("two_shards", "SplitShard", {"ShardToSplit": shard}, noshard1("shardId-000000000005"))
        yield on("two_shards", "MergeShards", {"ShardToMerge": shard}, noshard1("shardId-000000000005"))
        yield on("two_shards", "GetShardIterator", {"ShardId": shard}, noshard2("shardId-000000000005"))
    closed = (INVALID, "Shard shardId-000000000000 in stream {S} under account {A} has already been merged or split, and "
                       "thus is not eligible for merging or splitting.")
    yield on("resharded", "SplitShard", {}, closed)
    yield on("resharded", "MergeShards", {}, closed)
    end = 2**127 - 1
    for key in (0, 1, end, end + 1, 2**128 - 1, 2**128):
        yield on("two_shards", "SplitShard", {"NewStartingHashKey": str(key)},
                 (INVALID, f"NewStartingHashKey {key} used in SplitShard() on shard shardId-000000000000 in stream {{S}} "
                           "under account {A} is not both greater than one plus the shard's StartingHashKey 0 and less "
                           f"than the shard's EndingHashKey {end}."))
    for first, second in ((1, 0), (0, 0)):
        yield on("two_shards", "MergeShards", {"ShardToMerge": str(first), "AdjacentShardToMerge": str(second)},
                 (INVALID, f"Shards shardId-00000000000{first} and shardId-00000000000{second} in stream {{S}} under "
                           "account {A} are not an adjacent pair of shards eligible for merging"))
    for target in (5, 100):
        yield on("two_shards", "UpdateShardCount", {"TargetShardCount": target},
                 (LIMIT, "UpdateShardCount cannot scale up over double your current open shard count. Current open "
                         f"shard count: 2, Target shard count: {target}"))
    yield on("resharded", "UpdateShardCount", {"TargetShardCount": 1},
             (LIMIT, "UpdateShardCount cannot scale down below half your current open shard count. Current open shard "
                     "count: 3, Target shard count: 1"))
    yield on("two_shards", "UpdateShardCount", {"TargetShardCount": 10001},
             (LIMIT, "Target shard count or number of open shards cannot be greater than 10000. Current open shard "
                     "count: 2, Target shard count: 10001"))


def rows_of_settings():
    """Sections 3.8, 3.9, 3.12 and the distribution of records."""
    for operation in ("StartStreamEncryption", "StopStreamEncryption"):
        yield on("two_shards", operation, {"EncryptionType": "NONE"},
                 (INVALID, "EncryptionType must be KMS. Requested: NONE."))
    for key in ("x", "12345678-1234-1234-1234-12345678901", "alias/", "alias", "12345678_1234-1234-1234-123456789012",
                "arn:aws:kms:us-east-1:123456789012:key/x", "arn:aws:iam::123456789012:key/" + "1" * 36, "mrk-1234",
                "arn:aws:kms:us-east-1"):
        yield on("two_shards", "StartStreamEncryption", {"KeyId": key},
                 (INVALID, f"KeyId {key} is not the id, alias or ARN of a key."))
    for strategy in ("AUTO", "USER_PARTITION_KEY"):
        yield on("two_shards", "UpdateStreamRecordDistributionStrategy", {"RecordDistributionStrategy": strategy},
                 (INVALID, "RecordDistributionStrategy is only supported for streams in On-Demand mode."))
    yield on("two_shards", "UpdateStreamWarmThroughput", {},
             (VALIDATION, "Request is invalid. Stream {S} under account {A} is not in On-Demand mode."))
    yield on("on_demand", "UpdateStreamWarmThroughput", {}, COMMITMENT)
    yield on("on_demand", "UpdateStreamMode", {"WarmThroughputMiBps": 8}, WARM_MODE)
    yield on("two_shards", "UpdateStreamMode",
             {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "WarmThroughputMiBps": 8}, COMMITMENT)


def rows_of_puts():
    """Section 5, and the rules of AUTO streams."""
    for key in (2**128, 10**38 * 9):
        text = ("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
                f"{key}")
        yield on("two_shards", "PutRecord", {"ExplicitHashKey": str(key)}, (INVALID, text))
        entry = {"PartitionKey": "a", "Data": b"x"}
        yield on("two_shards", "PutRecords", {"Records": [entry, {**entry, "ExplicitHashKey": str(key)}]},
                 (INVALID, text))
    for number in ("1" * 56, "3" * 56, "49" + "9" * 54):
        yield on("two_shards", "PutRecord", {"SequenceNumberForOrdering": number},
                 (INVALID, f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {{S}} under account "
                           "{A} is invalid."))
    yield on("two_shards", "PutRecord", {"PartitionKey": None}, null("partitionKey"))
    yield on("no_stream", "PutRecord", {"PartitionKey": None}, NOSTREAM)
    entries = [{"PartitionKey": "a", "Data": b""}, {"Data": b""}]
    yield on("two_shards", "PutRecords", {"Records": entries}, null("records.2.member.partitionKey"))
    yield on("on_demand", "PutRecord", {"PartitionKey": None}, null("partitionKey"))
    yield on("auto", "PutRecord", {"SequenceNumberForOrdering": "0"},
             (INVALID, "SequenceNumberForOrdering is not supported for streams with the AUTO record distribution "
                       "strategy."))
    dry = ("DryRunOperationException", "The request would have succeeded, but DryRun is set.")
    for operation in ("PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "SubscribeToShard"):
        yield on("two_shards", operation, {"DryRun": True}, dry)
    yield on("two_shards", "PutRecord", {"DryRun": True, "ExplicitHashKey": str(2**128)},
             (INVALID, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value "
                       f"was {2**128}"))
    yield on("two_shards", "GetRecords", {"DryRun": True, "ShardIterator": "AAAA"}, (INVALID, "Invalid ShardIterator."))
    yield on("no_stream", "PutRecords", {"DryRun": True}, NOSTREAM)


def rows_of_positions(operation, place):
    """Section 6.2: where reading begins. `place(type, number, timestamp)` gives the members that say it."""
    for kind in ("TRIM_HORIZON", "LATEST"):
        yield on("two_shards", operation, place(kind, "{START0}", None),
                 (INVALID, COMBINATION + kind + " and also a StartingSequenceNumber."))
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        yield on("two_shards", operation, place(kind, None, None),
                 (INVALID, COMBINATION + kind + " and no StartingSequenceNumber."))
        used = f" used in {operation} on shard shardId-000000000000 in stream {{S}} under account {{A}} is invalid"
        for number in ("1" * 56, "3" * 56, "9" * 129):
            yield on("two_shards", operation, place(kind, number, None),
                     (INVALID, f"StartingSequenceNumber {number}{used}."))
        yield on("two_shards", operation, place(kind, "{START1}", None),
                 (INVALID, "Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in a "
                           "call to a shard with shardId-000000000000"))
        foreign = "49592592288669974188510550010873737925033238827737546754"  # Shard 0 of another stream, years ago.
        yield on("two_shards", operation, place(kind, foreign, None),
                 (INVALID, f"StartingSequenceNumber {foreign}{used} because it did not come from this stream."))
        yield on("two_shards", operation, place(kind, "0", None), ("InternalFailure", None))
    yield on("resharded", operation, place("AFTER_SEQUENCE_NUMBER", "{END0}", None),
             (INVALID, "Invalid SequenceNumber for ShardIteratorType AFTER_SEQUENCE_NUMBER, SequenceNumber has reached max "
                       "possible value for the shard."))
    yield on("two_shards", operation, place("AT_TIMESTAMP", None, None),
             (INVALID, "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has "
                       "no timestamp parameter."))
    yield on("two_shards", operation, place("AT_TIMESTAMP", "{START0}", 1.0),
             (INVALID, COMBINATION + "AT_TIMESTAMP and also a StartingSequenceNumber."))


def rows_of_reads():
    """Sections 6 and 7."""
    yield from rows_of_positions("GetShardIterator", lambda kind, number, timestamp: {
        "ShardIteratorType": kind, "StartingSequenceNumber": number, "Timestamp": timestamp})
    yield from rows_of_positions("SubscribeToShard", lambda kind, number, timestamp: {
        "StartingPosition": {key: value for key, value in {
            "Type": kind, "SequenceNumber": number, "Timestamp": timestamp}.items() if value is not None}})
    for iterator in ("x", "AAAAAAAAAAE=", "A" * 512, '"AAAA"'):
        yield on("two_shards", "GetRecords", {"ShardIterator": iterator}, (INVALID, "Invalid ShardIterator."))
    yield on("two_shards", "GetRecords", {"StreamARN": "{ARN}x"}, (INVALID, "Invalid ShardIterator."))
    yield "two_shards", "ListShards", {}, INVALID, "Either NextToken or StreamName should be provided."
    for member, value in (("StreamName", "{S}"), ("ExclusiveStartShardId", "0"), ("StreamCreationTimestamp", 1.0),
                          ("ShardFilter", {"Type": "AT_LATEST"})):
        yield ("two_shards", "ListShards", {"NextToken": "x", member: value}, INVALID,
               f"NextToken and {member} cannot be provided together.")
    yield "two_shards", "ListShards", {"NextToken": "x"}, INVALID, "Invalid NextToken."
    yield "two_shards", "ListStreams", {"NextToken": "x"}, INVALID, "Invalid NextToken."
    yield on("two_shards", "ListShards", {"StreamCreationTimestamp": 1.0}, NOSTREAM)
    yield on("two_shards", "ListShards", {"ShardFilter": {"Type": "AFTER_SHARD_ID"}},
             (INVALID, "ShardId must be supplied in a ShardFilter with a Type of AFTER_SHARD_ID"))
    for kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        yield on("two_shards", "ListShards", {"ShardFilter": {"Type": kind}},
                 (INVALID, "Timestamp must be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or AT_TIMESTAMP"))
    for kind in ("AT_LATEST", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_TIMESTAMP", "FROM_TIMESTAMP"):
        given = {"Type": kind, "ShardId": "0", **({"Timestamp": 1.0} if kind.endswith("STAMP") else {})}
        yield on("two_shards", "ListShards", {"ShardFilter": given},
                 (INVALID, "ShardId can only be supplied in a ShardFilter with a Type of AFTER_SHARD_ID"))
    for kind in ("AT_LATEST", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AFTER_SHARD_ID"):
        given = {"Type": kind, "Timestamp": 1.0, **({"ShardId": "0"} if kind.startswith("AFTER") else {})}
        yield on("two_shards", "ListShards", {"ShardFilter": given},
                 (INVALID, "Timestamp can only be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or "
                           "AT_TIMESTAMP"))


def rows_of_consumers():
    """Section 8."""
    exists = (IN_USE, "Consumer {C} under stream {S} already exists.")
    yield on("two_shards", "RegisterStreamConsumer", {"ConsumerName": "{C}"}, exists)
    for tags in ({"a;": "b"}, {"aws:x": "y"}):
        yield on("two_shards", "RegisterStreamConsumer", {"Tags": tags}, TAGCHARS)
    yield on("two_shards", "RegisterStreamConsumer", {"Tags": {str(i): "x" for i in range(51)}}, TOO_MANY_TAGS)
    for operation in ("DescribeStreamConsumer", "DeregisterStreamConsumer"):
        must = (INVALID, "Must specify either ConsumerARN, or both StreamARN and ConsumerName.")
        for members in ({}, {"StreamARN": "{ARN}"}, {"ConsumerName": "{C}"}):
            yield "two_shards", operation, members, *must
        conflict = (INVALID, "ConsumerARN {CARN} names another consumer than StreamARN and ConsumerName do.")
        yield on("two_shards", operation, {"ConsumerName": "other"}, conflict)
        yield on("two_shards", operation, {"StreamARN": "{ARN}x"}, conflict)
        yield ("two_shards", operation, {"StreamARN": "{ARN}", "ConsumerName": "other"}, NOT_FOUND,
               "Consumer other, account {A} not found.")
        yield "no_stream", operation, {"StreamARN": "{ARN}", "ConsumerName": "x"}, *NOSTREAM
    for operation in ("DescribeStreamConsumer", "DeregisterStreamConsumer", "SubscribeToShard"):
        for setup in ("no_stream", "other_account", "other_region"):
            yield on(setup, operation, {}, NOSTREAM)
        yield on("two_shards", operation, {"ConsumerARN": "{ARN}/consumer/{C}:1"}, OTHER_CONSUMER)
    yield on("two_shards", "ListStreamConsumers", {"NextToken": "x"}, (INVALID, "Invalid NextToken."))
    yield on("two_shards", "ListStreamConsumers", {"NextToken": "x", "StreamCreationTimestamp": 1.0},
             (INVALID, "NextToken and StreamCreationTimestamp cannot be provided together."))
    yield on("two_shards", "ListStreamConsumers", {"StreamCreationTimestamp": 1.0}, NOSTREAM)
    for shard in ("ABKLFD8", "2147483648"):
        yield on("two_shards", "SubscribeToShard", {"ShardId": shard}, noshard1(shard))
    yield on("two_shards", "SubscribeToShard", {"ShardId": "7"}, noshard2("shardId-000000000007"))


def rows_of_resources():
    """Tags and policies of streams and consumers."""
    for arn in ("{ARN}", "{CARN}"):
        for tags in ({"a;": "b"}, {"a": "b#"}, {"aws:x": "y"}, {"\u00bf": "x"}):
            yield on("two_shards", "TagResource", {"ResourceARN": arn, "Tags": tags}, TAGCHARS)
        yield on("two_shards", "TagResource", {"ResourceARN": arn, "Tags": {str(i): "x" for i in range(51)}},
                 TOO_MANY_TAGS)
        yield on("two_shards", "UntagResource", {"ResourceARN": arn, "TagKeys": ["a;"]}, TAGCHARS)
        yield on("two_shards", "DeleteResourcePolicy", {"ResourceARN": arn},
                 (NOT_FOUND, f"No resource policy found for resource ARN {arn}."))
        for text in ("", "x", "{", "{} x"):
            yield on("two_shards", "PutResourcePolicy", {"ResourceARN": arn, "Policy": text},
                     (INVALID, "Policy must be valid JSON."))
    allow = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kinesis:*","Resource":"*"}]}'
    for before, after, why in (
            (allow, "{}", "it has no Statement."), (allow, '{"Statement":[]}', "it has no Statement."),
            ('{"St', '{"Version":"2020-01-01","St', "Version must be 2012-10-17 or 2008-10-17."),
            (allow, '{"Statement":[1]}', "a statement is no object."),
            ('"Allow"', '"Maybe"', "Effect must be Allow or Deny."), ('"Effect"', '"effect"', "a statement has no member effect."),
            ('"Resource"', '"NotPrincipal":{"AWS":"999999999999"},"Resource"', "a statement has no member NotPrincipal."),
            ('"Resource"', '"NotAction":"kinesis:PutRecord","Resource"', "a statement has no member NotAction."),
            ('"Resource"', '"NotResource":"*","Resource"', "a statement has no member NotResource."),
            ('"Action"', '"NotAction"', "a statement has no member NotAction."),
            ('{"St', '{"Statements":[],"St', "it has no member Statements."),
            ('"*","Action"', '{"aws":"*"},"Action"', "Principal must be * or name accounts."),
            ('"*","Action"', '"me","Action"', "Principal must be * or name accounts."),
            ('"*","Action"', '{"AWS":"12"},"Action"', "Principal must be * or name accounts."),
            ('"*","Action"', '{"AWS":[]},"Action"', "Principal must be * or name accounts."),
            ("kinesis:*", "s3:*", "Action must name actions of kinesis."),
            ('"kinesis:*"', "[]", "Action must name actions of kinesis."),
            ('"Resource":"*"', '"Resource":5', "Resource must name resources.")):
        yield on("two_shards", "PutResourcePolicy", {"Policy": allow.replace(before, after)},
                 (INVALID, "Invalid policy: " + why))


ROWS = [*rows_of_identifiers(), *rows_of_streams(), *rows_of_reshards(), *rows_of_settings(), *rows_of_puts(),
        *rows_of_reads(), *rows_of_consumers(), *rows_of_resources()]
