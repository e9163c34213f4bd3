"""Where the server differs from the published model on purpose.

By service, a row is (operation, member, aspect, reason); `*` stands for any operation. A row that is no longer needed fails the
test, so this table is exactly the difference. Sources of the reasons: docs/compatibility.md.
"""

NO_ANCHORS = "the service's messages show the pattern without anchors; both match whole strings"

IGNORED = "accepted and ignored, so its characters are not checked"
FILL = "how full a token is of policies and tags, which are ignored; the service need not tell"

DIFFERENCES = {
    "kinesis": [
        ("*", "ExplicitHashKey", "pattern", NO_ANCHORS),
        ("*", "Records[].ExplicitHashKey", "pattern", NO_ANCHORS),
        ("*", "SequenceNumberForOrdering", "pattern", NO_ANCHORS),
        ("*", "StartingSequenceNumber", "pattern", NO_ANCHORS),
        ("*", "StartingPosition.SequenceNumber", "pattern", NO_ANCHORS),
        ("*", "NewStartingHashKey", "pattern", NO_ANCHORS),
        ("CreateStream", "ShardCount", "bounds", "the bound of older models: no request makes more than 100,000 shards"),
        ("DescribeStreamSummary out", "StreamDescriptionSummary.StreamId", "missing",
         "reserved by the service; client libraries send it back when they see one"),
        *[("SubscribeToShard out", f"EventStream.{name}", "missing", "an exception is sent as a frame of its own kind") for name in (
            "ResourceNotFoundException", "ResourceInUseException", "InternalFailureException")],
        *[("SubscribeToShard out", f"EventStream.KMS{name}", "missing", "there is no key store that could refuse a key") for name in (
            "DisabledException", "InvalidStateException", "AccessDeniedException", "NotFoundException", "OptInRequired",
            "ThrottlingException")],
    ],
    "monitoring": [],
    "sts": [
        ("AssumeRole", "RoleArn", "pattern", "whether it is the ARN of a role is checked as a whole"),
        *[("AssumeRole", member, "pattern", IGNORED) for member in (
            "Policy", "PolicyArns[].arn", "ProvidedContexts[].ProviderArn", "Tags[].Key", "Tags[].Value", "TransitiveTagKeys[]")],
        *[(f"{operation} out", member, "missing", FILL) for operation, member in (
            ("AssumeRole", "PackedPolicySize"), ("AssumeRole", "SessionTokenSize"), ("AssumeRole", "SessionTokenUtilization"),
            ("GetSessionToken", "SessionTokenSize"), ("GetSessionToken", "SessionTokenUtilization"))],
    ],
}
