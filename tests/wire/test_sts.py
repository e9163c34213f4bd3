"""Temporary keys: who gets them, what they open, and how the Query protocol answers what it cannot take."""

import datetime
import gzip
import xml.etree.ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from test_auth import KEY, SECRET, write_keys

from support.raw import Wire
from support.server import Server

FORM = "application/x-www-form-urlencoded; charset=utf-8"
ROLE = "arn:aws:iam::123456789012:role/path/to/deploy"
ACCOUNT = "111111111111"


@pytest.fixture(scope="module")
def server():
    with Server(args=["--account", ACCOUNT]) as running:
        yield running


@pytest.fixture(scope="module")
def verifying(tmp_path_factory):
    keys = write_keys(tmp_path_factory.mktemp("keys") / "keys")
    with Server(tmp_path_factory.mktemp("data"), args=["--auth", "verify", "--auth-keys", keys]) as running:
        yield running


def of_service(server, name, credentials=None, key=KEY, secret=SECRET, region="us-east-1", token=None):
    if credentials is not None:
        key, secret, token = (credentials[part] for part in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return boto3.client(name, endpoint_url=server.endpoint, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
                        aws_session_token=token, config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))


def assume(server, credentials=None, **members):
    return of_service(server, "sts", credentials).assume_role(**{"RoleArn": ROLE, "RoleSessionName": "ci", **members})


def error_of(call, *args, **members):
    with pytest.raises(ClientError) as refused:
        call(*args, **members)
    error, status = refused.value.response["Error"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return error["Code"], status, error["Message"]


def test_a_role_is_assumed(server):
    answer = assume(server, SourceIdentity="me", Tags=[{"Key": "k", "Value": ""}], PolicyArns=[{"arn": "arn:aws:iam::aws:policy/Read"}],
                    TransitiveTagKeys=["k"], ExternalId="id:1/2", Policy="{}", SerialNumber="arn:aws:iam::1:mfa/me", TokenCode="123456")

    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["AccessKeyId"]) == 20
    assert user["Arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/ci"
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":ci")
    assert answer["SourceIdentity"] == "me"
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=59) < left <= datetime.timedelta(hours=1)


@pytest.mark.parametrize("seconds", [900, 43200])
def test_a_key_lives_as_long_as_is_asked(server, seconds):
    expiration = assume(server, DurationSeconds=seconds)["Credentials"]["Expiration"]

    left = expiration - datetime.datetime.now(datetime.timezone.utc)
    assert seconds - 60 < left.total_seconds() <= seconds


def test_the_keys_of_a_role_act_in_its_account(server):
    kinesis = of_service(server, "kinesis", assume(server)["Credentials"])
    kinesis.create_stream(StreamName="s", ShardCount=1)

    assert kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"] == (
        "arn:aws:kinesis:us-east-1:123456789012:stream/s")
    assert of_service(server, "kinesis").list_streams()["StreamNames"] == []


@pytest.mark.parametrize("region, partition", [("us-east-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_identities(server, region, partition):
    role = assume(server)
    of_role = of_service(server, "sts", role["Credentials"], region=region).get_caller_identity()
    of_account = of_service(server, "sts", region=region).get_caller_identity()

    assert (of_role["Account"], of_role["Arn"]) == ("123456789012", f"arn:{partition}:sts::123456789012:assumed-role/deploy/ci")
    assert (of_account["Account"], of_account["UserId"], of_account["Arn"]) == (ACCOUNT, ACCOUNT, f"arn:{partition}:iam::{ACCOUNT}:root")
    if partition == "aws":
        assert of_role["UserId"] == role["AssumedRoleUser"]["AssumedRoleId"]


def test_a_session_token_is_for_the_callers_own_account(server):
    credentials = of_service(server, "sts").get_session_token(DurationSeconds=900)["Credentials"]
    sts = of_service(server, "sts", credentials)

    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert error_of(sts.get_session_token) == ("AccessDenied", 403, "Cannot call GetSessionToken with session credentials")


def test_a_temporary_key_assumes_a_role_for_an_hour_at_most(server):
    credentials = of_service(server, "sts").get_session_token()["Credentials"]

    assert assume(server, credentials, DurationSeconds=3600)["Credentials"]
    assert error_of(assume, server, credentials, DurationSeconds=3601) == (
        "ValidationError", 400, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")


@pytest.mark.parametrize("members, message", [
    ({"RoleArn": "arn:aws:iam::123456789012:user/a"}, "Request ARN is invalid"),
    ({"RoleArn": "arn:aws:iam::12345678901:role/abcdef"}, "Request ARN is invalid"),
    ({"RoleArn": "arn:aws:iam::123456789012:role/"}, "Request ARN is invalid"),
    ({"RoleArn": "arn:aws:iam:us-east-1:123456789012:role/a"}, "Request ARN is invalid"),
    ({"RoleArn": "short"}, "1 validation error detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have "
                           "length greater than or equal to 20"),
    ({"DurationSeconds": 899}, "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must "
                               "have value greater than or equal to 900"),
    ({"DurationSeconds": 43201}, "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member "
                                 "must have value less than or equal to 43200"),
    ({"RoleSessionName": "a b"}, "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must "
                                 "satisfy regular expression pattern: [\\w+=,.@-]*"),
])
def test_a_role_that_cannot_be_assumed(server, members, message):
    assert error_of(assume, server, **members) == ("ValidationError", 400, message)


def test_temporary_keys_are_verified(verifying):
    credentials = assume(verifying)["Credentials"]
    kinesis = of_service(verifying, "kinesis", credentials)
    kinesis.create_stream(StreamName="s", ShardCount=1)

    assert kinesis.list_streams()["StreamNames"] == ["s"]
    assert of_service(verifying, "sts", credentials).get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize("change, code", [
    ({"SecretAccessKey": "guessed"}, "InvalidSignatureException"), ({"SessionToken": None}, "UnrecognizedClientException"),
    ({"SessionToken": "QUFB"}, "UnrecognizedClientException"), ({"AccessKeyId": "ASIAAAAAAAAAAAAAAAAA"}, "UnrecognizedClientException")])
def test_a_forged_key_opens_nothing(verifying, change, code):
    credentials = {**assume(verifying)["Credentials"], **change}

    assert error_of(of_service(verifying, "kinesis", credentials).list_streams)[0] == code


def test_a_key_of_another_directory_opens_nothing(server, verifying):
    credentials = assume(server)["Credentials"]

    assert error_of(of_service(verifying, "kinesis", credentials).list_streams)[0] == "UnrecognizedClientException"
    assert error_of(of_service(verifying, "sts", credentials).get_caller_identity)[:2] == ("InvalidClientTokenId", 403)


def test_keys_hold_over_a_restart(verifying):
    credentials = assume(verifying)["Credentials"]
    verifying.kill()
    verifying.start()

    assert of_service(verifying, "sts", credentials).get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize("service, key, code", [
    ("sts", KEY, "SignatureDoesNotMatch"), ("sts", "AKIDNOBODY", "InvalidClientTokenId"),
    ("cloudwatch", "AKIDNOBODY", "UnrecognizedClientException")])
def test_calls_of_all_services_are_verified(verifying, service, key, code):
    call = {"sts": lambda client: client.get_caller_identity(), "cloudwatch": lambda client: client.put_metric_data(Namespace="n")}[service]

    assert error_of(call, of_service(verifying, service, key=key, secret="wrong"))[0] == code


def parts(answer):
    """Code, message and request id of an error in XML."""
    root = xml.etree.ElementTree.fromstring(answer.body)
    space = root.tag.removesuffix("ErrorResponse")
    return [root.findtext(f".//{space}{name}") for name in ("Code", "Message", "RequestId")]


def test_without_a_signature_nothing_is_given_where_signatures_are_verified(verifying):
    answer = Wire(verifying.endpoint).send(body=b"Action=GetCallerIdentity&Version=2011-06-15", headers={"Content-Type": FORM}, signed=False)

    assert (answer.status, parts(answer)[0]) == (403, "MissingAuthenticationToken")


def test_a_signature_for_another_service_is_refused(verifying):
    """The request is signed for Kinesis."""
    answer = Wire(verifying.endpoint, KEY, SECRET).send(body=b"Action=GetCallerIdentity&Version=2011-06-15", headers={"Content-Type": FORM})

    assert (answer.status, parts(answer)[0]) == (403, "SignatureDoesNotMatch")
    assert parts(answer)[1].startswith("Credential should be scoped to correct service: 'sts'.")


@pytest.mark.parametrize("body, status, code, words", [
    (b"Action=AssumeRoleWithSAML&Version=2011-06-15", 400, "InvalidAction",
     "millrace serves only AssumeRole, GetCallerIdentity, GetSessionToken of sts."),
    (b"Action=GetCallerIdentity&Version=2010-05-08", 400, "InvalidAction",
     "Could not find operation GetCallerIdentity for version 2010-05-08"),
    (b"Action=GetSessionToken&DurationSeconds=1&DurationSeconds=2", 404, "MalformedQueryString",
     "The parameter DurationSeconds is there twice"),
    (b"Action=GetSessionToken&x=%zz", 404, "MalformedQueryString", "The query string contains a syntax error"),
    (b"Action=GetSessionToken&x=%", 404, "MalformedQueryString", "The query string contains a syntax error"),
    (b"Action=GetSessionToken&DurationSeconds=soon", 400, "MalformedInput", "can not be converted to an Integer"),
    (b"Action=AssumeRole&RoleArn.a=1", 400, "MalformedInput", "Start of structure or map found where not expected."),
    (b"Action=GetSessionToken&" + b"&".join(b"p%d=" % i for i in range(20_000)), 404, "MalformedQueryString",
     "There are too many parameters"),
    (b"Action=GetSessionToken&" + b".a" * 40 + b"=1", 404, "MalformedQueryString", "names with too many dots"),
])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_form_that_cannot_be_taken(server, body, status, code, words, is_compressed):
    headers = {"Content-Type": FORM, **({"Content-Encoding": "gzip"} if is_compressed else {})}
    answer = Wire(server.endpoint).send(body=gzip.compress(body) if is_compressed else body, headers=headers, signed=False)
    if is_compressed and b"WithSAML" in body:
        assert answer.status == 403  # Nothing but its action says whose it is.
        return

    assert (answer.status, answer.headers["content-type"], parts(answer)[0]) == (status, "text/xml", code)
    assert words in parts(answer)[1]
    assert parts(answer)[2] == answer.headers["x-amzn-requestid"]


def test_a_form_as_large_as_a_body_may_be(server):
    headers = {"Content-Type": FORM}
    body = b"Action=GetCallerIdentity&x=" + b"x" * (5 * 2**20)

    assert Wire(server.endpoint).send(body=body, headers=headers).status == 200
