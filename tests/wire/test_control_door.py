"""Who may use the control paths."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from control import clock, control, reset

from support.server import Server, client

ADMIN, PLAIN, NUMBER = ("AKIDADMIN", "s1"), ("AKIDPLAIN", "s2"), ("222222222222", "s3")


def signed(server, method, path, body=None, key=("AKIDEXAMPLE", "secret"), service="millrace"):
    data = b"" if body is None else json.dumps(body).encode()
    request = AWSRequest(method, f"{server.endpoint}/_millrace/{path}", data=data, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(*key), service, "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, data=data if method == "POST" else None, method=method, headers=dict(request.headers))
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def server():
    with Server(args=["--allow-origin", "*"]) as running:
        running.client().create_stream(StreamName="a", ShardCount=1)
        yield running


@pytest.fixture
def verifying(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("{} {} admin\n{} {}\n{} {}\n".format(*ADMIN, *PLAIN, *NUMBER))
    keys.chmod(0o600)
    with Server(args=["--auth", "verify", "--auth-keys", keys]) as running:
        yield running


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.example"}])
@pytest.mark.parametrize("method, path, body", [("POST", "reset", None), ("POST", "clock", {"freeze": True}), ("GET", "clock", None),
                                                ("GET", "health", None)])
def test_foreign_pages_stay_outside_whatever_origin_may_call(server, headers, method, path, body):
    status, answer = control(server, method, path, body, headers)

    assert status == 403 and isinstance(answer, str)
    assert server.client().list_streams()["StreamNames"] == ["a"] and not clock(server)[1]["frozen"]


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}])
def test_own_pages_and_programs_come_in(server, headers):
    own = {"Origin": server.endpoint} if headers else {}
    assert control(server, "GET", "clock", headers={**headers, **own})[0] == 200


def test_a_call_of_a_service_at_such_a_path_is_a_call(server):
    status, answer = control(server, "POST", "reset", {}, {
        "X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1", "X-Amz-Date": "20261123T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20261123/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"})

    assert status == 200 and answer["StreamNames"] == ["a"]


def test_control_may_be_off():
    with Server(args=["--control", "off"]) as server:
        server.client().create_stream(StreamName="a", ShardCount=1)
        for status, answer in (reset(server), clock(server), clock(server, freeze=True)):
            assert (status, answer["error"]) == (403, "control_off")
        assert server.client().list_streams()["StreamNames"] == ["a"]
        assert control(server, "GET", "health")[0] == 200


@pytest.mark.parametrize("key, service", [(("AKIDNONE", "s"), "millrace"), ((PLAIN[0], "wrong"), "millrace"), (ADMIN, "kinesis")])
def test_signatures_are_verified(verifying, key, service):
    for path in ("reset", "clock"):
        status, answer = signed(verifying, "POST", path, {"freeze": True}, key, service)
        assert (status, answer["error"]) == (403, "access_denied")
    assert reset(verifying)[0] == 403 and clock(verifying)[0] == 403


def test_a_key_acts_on_its_own_account(verifying):
    mine = client(verifying.endpoint, access_key=NUMBER[0])
    mine._request_signer._credentials = Credentials(*NUMBER)
    mine.create_stream(StreamName="a", ShardCount=1)

    for path in ("reset", "reset?region=us-east-1", "reset?account=222222222222", "reset?stream=a&account=222222222222"):
        status, answer = signed(verifying, "POST", path, key=PLAIN)
        assert (status, answer["error"]) == (403, "access_denied")
    assert signed(verifying, "POST", "clock", {"freeze": True}, NUMBER)[0] == 403
    assert signed(verifying, "GET", "clock", key=NUMBER)[0] == 200
    assert signed(verifying, "POST", "reset?account=000000000000", key=PLAIN) == (200, {"streams": 0})
    assert mine.list_streams()["StreamNames"] == ["a"]
    assert signed(verifying, "POST", "reset?stream=a", key=NUMBER) == (200, {"streams": 1})


def test_an_admin_acts_on_all(verifying):
    assert signed(verifying, "POST", "reset", key=ADMIN) == (200, {"streams": 0})
    assert signed(verifying, "POST", "clock", {"advance": "1h"}, ADMIN)[0] == 200
    assert signed(verifying, "POST", "reset?account=222222222222", key=ADMIN)[0] == 200


def test_a_temporary_key_is_of_its_account_and_no_admin(verifying):
    import boto3

    sts = boto3.client("sts", endpoint_url=verifying.endpoint, region_name="us-east-1", aws_access_key_id=ADMIN[0],
                       aws_secret_access_key=ADMIN[1])
    key = sts.assume_role(RoleArn="arn:aws:iam::555555555555:role/r", RoleSessionName="session")["Credentials"]
    temporary = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])

    assert signed(verifying, "POST", "reset", key=temporary)[0] == 403
    assert signed(verifying, "POST", "reset?account=000000000000", key=temporary)[0] == 403
    assert signed(verifying, "POST", "reset?account=555555555555", key=temporary) == (200, {"streams": 0})
