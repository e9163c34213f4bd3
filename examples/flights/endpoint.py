"""Connects to a Kinesis endpoint: a local server or the service itself."""

import os

import boto3
from botocore.config import Config

# A local server takes any credentials, but boto3 does not send a request without some.
EXAMPLE_CREDENTIALS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}


def connect(endpoint_url=None, region=None, attempts=1, connections=10):
    """A boto3 client; without `endpoint_url`, boto3's own configuration names the endpoint.

    `attempts` is how often boto3 sends one call. The default of 1 shows every unanswered call to
    the caller, who may have to know about it.
    """
    settings = {}
    if endpoint_url:
        settings["endpoint_url"] = endpoint_url
        if not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & set(os.environ):
            settings.update(EXAMPLE_CREDENTIALS)
    region = (region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
              or "us-east-1")
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"},
                    max_pool_connections=connections, connect_timeout=5, read_timeout=30)
    return boto3.client("kinesis", region_name=region, config=config, **settings)


def add_options(parser):
    """The options that every program here has in common."""
    parser.add_argument("--endpoint-url", help="default: as boto3 is configured")
    parser.add_argument("--region", help="default: AWS_REGION, else us-east-1")
    parser.add_argument("--stream", default="flights", help="default: %(default)s")
