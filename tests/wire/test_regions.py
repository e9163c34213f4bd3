"""Which region a request is for, by what its signature says."""

import urllib.parse

import pytest

from support.raw import JSON, TARGET, Wire
from support.server import Server


@pytest.mark.parametrize("is_presigned", [False, True])
@pytest.mark.parametrize("region_set, region", [
    ("us-west-2", "us-west-2"), ("us-west-2,eu-west-1", "ap-south-1"), ("*", "ap-south-1"), ("us-*", "ap-south-1"),
    ("", "ap-south-1"), (None, "ap-south-1")])
def test_a_signature_of_version_4a_names_its_region_aside(is_presigned, region_set, region):
    signed = {"Credential": "AKIDEXAMPLE/20150830/kinesis/aws4_request", "SignedHeaders": "host", "Signature": "ab"}
    aside = {} if region_set is None else {"X-Amz-Region-Set": region_set}
    headers, path = {"Content-Type": JSON}, "/"
    if is_presigned:
        query = {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256", "X-Amz-Date": "20150830T123600Z", **aside,
                 **{f"X-Amz-{name}": value for name, value in signed.items()}}
        path += "?" + urllib.parse.urlencode(query)
    else:
        said = ", ".join(f"{name}={value}" for name, value in signed.items())
        headers |= {"Authorization": f"AWS4-ECDSA-P256-SHA256 {said}", "X-Amz-Date": "20150830T123600Z", **aside}
    with Server(args=["--region", "ap-south-1"]) as server:
        def call(operation, body):
            headers["X-Amz-Target"] = f"{TARGET}.{operation}"
            return Wire(server.endpoint).send(path=path, body=body, headers=headers, signed=False)

        assert call("CreateStream", b'{"StreamName":"a","ShardCount":1}').status == 200
        summary = call("DescribeStreamSummary", b'{"StreamName":"a"}').value["StreamDescriptionSummary"]

    assert summary["StreamARN"].split(":")[3] == region
