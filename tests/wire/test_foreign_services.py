"""Requests for services that are not here: told so in the form their clients understand, and nothing is done."""

import json
import urllib.error
import urllib.request
import xml.etree.ElementTree

import boto3
import botocore.exceptions
import cbor2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from rawsocket import connect, read_answer, status_of

from support.raw import Wire
from support.server import Server

FORM = "application/x-www-form-urlencoded"


def sentence(service, only=None):
    fact = f"serves only {only} of {service}" if only else f"does not serve {service}"
    return f"millrace {fact}. Set AWS_ENDPOINT_URL_KINESIS instead of AWS_ENDPOINT_URL."


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


def of_service(server, name):
    return boto3.client(name, endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
                        aws_secret_access_key="secret", config=Config(retries={"total_max_attempts": 1}))


@pytest.mark.parametrize("service, call, arguments, code, status, named", [
    ("dynamodb", "list_tables", {}, "UnknownOperationException", 400, "dynamodb"),
    ("dynamodbstreams", "list_streams", {}, "UnknownOperationException", 400, "dynamodb"),
    ("sqs", "list_queues", {}, "UnknownOperationException", 400, "sqs"),
    ("logs", "describe_log_groups", {}, "UnknownOperationException", 400, "logs"),
    ("firehose", "list_delivery_streams", {}, "UnknownOperationException", 400, "firehose"),
    ("secretsmanager", "list_secrets", {}, "UnknownOperationException", 400, "secretsmanager"),
    ("ssm", "describe_parameters", {}, "UnknownOperationException", 400, "ssm"),
    ("events", "list_rules", {}, "UnknownOperationException", 400, "events"),
    ("stepfunctions", "list_state_machines", {}, "UnknownOperationException", 400, "states"),
    ("kms", "list_keys", {}, "UnknownOperationException", 400, "kms"),
    ("kinesisanalyticsv2", "list_applications", {}, "UnknownOperationException", 400, "kinesisanalytics"),
    ("lambda", "list_functions", {}, "UnknownOperationException", 404, "lambda"),
    ("kinesisvideo", "list_streams", {}, "UnknownOperationException", 404, "kinesisvideo"),
    ("apigateway", "get_rest_apis", {}, "UnknownOperationException", 404, "apigateway"),
    ("opensearch", "list_domain_names", {}, "UnknownOperationException", 404, "es"),
    ("sns", "list_topics", {}, "InvalidAction", 400, "sns"), ("iam", "list_roles", {}, "InvalidAction", 400, "iam"),
    ("cloudformation", "list_stacks", {}, "InvalidAction", 400, "cloudformation"),
    ("ec2", "describe_instances", {}, "InvalidAction", 400, "ec2"),
    ("s3", "list_buckets", {}, "NotImplemented", 501, "s3"),
    ("s3", "put_object", {"Bucket": "orders", "Key": "k", "Body": b"x"}, "NotImplemented", 501, "s3"),
    ("s3", "get_object", {"Bucket": "health", "Key": "k"}, "NotImplemented", 501, "s3"),
    ("route53", "list_hosted_zones", {}, "NotImplemented", 501, "route53"),
    ("cloudfront", "list_distributions", {}, "NotImplemented", 501, "cloudfront")])
def test_an_sdk_shows_what_is_wrong(server, service, call, arguments, code, status, named):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(of_service(server, service), call)(**arguments)

    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (code, sentence(named))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("service, call, arguments, only, code", [
    ("sts", "assume_role_with_web_identity", {"RoleArn": "arn:aws:iam::000000000000:role/a", "RoleSessionName": "session", "WebIdentityToken": "token"},
     "AssumeRole, GetCallerIdentity, GetSessionToken", "InvalidAction"),
    ("cloudwatch", "list_metrics", {}, "PutMetricData", "UnknownOperationException")])
def test_what_is_served_of_a_service_is_named(server, service, call, arguments, only, code):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(of_service(server, service), call)(**arguments)

    named = {"cloudwatch": "monitoring"}.get(service, service)
    assert refused.value.response["Error"]["Message"] == sentence(named, only)
    assert refused.value.response["Error"]["Code"] == code


def test_head_has_a_status_alone(server):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        of_service(server, "s3").head_bucket(Bucket="orders")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("headers, body, named, code", [
    ({"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}, b"{}", "dynamodb", "UnknownOperation"),
    ({"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}, b"", "sqs", "UnknownOperation"),
    ({"Content-Type": FORM}, b"Action=SendMessage&Version=2012-11-05&MessageBody=x", "sqs", "InvalidAction"),
    ({"Content-Type": FORM + "; charset=utf-8"}, b"Action=Publish&Message=x", "sns", "InvalidAction")])
def test_without_a_signature_the_target_or_the_action_tells(server, headers, body, named, code):
    answer = Wire(server.endpoint).send(body=body, headers=headers, signed=False)

    assert answer.status == 400
    assert sentence(named).encode() in answer.body and code.encode() in answer.body


def test_rpc_cbor(server):
    answer = Wire(server.endpoint).send(path="/service/GraniteServiceVersion20100801/operation/ListMetrics", body=cbor2.dumps({}),
                                        headers={"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, signed=False)

    assert (answer.status, answer.headers["smithy-protocol"]) == (404, "rpc-v2-cbor")
    assert cbor2.loads(answer.body) == {"__type": "UnknownOperationException", "message": sentence("monitoring", "PutMetricData")}


@pytest.mark.parametrize("headers, body", [
    ({"X-Amz-Target": "Nobody_20200101.Nothing", "Content-Type": "application/x-amz-json-1.1"}, b"{}"),
    ({"Content-Type": FORM}, b"Action=ListStreams"), ({"Content-Type": FORM}, b"Action=Nothing"), ({}, b"x")])
def test_what_names_no_service_is_answered_as_by_kinesis(server, headers, body):
    for signed in (False, True):
        answer = Wire(server.endpoint).send(body=body, headers=headers, signed=signed)
        assert b"millrace" not in answer.body


def signed_for(server, service, method, path):
    request = AWSRequest(method=method, url=server.endpoint + path, data=b"")
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/_millrace/health", "/_millrace/ca.pem", "/_localstack/health", "/bucket/key", "/x?Action=y"])
@pytest.mark.parametrize("service", ["s3", "lambda", "sqs", "nobody-knows"])
def test_a_foreign_signature_on_every_path(server, method, path, service):
    before = server.client().list_streams()["StreamNames"]
    with connect(server) as connection:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Content-Length: 0",
                 *(f"{name}: {value}" for name, value in signed_for(server, service, method, path).items())]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        if method == "HEAD":
            head, body = connection.recv(65536), b""
            assert head.endswith(b"\r\n\r\n")
        else:
            head, body, _ = read_answer(connection)

    assert status_of(head) in (400, 404, 501)
    assert method == "HEAD" or sentence(service).encode() in body
    assert server.client().list_streams()["StreamNames"] == before


def test_a_presigned_request_of_another_service(server):
    url = of_service(server, "s3").generate_presigned_url("get_object", Params={"Bucket": "a", "Key": "b"})
    v4 = boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                      config=Config(signature_version="s3v4")).generate_presigned_url("get_object", Params={"Bucket": "a", "Key": "b"})
    assert "X-Amz-Credential" in v4 and url
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(v4, timeout=5)

    body = xml.etree.ElementTree.fromstring(refused.value.read())
    assert (refused.value.code, body.findtext("Code"), body.findtext("Message")) == (501, "NotImplemented", sentence("s3"))


def test_a_kinesis_call_with_another_scope_is_a_kinesis_call(server):
    """Its target says what it is; a client may sign for what it likes unless signatures are verified."""
    request = AWSRequest(method="POST", url=server.endpoint + "/", data=b"{}", headers={
        "X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"})
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "s3", "us-east-1").add_auth(request)
    with urllib.request.urlopen(urllib.request.Request(server.endpoint, b"{}", dict(request.headers.items())), timeout=5) as answer:
        assert json.load(answer)["StreamNames"] == []
