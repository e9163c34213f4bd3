"""Compares the declared operations with the published model: members, types, bounds, patterns, enums, both ways."""

import json
import os
import subprocess

import botocore
import botocore.session
import pytest
from differences import DIFFERENCES

MODEL_VERSION = "1.44.5"

# botocore's name of each service, by the one that signatures have.
MODELS = {"kinesis": "kinesis", "monitoring": "cloudwatch", "sts": "sts"}

# Queues and channels come with a feature of their own.
LATER = {f"{verb}{what}" for what in ("Channel", "Queue") for verb in ("Create", "Delete", "Describe", "Update")} | {
    "ListChannels", "ListQueues", "AcknowledgeQueueRecords", "AcknowledgeDeadLetterQueueRecords",
    "ReceiveQueueRecords", "ReceiveDeadLetterQueueRecords", "RestoreDeadLetterQueueRecords",
    "UpdateQueueRecordsVisibility", "UpdateDeadLetterQueueRecordsVisibility"}


# How many operations each service has; of which only some are served, where a service is there for client libraries.
OPERATIONS = {"kinesis": 57, "monitoring": 59, "sts": 11}
PARTLY_SERVED = {"monitoring", "sts"}


@pytest.fixture(scope="session")
def models():
    session = botocore.session.get_session()
    return {service: session.get_service_model(name) for service, name in MODELS.items()}


@pytest.fixture(scope="session")
def model(models):
    return models["kinesis"]


@pytest.fixture(scope="session")
def all_declared():
    written = subprocess.run([os.environ["MILLRACE_DESCRIBE"], "operations"], check=True, capture_output=True)
    return json.loads(written.stdout)


@pytest.fixture(scope="session")
def declared(all_declared):
    return all_declared["kinesis"]


def bounds(low, high):
    return (low or 0, high)


def rows_of_model(shape, prefix=""):
    """Path → (aspect → value) of a shape of the model; `[]`, `{key}` and `{value}` go into lists and maps."""
    rows = {}
    for name, member in (shape.members.items() if shape else ()):
        path = prefix + name
        row_of_model(rows, path, member)
        rows[path]["required"] = name in shape.required_members
    return rows


def row_of_model(rows, path, shape):
    limits = shape.metadata
    rows[path] = {"type": shape.type_name, "bounds": bounds(limits.get("min"), limits.get("max")),
                  "pattern": limits.get("pattern"), "enum": set(limits.get("enum") or [])}
    if shape.type_name == "structure":
        rows.update(rows_of_model(shape, path + "."))
    elif shape.type_name == "list":
        row_of_model(rows, path + "[]", shape.member)
    elif shape.type_name == "map":
        row_of_model(rows, path + "{key}", shape.key)
        row_of_model(rows, path + "{value}", shape.value)


def rows_declared(members, prefix=""):
    rows = {}
    for member in members:
        path = prefix + member["name"]
        lowest = member.get("length_min", member.get("value_min"))
        highest = member.get("length_max", member.get("value_max"))
        rows[path] = {"type": member["type"], "bounds": bounds(lowest, highest), "pattern": member.get("pattern"),
                      "enum": set(member.get("enum", [])), "required": member["required"]}
        inner = path + "."
        if member["type"] == "list":
            inner = path + "[]."
            rows[path + "[]"] = {"type": member["element_type"], "bounds": bounds(*member.get("element_length", (0, None))),
                                 "pattern": None, "enum": set(member.get("element_enum", []))}
        elif member["type"] == "map":
            for part, limits in [("{key}", "key_length"), ("{value}", "map_value_length")]:
                rows[path + part] = {"type": "string", "bounds": bounds(*member[limits]), "pattern": None, "enum": set()}
        rows.update(rows_declared(member.get("members", []), inner))
    return rows


def differences_of_input(operation, model_rows, our_rows):
    for path in model_rows.keys() | our_rows.keys():
        theirs, ours = model_rows.get(path), our_rows.get(path)
        if ours is None or theirs is None:
            yield operation, path, "missing" if ours is None else "unknown"
            continue
        for aspect in theirs:
            if theirs[aspect] != ours.get(aspect):
                yield operation, path, aspect


def differences_of_output(operation, model_rows, our_rows):
    """Answers are compared by members and types: bounds of what the server writes are not checked at run time."""
    for path in model_rows.keys() | our_rows.keys():
        theirs, ours = model_rows.get(path), our_rows.get(path)
        if ours is None or theirs is None:
            parent = path.rpartition(".")[0].removesuffix("[]")
            if parent in model_rows and parent not in our_rows:
                continue  # The whole structure is missing, which is one difference.
            yield f"{operation} out", path, "missing" if ours is None else "unknown"
        elif theirs["type"] != ours["type"]:
            yield f"{operation} out", path, "type"


def all_differences(service, models, all_declared):
    for operation, shapes in all_declared[service].items():
        published = models[service].operation_model(operation)
        yield from differences_of_input(
            operation, rows_of_model(published.input_shape), rows_declared(shapes["input"]))
        yield from differences_of_output(
            operation, rows_of_model(published.output_shape), rows_declared(shapes["output"]))


def covers(row, difference):
    operation, path, aspect, _ = row
    return (operation in ("*", difference[0])) and (path, aspect) == difference[1:]


def test_the_models_are_the_ones_this_was_built_for(models):
    assert botocore.__version__ == MODEL_VERSION
    assert {service: len(model.operation_names) for service, model in models.items()} == OPERATIONS


def test_every_service_has_a_model(all_declared):
    assert set(all_declared) == set(MODELS)


@pytest.mark.parametrize("service", MODELS)
def test_every_operation_is_one_of_the_model(service, models, all_declared):
    published, declared = set(models[service].operation_names), set(all_declared[service])
    assert declared and declared <= published
    if service not in PARTLY_SERVED:
        assert published - declared == LATER


@pytest.mark.parametrize("service", MODELS)
def test_members_agree_but_for_the_table(service, models, all_declared):
    unexplained = [difference for difference in all_differences(service, models, all_declared)
                   if not any(covers(row, difference) for row in DIFFERENCES[service])]

    assert not unexplained, "\n".join(map(str, sorted(unexplained)))


@pytest.mark.parametrize("service", MODELS)
def test_no_row_of_the_table_has_become_needless(service, models, all_declared):
    found = list(all_differences(service, models, all_declared))
    needless = [row[:3] for row in DIFFERENCES[service] if not any(covers(row, difference) for difference in found)]

    assert not needless, "\n".join(map(str, needless))


@pytest.mark.parametrize("operation, path, aspect, value", [
    ("ListStreams", "Limit", "bounds", (1, 9999)), ("CreateStream", "StreamName", "pattern", "[a-z]+"),
    ("PutRecords", "Records", "required", False), ("UpdateShardCount", "ScalingType", "enum", {"OTHER"}),
    ("AddTagsToStream", "Tags{key}", "bounds", (1, 127)),
    ("EnableEnhancedMonitoring", "ShardLevelMetrics[]", "enum", {"ALL"}),
])
def test_one_changed_row_is_noticed(model, declared, operation, path, aspect, value):
    published = rows_of_model(model.operation_model(operation).input_shape)
    before = set(differences_of_input(operation, published, rows_declared(declared[operation]["input"])))
    published[path][aspect] = value

    after = set(differences_of_input(operation, published, rows_declared(declared[operation]["input"])))

    assert after - before == {(operation, path, aspect)}
