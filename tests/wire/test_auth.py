"""--auth verify: who may call is decided by the signature. What signs here is botocore."""

import datetime
import re
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from rawsocket import exchange
from test_start import run

from support.raw import CBOR, JSON, TARGET, Wire
from support.server import Server, client

KEY, SECRET = "AKIDEXAMPLE", "secret"
OTHER_KEY, OTHER_SECRET = "AKIDOTHER", "7e57/OTHER+secret"
STAMP = "%Y%m%dT%H%M%SZ"
MISMATCH = ("InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.")
UNKNOWN_KEY = ("UnrecognizedClientException", "The security token included in the request is invalid.")
HASH_DIFFERS = ("InvalidSignatureException",
                "The provided 'x-amz-content-sha256' header does not match what was computed.")


def write_keys(path, text=f"# Who may call.\n\n{KEY} {SECRET}\n{OTHER_KEY}\t{OTHER_SECRET} \r\n", mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture(scope="module")
def verifying(tmp_path_factory):
    keys = write_keys(tmp_path_factory.mktemp("keys") / "keys")
    with Server(args=["--auth", "verify", "--auth-keys", keys]) as running:
        yield running


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Signer:
    """Signs one request as it is given; what is done to it afterwards is the test."""

    def __init__(self, server, when=None, key=KEY, secret=SECRET, service="kinesis", region="us-east-1"):
        self.server = server
        self.stamp = (when or now()).strftime(STAMP)
        self.auth = SigV4Auth(Credentials(key, secret), service, region)

    def signature(self, path, headers, body):
        """(signed headers, scope with key id, signature)"""
        request = AWSRequest("POST", self.server.endpoint + path, data=body, headers=headers)
        request.context["timestamp"] = self.stamp
        text = self.auth.string_to_sign(request, self.auth.canonical_request(request))
        return (self.auth.signed_headers(self.auth.headers_to_sign(request)), self.auth.scope(request),
                self.auth.signature(text, request))

    def headers(self, path="/", body=b"{}", date=True, **headers):
        """All headers of a call of ListStreams, and `headers` with _ for -; those that are None are left out."""
        wanted = {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}.ListStreams",
                  **({"X-Amz-Date": self.stamp} if date else {}),
                  **{name.replace("_", "-"): value for name, value in headers.items()}}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        names, scope, signature = self.signature(path, wanted, body)
        return {**wanted, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"}

    def presigned(self, expires="300", body=b"{}", headers=None):
        """(path, headers)"""
        headers = {"X-Amz-Target": f"{TARGET}.ListStreams"} if headers is None else headers
        names, scope, _ = self.signature("/", headers, body)
        query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": scope, "X-Amz-Date": self.stamp,
                 "X-Amz-SignedHeaders": names, **({"X-Amz-Expires": expires} if expires is not None else {})}
        path = "/?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="")
        _, _, signature = self.signature(path, headers, body)
        return f"{path}&X-Amz-Signature={signature}", {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}.ListStreams"}


def send(server, headers, body=b"{}", path="/"):
    return Wire(server.endpoint).send(path=path, body=body, headers=headers, signed=False)


def test_an_sdk_with_the_right_secret_works(verifying):
    kinesis = verifying.client()
    kinesis.create_stream(StreamName="right", ShardCount=1)
    kinesis.put_record(StreamName="right", PartitionKey="a", Data=b"x")
    iterator = kinesis.get_shard_iterator(StreamName="right", ShardId="0", ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]

    assert [record["Data"] for record in records] == [b"x"]


@pytest.mark.parametrize("form", [JSON, CBOR])
@pytest.mark.parametrize("key, secret", [(KEY, SECRET), (OTHER_KEY, OTHER_SECRET)])
def test_every_key_of_the_file_may_call_in_both_forms(verifying, form, key, secret):
    assert Wire(verifying.endpoint, key, secret, region="eu-west-1").call("ListStreams", form=form).status == 200


@pytest.mark.parametrize("key, code", [(OTHER_KEY, "InvalidSignatureException"), ("AKIDNOBODY", "UnrecognizedClientException")])
def test_an_sdk_with_another_secret_or_key_is_refused(verifying, key, code):
    with pytest.raises(ClientError) as refused:
        client(verifying.endpoint, access_key=key).list_streams()

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("form", [JSON, CBOR])
def test_refusals_have_the_form_of_the_request(verifying, form):
    answer = Wire(verifying.endpoint, KEY, "wrong").call("ListStreams", form=form)

    assert (answer.status, answer.headers["content-type"], answer.error) == (400, form, MISMATCH)


@pytest.mark.parametrize("path", ["/", "/a/b", "/a//../b/./c/", "/a%20b", "/?b=2&a=%2F&a=&c"])
def test_targets_are_signed_as_they_are_sent(verifying, path):
    headers = Signer(verifying).headers(path)

    assert send(verifying, headers, path=path).status == 200
    assert send(verifying, headers, path=path + "x").error == MISMATCH


@pytest.mark.parametrize("change, error", [
    ({"X-Amz-Target": f"{TARGET}.DescribeLimits"}, MISMATCH),
    ({"Content-Type": JSON + ";x"}, MISMATCH),
    ({"X-Amz-Date": "+1"}, MISMATCH),
    ({"X-Amz-Meta": "b"}, MISMATCH),
    ({"X-Amz-Meta": None}, MISMATCH),
    ({"Host": "localhost"}, MISMATCH),
    ({"X-Amz-Content-Sha256": "0" * 64}, HASH_DIFFERS),
    ({"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}, HASH_DIFFERS),
    ({"X-Amz-Security-Token": "added after signing"}, None),
    ({"User-Agent": "another"}, None),
    ({}, None),
], ids=str)
def test_a_header_that_was_signed_cannot_be_changed(verifying, change, error):
    signer = Signer(verifying)
    later = (datetime.datetime.strptime(signer.stamp, STAMP) + datetime.timedelta(seconds=1)).strftime(STAMP)
    change = {name: later if value == "+1" else value for name, value in change.items()}
    headers = {**signer.headers(X_Amz_Meta="a"), **change}
    answer = send(verifying, {name: value for name, value in headers.items() if value is not None})

    assert (answer.status, answer.error if error else None) == ((400, error) if error else (200, None))


@pytest.mark.parametrize("body", [b'{"Limit":2}', b'{"Limit":1} ', b"{}"])
def test_a_body_cannot_be_changed(verifying, body):
    headers = Signer(verifying).headers(body=b'{"Limit":1}')

    assert send(verifying, headers, body=b'{"Limit":1}').status == 200
    assert send(verifying, headers, body=body).error == MISMATCH


def test_a_hash_of_the_body_that_is_right_is_taken(verifying):
    right = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    assert send(verifying, Signer(verifying).headers(X_Amz_Content_Sha256=right)).status == 200
    unsigned = Signer(verifying).headers(X_Amz_Content_Sha256="UNSIGNED-PAYLOAD")
    assert send(verifying, unsigned).error == HASH_DIFFERS


def test_a_session_token_is_signed_or_not(verifying):
    assert send(verifying, Signer(verifying).headers(X_Amz_Security_Token="signed")).status == 200
    changed = {**Signer(verifying).headers(X_Amz_Security_Token="signed"), "X-Amz-Security-Token": "changed"}
    assert send(verifying, changed).error == MISMATCH


@pytest.mark.parametrize("left_out, error", [
    ("Content-Type", "'Content-Type' must be a 'SignedHeader' in the AWS Authorization."),
    ("X-Amz-Target", "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."),
])
def test_headers_that_decide_have_to_be_signed(verifying, left_out, error):
    signer = Signer(verifying)
    headers = {**signer.headers(), **signer.headers(**{left_out.replace("-", "_"): None}),}

    assert send(verifying, headers).error == ("InvalidSignatureException", error)


def test_the_host_has_to_be_signed(verifying):
    signer = Signer(verifying)
    signer.auth.headers_to_sign = lambda request: {"x-amz-target": "", "content-type": ""}
    signer.auth.canonical_headers = lambda _: f"content-type:{JSON}\nx-amz-target:{TARGET}.ListStreams"

    assert send(verifying, signer.headers()).error == (
        "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_a_little(verifying, minutes):
    assert send(verifying, Signer(verifying, now() + datetime.timedelta(minutes=minutes)).headers()).status == 200


@pytest.mark.parametrize("minutes, text", [
    (-6, r"Signature expired: (\w+) is now earlier than (\w+) \((\w+) - 5 min\.\)"),
    (6, r"Signature not yet current: (\w+) is still later than (\w+) \((\w+) \+ 5 min\.\)"),
    (-60 * 24 * 400, r"Signature expired: (\w+) is now earlier than (\w+) \((\w+) - 5 min\.\)"),
])
def test_a_signature_is_good_for_five_minutes(verifying, minutes, text):
    signer = Signer(verifying, now() + datetime.timedelta(minutes=minutes))
    code, message = send(verifying, signer.headers()).error
    matched = re.fullmatch(text, message)

    assert code == "InvalidSignatureException" and matched, message
    signed, bound, current = (datetime.datetime.strptime(stamp, STAMP) for stamp in matched.groups())
    assert signed.strftime(STAMP) == signer.stamp
    assert abs(current - bound) == datetime.timedelta(minutes=5)


def test_a_date_header_does_as_well(verifying):
    when = now()
    headers = Signer(verifying, when).headers(date=False, Date=when.strftime("%a, %d %b %Y %H:%M:%S GMT"))

    assert send(verifying, headers).status == 200
    assert send(verifying, {**headers, "Date": "Mon, 23 Nov 2015 10:00:00 GMT"}).error[1].startswith("Signature expired")


@pytest.mark.parametrize("date", ["201", "20151301T000000Z", "20150230T000000Z", "20150830 123600", "20150830T123600", "x"])
def test_a_date_that_is_none(verifying, date):
    assert send(verifying, {**Signer(verifying).headers(), "X-Amz-Date": date}).error == (
        "IncompleteSignatureException",
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601")


def change_scope(headers, part, value):
    found = re.search(r"Credential=([^,]+)", headers["Authorization"]).group(1)
    parts = found.split("/")
    parts[part] = value
    return {**headers, "Authorization": headers["Authorization"].replace(found, "/".join(parts))}


@pytest.mark.parametrize("part, value, code, text", [
    (1, "20150830", "InvalidSignatureException",
     r"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != '(\d{8})', "
     r"from '\1T\d{6}Z'\. "),
    (2, "", "InvalidSignatureException", r"Credential should be scoped to a valid region, not ''\. "),
    (2, "eu-west-1", *MISMATCH),
    (3, "s3", "InvalidSignatureException", r"Credential should be scoped to correct service: 'kinesis'\. "),
    (4, "aws5_request", "InvalidSignatureException",
     r"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'\. "),
    (4, "aws4_request/more", "IncompleteSignatureException",
     r"Credential must have exactly 5 slash-delimited elements, e\.g\. keyid/date/region/service/term, got '.*/more'"),
    (0, "AKIDNOBODY", *UNKNOWN_KEY), (0, KEY.lower(), *UNKNOWN_KEY), (0, "", *UNKNOWN_KEY), (0, OTHER_KEY, *MISMATCH),
])
def test_the_scope_of_a_credential(verifying, part, value, code, text):
    answer = send(verifying, change_scope(Signer(verifying).headers(), part, value))

    assert answer.error[0] == code
    assert answer.error[1] == text or re.fullmatch(text, answer.error[1])


@pytest.mark.parametrize("replace, error", [
    (("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25"),
     ("IncompleteSignatureException", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ")),
    (("Signature=", "Signature=0"), MISMATCH), (("SignedHeaders=", "SignedHeaders=x-more;"), MISMATCH),
])
def test_what_else_an_authorization_says(verifying, replace, error):
    headers = Signer(verifying).headers()

    assert send(verifying, {**headers, "Authorization": headers["Authorization"].replace(*replace)}).error == error


def test_a_presigned_request(verifying):
    path, headers = Signer(verifying).presigned()

    assert send(verifying, headers, path=path).status == 200
    assert send(verifying, headers, path=path, body=b'{"Limit":1}').error == MISMATCH
    assert send(verifying, {**headers, "X-Amz-Target": f"{TARGET}.DescribeLimits"}, path=path).error == MISMATCH
    assert send(verifying, headers, path=path.replace("Expires=300", "Expires=301")).error == MISMATCH
    assert send(verifying, headers, path=path + "&more=1").error == MISMATCH
    assert send(verifying, headers, path=path[:-1] + ("1" if path[-1] == "0" else "0")).error == MISMATCH
    path, headers = Signer(verifying, secret="wrong").presigned()
    assert send(verifying, headers, path=path).error == MISMATCH
    path, headers = Signer(verifying, key="AKIDNOBODY").presigned()
    assert send(verifying, headers, path=path).error == UNKNOWN_KEY
    path, headers = Signer(verifying).presigned(headers={})
    assert send(verifying, headers, path=path).error == (
        "InvalidSignatureException", "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.")


@pytest.mark.parametrize("age_s, expires, text", [
    (0, "1", None), (600, "660", None), (600, "604800", None), (240, None, None),
    (600, "540", "Signature expired: STAMP is now earlier than * (* - 9 min.)"),
    (600, "61", "Signature expired: STAMP is now earlier than * (* - 61 sec.)"),
    (600, None, "Signature expired: STAMP is now earlier than * (* - 5 min.)"),
    (-600, "604800", "Signature not yet current: STAMP is still later than * (* + 5 min.)"),
    *((0, expires, "X-Amz-Expires must be a number of seconds from 1 to 604800.")
      for expires in ("0", "-1", "604801", "x", "1x", "99999999999999999999", "")),
])
def test_a_presigned_request_is_good_until_it_expires(verifying, age_s, expires, text):
    signer = Signer(verifying, now() - datetime.timedelta(seconds=age_s))
    path, headers = signer.presigned(expires)
    answer = send(verifying, headers, path=path)

    if text is None:
        assert answer.status == 200, answer.body
    else:
        pattern = re.escape(text).replace(r"\*", r"\w+").replace("STAMP", signer.stamp)
        assert answer.error[0] == "InvalidSignatureException"
        assert re.fullmatch(pattern, answer.error[1]), answer.error[1]


def test_the_signature_is_asked_for_where_its_presence_was(verifying):
    """After the body and the target, before the operation."""
    wrong = Signer(verifying, secret="wrong")
    broken = send(verifying, wrong.headers(body=b"{"), body=b"{")
    unknown = send(verifying, {**wrong.headers(), "X-Amz-Target": f"{TARGET}.Nothing"})
    unsigned = send(verifying, {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}.ListStreams"})
    invalid = send(verifying, wrong.headers(body=b'{"Limit":"x"}'), body=b'{"Limit":"x"}')

    assert broken.value == {"__type": "SerializationException"}
    assert unknown.value == {"__type": "UnknownOperationException"}
    assert unsigned.error == ("MissingAuthenticationTokenException", "Missing Authentication Token")
    assert invalid.error == MISMATCH


def test_health_and_metrics_need_no_signature(verifying):
    for path in (b"/_millrace/health", b"/metrics"):
        answer = exchange(verifying, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_no_secret_and_no_signature_is_logged(tmp_path):
    keys = write_keys(tmp_path / "keys", f"{KEY} a-very-secret-word\n")
    with Server(args=["--auth", "verify", "--auth-keys", keys, "--log-level", "debug", "--access-log", "all"]) as server:
        headers = Signer(server, secret="a-very-secret-word").headers()
        assert send(server, headers).status == 200
        assert send(server, headers, body=b'{"Limit":1}').status == 400
        server.stop()
        output = server.output()

    assert "verifying signatures; access keys: 1" in output
    assert "InvalidSignatureException" in output
    assert "very-secret" not in output
    assert headers["Authorization"].rpartition("=")[2] not in output


def test_by_default_any_secret_will_do(server):
    assert send(server, Signer(server, datetime.datetime(2015, 8, 30), secret="any").headers()).status == 200


@pytest.mark.parametrize("words, text", [
    (["--auth", "verify"], "--auth verify requires --auth-keys"),
    (["--auth-keys", "keys"], "--auth verify requires --auth-keys"),
    (["--auth", "maybe"], "--auth"),
])
def test_options_that_do_not_go_together(words, text):
    finished = run("serve", "--ephemeral", *words)

    assert finished.returncode == 2
    assert text in finished.stderr


@pytest.mark.parametrize("content, mode, text", [
    ("", 0o600, "there is no key in it"), ("# only a comment\n", 0o600, "there is no key in it"),
    ("\nAKID\n", 0o600, "line 2 is not an access key id and a secret"),
    ("A secret0\nB secret0 more\n", 0o600, "line 2 has more than"), ("A/B secret0\n", 0o600, "line 1 has an access key id with"),
    ("A secret0\nA other\n", 0o600, "line 2 has an access key id that was there before"),
    ("A secret0\n", 0o666, "take that away with chmod"),
    ("#" * (1 << 20) + "\n", 0o600, "more than 1048576 bytes"),
])
def test_a_file_of_keys_that_will_not_do(tmp_path, content, mode, text):
    keys = write_keys(tmp_path / "keys", content, mode)
    finished = run("serve", "--ephemeral", "--auth", "verify", "--auth-keys", keys)

    assert finished.returncode == 1
    assert text in finished.stderr and str(keys) in finished.stderr
    assert "secret0" not in finished.stderr


def test_a_file_of_keys_that_is_missing_or_no_file(tmp_path):
    for path, text in [(tmp_path / "none", "No such file"), (tmp_path, "not a regular file")]:
        finished = run("serve", "--ephemeral", "--auth", "verify", env={"MILLRACE_AUTH_KEYS": str(path)})
        assert finished.returncode == 1
        assert text in finished.stderr and str(path) in finished.stderr
