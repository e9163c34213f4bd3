"""What client libraries call besides Kinesis, on the same port, by each protocol their clients speak: STS, CloudWatch."""

import datetime
import gzip
import http.client
import json
import urllib.request

import boto3
import cbor2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from support.raw import Wire
from support.server import Server

FORM = "application/x-www-form-urlencoded; charset=utf-8"
METRIC = {"MetricName": "TimeBehindLatest", "Value": 1.0, "Unit": "Milliseconds"}


@pytest.fixture(scope="module")
def server():
    with Server(args=["--account", "111111111111"]) as running:
        yield running


def of_service(server, name, key="AKIDEXAMPLE", **config):
    return boto3.client(name, endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key,
                        aws_secret_access_key="secret", config=Config(retries={"total_max_attempts": 1}, **config))


@pytest.mark.parametrize("key, account", [("AKIDEXAMPLE", "111111111111"), ("222222222222", "222222222222")])
def test_who_am_i(server, key, account):
    identity = of_service(server, "sts", key).get_caller_identity()

    assert (identity["Account"], identity["Arn"]) == (account, f"arn:aws:iam::{account}:root")
    assert identity["ResponseMetadata"]["RequestId"] == identity["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]


def test_who_am_i_by_get(server):
    """As a presigned request asks it."""
    url = of_service(server, "sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", url.split(str(server.port), 1)[1])
    answer = connection.getresponse()

    assert (answer.status, answer.read().startswith(b"<GetCallerIdentityResponse ")) == (200, True)


def test_metrics_by_boto3(server):
    """Its newest protocol, and bodies large enough for it to compress them."""
    cloudwatch = of_service(server, "cloudwatch")
    for metrics in ([METRIC], [{**METRIC, "MetricName": f"name-{i}" * 10} for i in range(500)]):
        answer = cloudwatch.put_metric_data(Namespace="app", MetricData=metrics)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("headers, body, content_type, answer", [
    ({"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData", "Content-Type": "application/x-amz-json-1.0"},
     json.dumps({"Namespace": "app", "MetricData": [METRIC]}).encode(), "application/x-amz-json-1.0", b""),
    ({"Content-Type": FORM}, b"Action=PutMetricData&Version=2010-08-01&Namespace=app", "text/xml", b"<PutMetricDataResponse "),
    ({"Content-Type": FORM, "Content-Encoding": "gzip"}, gzip.compress(b"Action=PutMetricData&Version=2010-08-01&Namespace=app"),
     "text/xml", b"<PutMetricDataResponse "),
    ({"Content-Type": FORM}, b"Version=2011-06-15&Action=GetCallerIdentity", "text/xml", b"<GetCallerIdentityResponse "),
])
def test_the_other_protocols(server, headers, body, content_type, answer):
    got = Wire(server.endpoint).send(body=body, headers=headers)

    assert (got.status, got.headers["content-type"]) == (200, content_type)
    assert got.body.startswith(answer)


def test_the_newest_protocol_by_hand(server):
    got = Wire(server.endpoint).send(path="/service/GraniteServiceVersion20100801/operation/PutMetricData", body=cbor2.dumps({"Namespace": "app"}),
                                     headers={"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"})

    assert (got.status, got.headers["content-type"], got.headers["smithy-protocol"]) == (200, "application/cbor", "rpc-v2-cbor")
    assert cbor2.loads(got.body) == {}


@pytest.mark.parametrize("headers, body, status", [
    ({"Content-Type": FORM}, b"Action=DeleteEverything", 403), ({"Content-Type": FORM}, b"", 400),
    ({"Content-Type": FORM}, b"Action", 403), ({"Content-Type": "text/plain"}, b"Action=GetCallerIdentity", 403),
])
def test_what_names_no_service_is_answered_as_kinesis_does(server, headers, body, status):
    assert Wire(server.endpoint).send(body=body, headers=headers).status == status


def test_the_target_decides_before_the_signature(server):
    """Here it is Kinesis' (support.raw)."""
    got = Wire(server.endpoint).send(body=b"{}", headers={
        "X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics", "Content-Type": "application/x-amz-json-1.0"})

    assert (got.status, got.error) == (400, ("UnknownOperationException", "millrace serves only PutMetricData of monitoring. Set "
                                             "AWS_ENDPOINT_URL_KINESIS instead of AWS_ENDPOINT_URL."))
    assert got.headers["x-amzn-query-error"] == "UnknownOperationException;Sender"


def test_the_target_decides_before_the_path(server):
    got = Wire(server.endpoint).send(path="/service/GraniteServiceVersion20100801/operation/PutMetricData", body=b"{}", headers={
        "X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"})

    assert (got.status, got.value["StreamNames"]) == (200, [])


def test_an_action_of_another_service_does_not_count_where_the_signature_names_one(server):
    """Signed for CloudWatch, which has no GetCallerIdentity."""
    request = AWSRequest("POST", server.endpoint, data=IDENTITY, headers={"Content-Type": FORM})
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "monitoring", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/", body=IDENTITY, headers=dict(request.headers.items()))
    answer = connection.getresponse()

    assert (answer.status, b"<Code>InvalidAction</Code>" in answer.read()) == (400, True)


COMPRESSED = {"Content-Type": FORM, "Content-Encoding": "gzip"}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "identity, gzip"])
def test_a_compressed_form_is_taken_by_its_action(server, coding):
    got = Wire(server.endpoint).send(body=gzip.compress(IDENTITY), headers={**COMPRESSED, "Content-Encoding": coding})

    assert got.status == 200
    assert got.body.startswith(b"<GetCallerIdentityResponse ")


@pytest.mark.parametrize("body, status, words", [
    (gzip.compress(b"Action=DeleteEverything"), 403, b"AccessDenied"), (gzip.compress(b""), 403, b"AccessDenied"),
    (IDENTITY, 400, b"not gzip"), (b"", 400, b"not gzip"), (gzip.compress(IDENTITY)[:-1], 400, b"not gzip"),
    (gzip.compress(IDENTITY) + b"x", 400, b"not gzip"), (gzip.compress(IDENTITY)[:-8] + bytes(8), 400, b"not gzip"),
    (gzip.compress(IDENTITY + b"&x=" + bytes(4 * 2**20 - len(IDENTITY) - 3)), 200, b"GetCallerIdentity"),
    (gzip.compress(IDENTITY + b"&x=" + bytes(4 * 2**20 - len(IDENTITY) - 2)), 413, b"too much"),
    (gzip.compress(IDENTITY + bytes(200 * 2**20)), 413, b"too much"),
], ids=["action", "empty", "plain", "nothing", "cut", "more", "checksum", "limit", "over", "bomb"])
def test_a_compressed_form_that_cannot_be_taken_is_told_why(server, body, status, words):
    got = Wire(server.endpoint).send(body=body, headers=COMPRESSED)

    assert got.status == status
    assert words in got.body


@pytest.mark.parametrize("headers", [{"Host": "evil.example.com"}, {"Origin": "http://evil.example.com"}])
def test_the_front_door_stands_before_them(server, headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/", body=b"Action=GetCallerIdentity", headers={"Content-Type": FORM, **headers})
    assert connection.getresponse().status == 403


def put(server, **members):
    return of_service(server, "cloudwatch", parameter_validation=False).put_metric_data(**members)


@pytest.mark.parametrize("members, words", [
    ({"Namespace": ":app", "MetricData": []}, "regular expression pattern: [^:].*"),
    ({"MetricData": [METRIC]}, "Value null at 'namespace' failed"),
    ({"Namespace": "app", "MetricData": [{**METRIC, "Unit": "Furlong"}]}, "at 'metricData.1.member.unit' failed"),
    ({"Namespace": "app", "MetricData": [{**METRIC, "StatisticValues": {"Sum": 1.0}}]}, "statisticValues.sampleCount"),
    ({"Namespace": "app", "MetricData": [{**METRIC, "Dimensions": [{"Name": "n", "Value": "v"}] * 31}]}, "less than or equal to 30"),
])
def test_metrics_are_checked(server, members, words):
    with pytest.raises(ClientError) as refused:
        put(server, **members)

    # The name that clients knew it by before, from x-amzn-query-error.
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert words in refused.value.response["Error"]["Message"]


def test_all_that_a_metric_may_have(server):
    datum = {"MetricName": "m", "Timestamp": datetime.datetime.now(datetime.timezone.utc), "Values": [0.1, 2.5], "Counts": [1, 2.0],
             "Dimensions": [{"Name": "n", "Value": "v"}], "StorageResolution": 1, "Unit": "Count/Second",
             "StatisticValues": {"SampleCount": 1, "Sum": 2, "Minimum": 0.5, "Maximum": 1.5}}
    entity = {"KeyAttributes": {"Type": "Service", "Name": "app"}, "Attributes": {"a": "b"}}
    answer = put(server, Namespace="app", MetricData=[datum], StrictEntityValidation=True,
                 EntityMetricData=[{"Entity": entity, "MetricData": [datum]}])

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_calls_are_counted_by_service_and_operation():
    with Server() as server:
        put(server, Namespace="app", MetricData=[METRIC])
        of_service(server, "sts").get_caller_identity()
        with pytest.raises(ClientError):
            put(server, Namespace=":")
        text = urllib.request.urlopen(f"{server.endpoint}/metrics").read().decode()

    assert 'millrace_requests_total{service="monitoring",operation="PutMetricData"} 2' in text
    assert 'millrace_requests_total{service="sts",operation="GetCallerIdentity"} 1' in text
    assert 'millrace_errors_total{service="monitoring",operation="PutMetricData",error="InvalidParameterValueException"} 1' in text
