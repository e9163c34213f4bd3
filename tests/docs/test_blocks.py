"""What README and docs/ tell people to type does what they say. A block is run here, or is in a list with its reason."""

import configparser
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
import yaml
from fenced import ROOT, all_blocks, run_python, run_sh

from support.server import Server, binary, environment

# Blocks of these languages that are run here, with what they print last; None: nothing in particular.
RUN = {
    ("README.md", "export AWS_DEFAULT_REGION"): "hello\n",
    ("README.md", "export AWS_ENDPOINT_URL_KINESIS"): None,
    ("docs/quick-start.md", "export AWS_DEFAULT_REGION"): "hello from the CLI\n",
    ("docs/quick-start.md", "import boto3"): "hello from Python\n",
    ("docs/authentication.md", "import boto3\n\ndef client"): "[]\n",
    ("docs/authentication.md", "import boto3\n\nsts"): "arn:aws:kinesis:us-east-1:555555555555:stream/other\n",
    ("docs/authentication.md", "import boto3, json"): "shardId-000000000000\nnot allowed\n",
    ("docs/control.md", "curl --silent --request POST"): None,
    ("docs/control.md", "curl --silent http://localhost:4567/_millrace/clock"): None,
    ("docs/operating.md", "import json, pathlib"): None,
    ("docs/tls.md", "curl --silent http://localhost:4567"): None,
}

# Blocks that no test runs as they stand, by page and first words, and why.
LISTED = {
    ("README.md", "./dev run"): "the commands of development; ./dev test is what runs this, ./dev run builds the release binary",
    ("docs/quick-start.md", "millrace --ephemeral"): "does not end; tests/wire/test_start.py runs it",
    ("docs/quick-start.md", "import { KinesisClient"): "./dev clients runs it",
    ("docs/quick-start.md", "import java.net.URI"): "./dev clients runs it",
    ("docs/quick-start.md", "package main"): "./dev clients runs it",
    ("docs/containers.md", "docker "): "containers: ./dev containers runs what they do",
    ("docs/containers.md", "GenericContainer"): "a part of a program; ./dev containers drives the image",
    ("docs/containers.md", "from testcontainers"): "a part of a program; ./dev containers drives the image",
    ("docs/control.md", '{"now"'): "an answer; tests/wire/test_control_clock.py looks at each member",
    ("docs/control.md", "curl --aws-sigv4"): "test_the_file_of_keys runs it",
    ("docs/control.md", '{"error"'): "an answer; tests/wire/test_reset.py looks at each member",
    ("docs/configuration.md", "millrace serve --port"): "does not end; tests/wire/test_start.py runs each form",
    ("docs/authentication.md", "# access key ID"): "a file; test_the_file_of_keys starts a server with it",
    ("docs/authentication.md", "millrace serve --auth"): "does not end; test_the_file_of_keys runs it",
    ("docs/operating.md", "systemctl"): "needs a service of systemd",
    ("docs/tls.md", "keytool"): "needs Java; ./dev clients makes its trust store so",
    ("docs/tls.md", "millrace serve --tls-cert"): "does not end; tests/wire/test_tls.py runs it",
    ("docs/internals/architecture.md", ""): "pictures of folders and of a request's way",
    ("docs/kcl-and-kpl.md", "URI kinesisEndpoint"): "a part of a program; ./dev clients runs KCL",
    ("docs/kcl-and-kpl.md", "new KinesisProducerConfiguration"): "a part of a program; ./dev clients runs KPL",
}

CHECKED = {"yaml": "test_yaml_is_valid", "ini": "test_the_unit_of_systemd", "conf": "test_the_file_of_options_works"}


def rule_of(block, rules):
    """The one rule whose page and first words are those of the block."""
    found = [key for key in rules if key[0] == block.page and block.text.startswith(key[1])]
    assert len(found) <= 1, (str(block), found)
    return found[0] if found else None


BLOCKS = all_blocks()
TO_RUN = [block for block in BLOCKS if rule_of(block, RUN)]


def test_each_block_is_run_or_listed():
    for block in BLOCKS:
        ways = [rule_of(block, RUN), rule_of(block, LISTED), CHECKED.get(block.language)]
        assert sum(map(bool, ways)) == 1, f"{block}: {ways}"
    for key in [*RUN, *LISTED]:
        assert any(rule_of(block, {key}) for block in BLOCKS), f"{key} is no block any more"


@pytest.fixture(scope="module")
def server():
    with Server(args=["--streams", "orders:1", "--enforce-policies"]) as running:
        yield running


@pytest.fixture
def place(tmp_path):
    """An environment in which `millrace` and the AWS CLI of the test environment are commands."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "millrace").symlink_to(binary())
    python = ROOT / "build" / "venv" / "bin"
    clean = {name: value for name, value in environment().items() if not name.startswith("AWS_")}
    return tmp_path, {**clean, "PATH": f"{commands}:{python}:{os.environ['PATH']}", "HOME": str(tmp_path)}


@pytest.mark.parametrize("block", TO_RUN, ids=str)
def test_a_block_runs_and_prints_what_it_says(server, place, block):
    wanted = RUN[rule_of(block, RUN)]
    if "curl" in block.text and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    output = (run_sh if block.language == "sh" else run_python)(server, block.text, *place)

    assert wanted is None or output.endswith(wanted)


@pytest.mark.parametrize("block", [block for block in TO_RUN if "put-record" in block.text], ids=str)
def test_no_command_of_an_example_can_reach_the_real_service(place, block):
    """Whatever the version of the CLI: here nothing listens where it is told to go, and nothing else is asked."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # Bound, not listening.
        text = block.text.replace("localhost:4567", f"127.0.0.1:{nobody.getsockname()[1]}")
        folder, env = place
        done = subprocess.run(["bash"], input=text, cwd=folder, env={**env, "AWS_MAX_ATTEMPTS": "1"}, capture_output=True, text=True,
                              timeout=120, check=False)

    commands = len(re.findall(r"^kinesis |\(kinesis ", text, re.MULTILINE))
    assert commands == 3
    assert done.stderr.count(f"127.0.0.1:{nobody_port(text)}") >= 2
    assert "amazonaws.com" not in done.stderr


def nobody_port(text):
    return re.search(r"127\.0\.0\.1:(\d+)", text)[1]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "yaml"], ids=str)
def test_yaml_is_valid(block):
    document = yaml.safe_load(block.text)
    help_text = subprocess.run([binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"MILLRACE_[A-Z_]+", help_text))

    assert isinstance(document, dict)
    assert set(re.findall(r"MILLRACE_[A-Z_]+", block.text)) <= options
    if "AWS_ACCESS_KEY_ID" in block.text:
        assert re.search(r"AWS_ENDPOINT_URL_KINESIS: http://\S+:4567", block.text)
        assert "AWS_ENDPOINT_URL:" not in block.text


def test_the_variables_of_the_ci_services_start_a_server_with_its_streams():
    variables = dict(re.findall(r"(MILLRACE_[A-Z_]+): \"?([^\"\n]+)", (ROOT / "docs/ci.md").read_text()))
    with Server(env=variables) as server:
        assert server.client().list_streams()["StreamNames"] == ["clicks", "orders"]


def test_the_unit_of_systemd():
    block, = [block for block in BLOCKS if block.language == "ini"]
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(block.text)
    words = unit["Service"]["ExecStart"].split()

    assert pathlib.Path(words[0]).name == "millrace"
    assert words[1:3] == ["serve", "--data-dir"]
    assert words[3] == "/var/lib/" + unit["Service"]["StateDirectory"]


def test_the_file_of_options_works(tmp_path):
    block, = [block for block in BLOCKS if block.language == "conf"]
    assert "data-dir = /var/lib/millrace\n" in block.text and "port = 4567\n" in block.text
    config = tmp_path / "millrace.conf"
    config.write_text(block.text.replace("/var/lib/millrace", str(tmp_path / "data")))
    server = Server(tmp_path / "data", args=["--config", config, "--access-log", "all"])
    with server:
        kinesis = server.client(region="eu-central-1")
        assert kinesis.list_streams()["StreamNames"] == ["orders"]
        assert len(kinesis.list_shards(StreamName="orders")["Shards"]) == 2


def test_the_file_of_keys(tmp_path):
    block, = [block for block in BLOCKS if block.text.startswith("# access key ID")]
    keys = tmp_path / "keys.txt"
    keys.touch(0o600)
    keys.write_text(block.text)
    key, secret, _ = block.text.splitlines()[1].split()
    signed, = [block for block in BLOCKS if block.text.startswith("curl --aws-sigv4")]
    with Server(args=["--auth", "verify", "--auth-keys", keys]) as server:
        import boto3
        kinesis = boto3.client("kinesis", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key,
                               aws_secret_access_key=secret)
        assert kinesis.list_streams()["StreamNames"] == []
        done = subprocess.run(["sh", "-c", signed.text.replace("http://localhost:4567", server.endpoint)], capture_output=True, text=True,
                              env={**os.environ, "KEY_ID": key, "SECRET": secret}, check=False)
        assert done.stdout == '{"streams":0}\n', done


def test_every_metric_of_the_table_is_there():
    import urllib.request
    page = (ROOT / "docs/operating.md").read_text()
    names = set(re.findall(r"`(millrace_[a-z_]+)`", page))
    with Server(args=["--streams", "orders:1", "--limits", "enforce"]) as server:
        kinesis = server.client()
        iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId="0", ShardIteratorType="LATEST")["ShardIterator"]
        kinesis.put_record(StreamName="orders", PartitionKey="k", Data=b"x")
        kinesis.get_records(ShardIterator=iterator)
        with pytest.raises(kinesis.exceptions.ClientError):
            for _ in range(20):
                kinesis.describe_stream(StreamName="orders")
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.describe_stream_summary(StreamName="none")
        text = urllib.request.urlopen(f"{server.endpoint}/metrics", timeout=10).read().decode()

    assert len(names) > 15
    for name in names:
        assert re.search(rf"^# TYPE {name} ", text, re.MULTILINE), name


def test_messages_of_the_troubleshooting_page_exist():
    """Those of the server: each is in its source, with its blanks and what varies left open."""
    page = (ROOT / "docs/troubleshooting.md").read_text()
    source = " ".join(path.read_text() for folder in ("storage", "net", "streams", "world", "api", "aws", "server", "app") for path in (ROOT / folder).rglob("*.cpp"))
    source = re.sub(r'"\s*\n?\s*"', "", source)
    ours = ["This host name is not allowed.", "Requests from web pages are not allowed.", "This port speaks TLS only: use https://",
            "is in use by process", "The file system is read-only: mount a place to write", "belongs to user", "and the server runs as user",
            "others than its owner may use the file", "others may write to the file", "the file belongs to another user",
            "; did you mean ", "unknown variable ", "is not an AWS region", "exists already and keeps its shards",
            "the file there is not a server's ready file", "The disk budget is used up.", "was moved or removed: nothing more is written",
            "the newest time in the data directory is ahead of this machine's clock", "Set AWS_ENDPOINT_URL_KINESIS instead of AWS_ENDPOINT_URL.",
            "Unable to determine service/operation name to be authorized", "are refused: "]
    for words in ours:
        assert words in page, words
        assert words in source, words
