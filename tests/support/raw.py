"""Requests as bytes and answers as they came: for all that an SDK would refuse to send or hide.

Requests are signed, so the same tests can ask the real service.
"""

import base64
import dataclasses
import http.client
import json
import urllib.parse

import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
TARGET = "Kinesis_20131202"


@dataclasses.dataclass(frozen=True)
class Millis:
    """A timestamp of a CBOR answer: milliseconds under tag 1, which RFC 8949 has as seconds."""

    value: int


@dataclasses.dataclass
class Answer:
    """Status, headers (names in lower case) and body of an HTTP response."""

    status: int
    headers: dict
    body: bytes

    @property
    def value(self):
        """The body as a value; None when it is empty."""
        if not self.body:
            return None
        if self.headers.get("content-type") == CBOR:
            return cbor2.loads(self.body, semantic_decoders={1: lambda millis, _: Millis(millis)})
        return json.loads(self.body)

    @property
    def error(self):
        """(type, message) of an error answer."""
        return self.value["__type"], self.value.get("message", self.value.get("Message"))


def in_form(value, form):
    """Members as a form has them: in JSON bytes are base64 text, in CBOR times (floats) are milliseconds."""
    if isinstance(value, bytes) and form == JSON:
        return base64.b64encode(value).decode()
    if isinstance(value, float) and form == CBOR:
        return int(value * 1000)
    if isinstance(value, dict):
        return {key: in_form(item, form) for key, item in value.items()}
    return [in_form(item, form) for item in value] if isinstance(value, list) else value


class Wire:
    """Sends requests over one kept connection, as SDKs do."""

    def __init__(self, endpoint, access_key="AKIDEXAMPLE", secret_key="secret", region="us-east-1"):
        self.url = urllib.parse.urlsplit(endpoint)
        self.credentials = Credentials(access_key, secret_key)
        self.region = region
        self.connection = None

    def signed_headers(self, method, path, body, headers):
        request = AWSRequest(
            method=method, url=f"{self.url.scheme}://{self.url.netloc}{path}", data=body,
            headers=headers)
        SigV4Auth(self.credentials, "kinesis", self.region).add_auth(request)
        return dict(request.headers.items())

    def send(self, method="POST", path="/", body=b"", headers=None, signed=True) -> Answer:
        """Sends one request with exactly these headers, and Host, Content-Length and a signature."""
        headers = dict(headers or {})
        if signed:
            headers = self.signed_headers(method, path, body, headers)
        if self.connection is None:
            cls = (http.client.HTTPSConnection if self.url.scheme == "https"
                   else http.client.HTTPConnection)
            self.connection = cls(self.url.hostname, self.url.port, timeout=30)
        try:
            self.connection.request(method, path, body=body, headers=headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)
        if response.will_close:
            self.connection = None
        return answer

    def call(self, operation, members=None, form=JSON, body=None, target=None, **headers) -> Answer:
        """Calls an operation; `members` is encoded in `form` unless `body` gives the bytes."""
        if body is None:
            members = {} if members is None else members
            body = cbor2.dumps(members) if form == CBOR else json.dumps(members).encode()
        target = target if target is not None else f"{TARGET}.{operation}"
        return self.send(body=body, headers={"Content-Type": form, "X-Amz-Target": target, **headers})
