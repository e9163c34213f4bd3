"""Every row of the table of refusals, in JSON and in CBOR."""

import pytest
from support.frames import Frames
from support.raw import CBOR, JSON, in_form
from valid import VALID
from setups import SETUPS, replaced
from table import ROWS


@pytest.fixture(scope="module")
def places(kinesis, make_module_stream):
    """What each setup has made, made when first asked for."""
    made = {}

    def of(setup):
        if setup not in made:
            made[setup] = SETUPS[setup](kinesis, make_module_stream)
        return made[setup]

    return of


@pytest.mark.parametrize("form", [JSON, CBOR], ids=["json", "cbor"])
@pytest.mark.parametrize("setup, operation, members, code, text", ROWS,
                         ids=[f"{row[1]}-{index}" for index, row in enumerate(ROWS)])
def test_a_refusal(wire, places, setup, operation, members, code, text, form):
    known = places(setup)
    members = replaced(members, known)

    answer = wire.call(operation, in_form(members, form), form)

    expected = {"__type": code} if text is None else {"__type": code, "message": replaced(text, known)}
    assert (answer.status, answer.value) == (500 if code == "InternalFailure" else 400, expected)


@pytest.mark.parametrize("form", [JSON, CBOR], ids=["json", "cbor"])
@pytest.mark.parametrize("operation", sorted(VALID))
def test_the_request_that_rows_are_made_of_is_right(kinesis, wire, endpoint, make_stream, operation, form):
    """Else a row might be refused for another reason than its own."""
    is_for_on_demand = operation == "UpdateStreamRecordDistributionStrategy"
    name = make_stream(None, StreamModeDetails={"StreamMode": "ON_DEMAND"}) if is_for_on_demand else make_stream(2)
    members = SETUPS["on_demand" if is_for_on_demand else "two_shards"](kinesis, lambda *_, **__: name)
    if operation == "DeleteResourcePolicy":
        kinesis.put_resource_policy(ResourceARN=members["ARN"], Policy=VALID["PutResourcePolicy"]["Policy"])
    if operation == "DeleteStream":
        kinesis.deregister_stream_consumer(ConsumerARN=members["CARN"])
    request = replaced(VALID[operation], members)

    if operation == "SubscribeToShard":
        frames = Frames(endpoint, request, form)
        assert frames.response.status == 200 and frames.next()[0][0] == (":event-type", "initial-response")
        frames.close()
        return

    answer = wire.call(operation, in_form(request, form), form)

    if operation == "UpdateStreamWarmThroughput":
        assert answer.error[0] == "ValidationException"  # Only accounts with a commitment have it.
    else:
        assert answer.status == 200, answer.value
    if operation == "CreateStream":
        kinesis.delete_stream(StreamName=members["NEW"])
    if operation != "DeleteStream":
        kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def test_the_table_is_long_enough_to_mean_something():
    assert len(ROWS) >= 300
