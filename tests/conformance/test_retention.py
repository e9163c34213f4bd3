"""IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod."""

import pytest


def hours_of(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["RetentionPeriodHours"]


def test_longer_and_shorter(kinesis, stream):
    assert hours_of(kinesis, stream) == 24
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=8760)
    assert hours_of(kinesis, stream) == 8760
    kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=24)
    assert hours_of(kinesis, stream) == 24


def test_the_same_again_is_no_error(kinesis, stream):
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=24)
    kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=24)

    assert hours_of(kinesis, stream) == 24


@pytest.mark.parametrize("operation, hours, text", [
    ("Increase", 23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."),
    ("Increase", 8761,
     "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."),
    ("Increase", 47, "Requested retention period (47 hours) for stream {S} can not be shorter than existing retention "
                     "period (48 hours). Use DecreaseRetentionPeriod API."),
    ("Decrease", 23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."),
    ("Decrease", -1, "Minimum allowed retention period is 24 hours. Requested retention period (-1 hours) is too short."),
    ("Decrease", 49, "Requested retention period (49 hours) for stream {S} can not be longer than existing retention "
                     "period (48 hours). Use IncreaseRetentionPeriod API."),
])
def test_hours_that_are_refused(kinesis, wire, stream, operation, hours, text):
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)

    assert wire.call(f"{operation}StreamRetentionPeriod", {
        "StreamName": stream, "RetentionPeriodHours": hours}).error == (
        "InvalidArgumentException", text.replace("{S}", stream))
    assert hours_of(kinesis, stream) == 48
