"""For every member of every operation in the published model, at every depth: missing, of each wrong type, below and
above its bounds, against its pattern and its enum. The texts are worked out here from the model, and from tests/model's
table where the service is known to differ from it.
"""

import copy

import botocore.session
import pytest
from support.raw import CBOR, JSON, in_form
from setups import SETUPS, replaced
from test_types import BLOB_ROW, BOOLEAN_ROW, GIVEN, INTEGER_ROW, LIST_ROW, MAP_ROW, STRING_ROW, STRUCTURE_ROW, TIMESTAMP_ROW
from valid import VALID

MODEL = botocore.session.get_session().get_service_model("kinesis")
TYPES = {"string": STRING_ROW, "integer": INTEGER_ROW, "boolean": BOOLEAN_ROW, "blob": BLOB_ROW, "list": LIST_ROW,
         "map": MAP_ROW, "structure": STRUCTURE_ROW, "timestamp": TIMESTAMP_ROW}

# Orders and bounds that are the service's and not the model's; the bound of the stream stands before the model's own.
ENUM_ORDER = {"ShardIteratorType": ["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]}
MAX = {("CreateStream", "ShardCount"): 100000}

# What a member that may be left out becomes in the request that then breaks it.
NESTED = {"ShardFilter": {"Type": "AT_LATEST"}, "StreamModeDetails": {"StreamMode": "PROVISIONED"}}


def shown_path(path):
    """`Records.0.Data` as messages have it: `records.1.member.data`."""
    parts = []
    for part in path:
        parts.append(f"{part + 1}.member" if isinstance(part, int) else part[0].lower() + part[1:])
    return ".".join(parts)


NOT_SHOWN = object()  # The service names blobs and lists of structures without their value.


def violation(value, path, text):
    shown = "" if value is NOT_SHOWN else "null " if value is None else f"'{value}' "
    return f"Value {shown}at '{shown_path(path)}' failed to satisfy constraint: {text}"


def length(bound, number):
    return f"Member must have length {'greater' if bound == 'min' else 'less'} than or equal to {number}"


def value_bound(bound, number):
    return f"Member must have value {'greater' if bound == 'min' else 'less'} than or equal to {number}"


def pattern_of(shape):
    """The pattern as messages show it."""
    without_anchors = {"SequenceNumber": r"0|([1-9]\d{0,128})", "HashKey": r"0|([1-9]\d{0,38})"}
    return without_anchors.get(shape.name, shape.metadata["pattern"])


def texts_of_string(value, path, shape):
    """Everything a string violates, in the service's order."""
    limits, texts = shape.metadata, []
    if limits.get("pattern"):
        texts.append(violation(value, path, f"Member must satisfy regular expression pattern: {pattern_of(shape)}"))
    if limits.get("enum"):
        names = ENUM_ORDER.get(shape.name, limits["enum"])
        texts.append(violation(value, path, f"Member must satisfy enum value set: [{', '.join(names)}]"))
    size = len(value.encode("utf-16-le")) // 2
    if size < limits.get("min", 0):
        texts.append(violation(value, path, length("min", limits["min"])))
    if limits.get("max") and size > limits["max"]:
        texts.append(violation(value, path, length("max", limits["max"])))
    return texts


def bad_strings(path, shape):
    limits = shape.metadata
    values = []
    if limits.get("min", 0) > 0:
        values.append("")
    if limits.get("pattern") or limits.get("enum"):
        values += ["a b", "\u00fc;"]
    if limits.get("max") and limits["max"] <= 2048:
        values.append(" " * (limits["max"] + 1))
    for value in values:
        yield value, texts_of_string(value, path, shape)


def bad_numbers(operation, path, shape):
    low, high = shape.metadata.get("min"), MAX.get((operation, path[-1]), shape.metadata.get("max"))
    for value in ([low - 1, -2147483648] if low is not None else []):
        yield value, [violation(value, path, value_bound("min", low))]
    for value in ([high + 1, 2147483647] if high is not None else []):
        yield value, [violation(value, path, value_bound("max", high))]


def bad_lists(path, shape, one):
    limits = shape.metadata

    def shown(values):
        return NOT_SHOWN if shape.member.type_name == "structure" else f"[{', '.join(values)}]"

    if limits.get("min", 0) > 0:
        yield [], [violation(shown([]), path, length("min", limits["min"]))]
    if limits.get("max"):
        many = [one] * (limits["max"] + 1)
        yield many, [violation(shown(many), path, length("max", limits["max"]))]
    element = shape.member.metadata
    if shape.member.type_name == "string" and element.get("enum"):
        names = ", ".join(element["enum"])
        yield ["x"], [violation("[x]", path, f"Member must satisfy constraint: [Member must satisfy enum value set: [{names}]]")]
    elif shape.member.type_name == "string":
        both = f"[{length('max', element['max'])}, {length('min', element['min'])}]"
        for value in ("", "k" * (element["max"] + 1)):
            yield [value], [violation(f"[{value}]", path, f"Member must satisfy constraint: {both}")]


def bad_maps(path, shape):
    limits = shape.metadata
    yield {}, [violation("{}", path, length("min", limits["min"]))]
    many = {str(i): "x" for i in range(limits["max"] + 1)}
    yield many, [violation("{" + ", ".join(f"{k}={v}" for k, v in many.items()) + "}", path, length("max", limits["max"]))]
    for part, words in ((shape.key, "Map keys"), (shape.value, "Map value")):
        low, high = part.metadata["min"], part.metadata["max"]
        for value in ([""] if low else []) + ["k" * (high + 1)]:
            entry = (value, "v") if part is shape.key else ("k", value)
            yield dict([entry]), [violation(f"{{{entry[0]}={entry[1]}}}", path,
                                            f"{words} must satisfy constraint: [{length('max', high)}, {length('min', low)}]")]


def bad_values(operation, path, shape, good):
    """(value, texts of its violations) for one member."""
    kind = shape.type_name
    if kind == "string":
        yield from bad_strings(path, shape)
    elif kind in ("integer", "long"):
        yield from bad_numbers(operation, path, shape)
    elif kind == "list":
        yield from bad_lists(path, shape, good[0] if good else "x")
    elif kind == "map":
        yield from bad_maps(path, shape)


def members_of(operation):
    """(path, shape, is required) of all members at all depths."""
    def walk(shape, path):
        for name, member in shape.members.items():
            here = [*path, name]
            yield here, member, name in shape.required_members
            if member.type_name == "structure":
                yield from walk(member, here)
            elif member.type_name == "list" and member.member.type_name == "structure":
                yield from walk(member.member, [*here, 0])

    model = MODEL.operation_model(operation)
    if model.input_shape:
        yield from walk(model.input_shape, [])


def parent_of(request, path):
    """Where the last part of `path` stands; what is missing on the way is made."""
    here = request
    for part in path[:-1]:
        if isinstance(here, dict) and part not in here:
            here[part] = copy.deepcopy(NESTED[part])
        here = here[part]
    return here


def cases():
    for operation in sorted(VALID):
        for path, shape, is_required in members_of(operation):
            good = VALID[operation].get(path[0]) if len(path) == 1 else None
            if is_required:
                yield operation, path, None, [violation(None, path, "Member must not be null")], "ValidationException"
            for value, texts in bad_values(operation, path, shape, good):
                yield operation, path, value, texts, "ValidationException"
            for value, text in zip(GIVEN, TYPES[shape.type_name]):
                if text:
                    yield operation, path, value, [text], "SerializationException"


CASES = list(cases())


@pytest.fixture(scope="module")
def places(kinesis, make_module_stream):
    return SETUPS["two_shards"](kinesis, make_module_stream)


@pytest.mark.parametrize("form", [JSON, CBOR], ids=["json", "cbor"])
@pytest.mark.parametrize("operation, path, value, texts, code", CASES,
                         ids=[f"{case[0]}-{'.'.join(map(str, case[1]))}-{index}" for index, case in enumerate(CASES)])
def test_a_bad_member(wire, places, operation, path, value, texts, code, form):
    request = copy.deepcopy(VALID[operation])
    parent = parent_of(request, path)
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value

    answer = wire.call(operation, in_form(replaced(request, places), form), form)

    if code == "SerializationException":
        expected = {"__type": code, "Message": texts[0]}
    else:
        count = f"{len(texts)} validation error{'s' if len(texts) > 1 else ''} detected: "
        expected = {"__type": code, "message": count + "; ".join(texts)}
    assert (answer.status, answer.value) == (400, expected)


def test_there_is_a_case_for_every_member():
    untested = {(operation, tuple(path)) for operation in VALID for path, *_ in members_of(operation)} - {
        (case[0], tuple(case[1])) for case in CASES}

    assert not untested
    assert len(CASES) > 1000
