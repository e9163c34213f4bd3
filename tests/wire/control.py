"""A control request and its answer."""

import json
import time
import urllib.error
import urllib.request

from botocore.exceptions import ClientError


def control(server, method, path, body=None, headers=None):
    """The status and the JSON of the answer."""
    request = urllib.request.Request(f"{server.endpoint}/_millrace/{path}", method=method, headers=headers or {},
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text.decode()


def reset(server, query=""):
    return control(server, "POST", "reset" + query)


def clock(server, **change):
    return control(server, "POST", "clock", change) if change else control(server, "GET", "clock")


def code_of(call, **parameters):
    """The error of a call of the service; None if it went well."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
