"""Which answer a request gets before any operation looks at it, row by row."""

import base64
import json
import re
import uuid

import pytest
from support.raw import CBOR, JSON, TARGET

KNOWN = f"{TARGET}.ListStreams"
ACCESS_DENIED = (
    b"<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be"
    b" authorized</Message>\n</AccessDeniedException>\n")
PLAIN = "application/json"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_post_carries_operations(wire, method):
    answer = wire.send(method, headers={"Content-Type": JSON, "X-Amz-Target": KNOWN})

    assert answer.status == 403
    assert answer.body == (b"" if method == "HEAD" else ACCESS_DENIED)
    assert "content-type" not in answer.headers
    assert answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize("content_type, target, form, error", [
    (JSON, KNOWN, JSON, "SerializationException"),
    (JSON, "", JSON, "UnknownOperationException"),
    (JSON, f"{TARGET}.Nothing", JSON, "UnknownOperationException"),
    (CBOR, KNOWN, CBOR, "SerializationException"),
    (PLAIN, KNOWN, CBOR, "SerializationException"),
    (JSON + ";charset=utf-8", KNOWN, CBOR, "SerializationException"),
    (None, KNOWN, CBOR, "SerializationException"),
    (None, TARGET, CBOR, "UnknownOperationException"),
])
def test_an_empty_body(wire, content_type, target, form, error):
    headers = {"X-Amz-Target": target, **({"Content-Type": content_type} if content_type else {})}

    answer = wire.send(headers=headers)

    assert answer.status == 400
    assert answer.headers["content-type"] == form
    assert answer.value == {"__type": error}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-amz-json-1.0", JSON + "asdf", ""])
@pytest.mark.parametrize("target, status, body", [
    (None, 403, ACCESS_DENIED),
    ("Kinesis_20131202", 403, ACCESS_DENIED),
    ("Kinesis_20131202.", 403, ACCESS_DENIED),
    (".ListStreams", 403, ACCESS_DENIED),
    (KNOWN, 404, b"<UnknownOperationException/>\n"),
    ("a.b", 404, b"<UnknownOperationException/>\n"),
])
def test_an_unknown_content_type(wire, content_type, target, status, body):
    headers = {"Content-Type": content_type, **({"X-Amz-Target": target} if target else {})}

    answer = wire.send(body=b"{}", headers=headers)

    assert (answer.status, answer.body) == (status, body)
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("body", [
    b"hello", b"true", b"null", b"3", b'"text"', b"[]", b"{", b'{"a":}', b"{}x", b"{'a':1}", b"\xef\xbb\xbf{}",
    b'{"a":1,}', b'{"StreamName":"\xff"}', b"[" * 1000, b'{"a":01}', b'{"a":NaN}', b"{}\0", b"{}\0garbage", b"\0{}", b"{\0}",
    b'{"Limit":1}\0{"Limit":"x"}', b"{} \0", b"{}\0\n", b"{}{}", b"{}\xa0",
])
@pytest.mark.parametrize("target", [KNOWN, "", f"{TARGET}.Nothing"])
def test_a_body_that_is_no_json_object_wins_over_everything_behind_it(wire, body, target):
    answer = wire.send(body=body, headers={"Content-Type": JSON, "X-Amz-Target": target}, signed=False)

    assert answer.status == 400
    assert answer.value == {"__type": "SerializationException"}
    assert answer.headers["content-type"] == JSON


@pytest.mark.parametrize("body", [
    b"\x80", b"\xf6", b"\x03", b"\x61a", b"\xa1", b"\xbf", b"\xa1\x61a", b"\xff", b"\x9f" * 1000, b"\xa0\xa0",
    b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", b"\xa1\x1c\x00",
    b"\xa1\x61a\x61\xff",
])
def test_a_body_that_is_no_cbor_map(wire, body):
    answer = wire.send(body=body, headers={"Content-Type": CBOR, "X-Amz-Target": KNOWN}, signed=False)

    assert answer.status == 400
    assert answer.value == {"__type": "SerializationException"}
    assert answer.headers["content-type"] == CBOR


@pytest.mark.parametrize("body, status, error", [
    (b"hello", 400, "SerializationException"),
    (b"3", 400, "SerializationException"),
    (b"{}", 404, "UnknownOperationException"),
])
@pytest.mark.parametrize("target", [KNOWN, "", "a.b"])
def test_application_json_never_reaches_an_operation(wire, body, status, error, target):
    answer = wire.send(body=body, headers={"Content-Type": PLAIN, "X-Amz-Target": target})

    assert answer.status == status
    assert answer.headers["content-type"] == PLAIN
    assert json.loads(answer.body) == {
        "Output": {"__type": f"com.amazon.coral.service#{error}"}, "Version": "1.0"}


@pytest.mark.parametrize("form", [JSON, CBOR])
@pytest.mark.parametrize("target", [
    "", "Kinesis_20131202", "Kinesis_20131202.", "Kinesis_20131202.Nothing", "Kinesis_20131202.liststreams",
    "Kinesis_20131203.ListStreams", "ListStreams", "Kinesis_20131202.ListStreams.x"])
def test_an_unknown_target_is_400_in_the_form_asked_and_wins_over_missing_credentials(wire, form, target):
    body = b"{}" if form == JSON else b"\xa0"

    answer = wire.send(body=body, headers={"Content-Type": form, "X-Amz-Target": target}, signed=False)

    assert answer.status == 400
    assert answer.headers["content-type"] == form
    assert answer.value == {"__type": "UnknownOperationException"}


@pytest.mark.parametrize("authorization, query, error, message", [
    (None, "", "MissingAuthenticationTokenException", "Missing Authentication Token"),
    (None, "?X-Amz-Algorith=a&X-Amz-Credential=b", "MissingAuthenticationTokenException",
     "Missing Authentication Token"),
    ("AWS4-HMAC-SHA256 Credential=a", "?X-Amz-Algorithm", "InvalidSignatureException",
     "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."),
    ("X", "", "IncompleteSignatureException",
     "Authorization header requires 'Credential' parameter. "
     "Authorization header requires 'Signature' parameter. "
     "Authorization header requires 'SignedHeaders' parameter. "
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
     "Authorization=X"),
    ("AWS4- Signature=b Credential=a", "", "IncompleteSignatureException",
     "Authorization header requires 'SignedHeaders' parameter. "
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
     "Authorization=AWS4- Signature=b Credential=a"),
    ("AWS4- Signature=b, Credential=a,SignedHeaders=c", "", "IncompleteSignatureException",
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
     "Authorization=AWS4- Signature=b, Credential=a,SignedHeaders=c"),
    (None, "?X-Amz-Algorithm=a", "IncompleteSignatureException",
     "AWS query-string parameters must include 'X-Amz-Credential'. "
     "AWS query-string parameters must include 'X-Amz-Signature'. "
     "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
     "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."),
    (None, "?X-Amz-Algorithm&X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d",
     "IncompleteSignatureException",
     "AWS query-string parameters must include 'X-Amz-Algorithm'. Re-examine the query-string parameters."),
])
@pytest.mark.parametrize("form", [JSON, CBOR])
def test_credentials_must_look_complete(wire, form, authorization, query, error, message):
    headers = {"Content-Type": form, "X-Amz-Target": KNOWN}
    if authorization:
        headers["Authorization"] = authorization
    body = b"{}" if form == JSON else b"\xa0"

    answer = wire.send(path="/" + query, body=body, headers=headers, signed=False)

    assert answer.status == 400
    assert answer.value == {"__type": error, "message": message}


def test_every_answer_names_its_request(wire):
    for answer in [wire.call("ListStreams"), wire.call("Nothing"), wire.send("GET")]:
        request_id = answer.headers["x-amzn-requestid"]
        assert str(uuid.UUID(request_id)) == request_id
        assert 64 <= len(base64.b64decode(answer.headers["x-amz-id-2"], validate=True)) <= 80
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


def test_an_error_names_its_type_in_a_header_too(wire):
    answer = wire.call("DescribeStream", {"StreamName": "nothing-here"})

    assert answer.headers["x-amzn-errortype"] == answer.value["__type"] == "ResourceNotFoundException"


@pytest.mark.parametrize("form", [JSON, CBOR])
def test_an_operation_without_output_has_an_empty_body(wire, stream, form):
    answer = wire.call("AddTagsToStream", {"StreamName": stream, "Tags": {"a": "b"}}, form)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == form
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize("content_type", [JSON, f"   {JSON}   ;whatever", f"{JSON};charset=UTF-8"])
@pytest.mark.parametrize("path", ["/", "/some/where", "/?x=1"])
def test_blanks_parameters_and_the_path_do_not_matter(wire, content_type, path):
    answer = wire.send(path=path, body=b"{}", headers={"Content-Type": content_type, "X-Amz-Target": KNOWN})

    assert answer.status == 200
    assert answer.headers["content-type"] == JSON


def test_unknown_members_and_nulls_are_ignored(wire, stream):
    answer = wire.call("DescribeStreamSummary", {
        "StreamName": stream, "DryRun": True, "Nothing": {"deep": [1, None]}, "StreamARN": None})

    assert answer.status == 200


def test_of_duplicate_members_the_last_counts(wire, stream):
    body = b'{"StreamName":"other","StreamName":"%s"}' % stream.encode()

    assert wire.call("DescribeStreamSummary", body=body).status == 200


def test_member_names_are_case_sensitive(wire, stream):
    answer = wire.call("DescribeStreamSummary", {"streamname": stream})

    assert answer.error[0] == "ValidationException"
