"""The compose file is valid, and its commands work when they run without a container.

The server gets the same environment variables and, where bubblewrap is there, the same bounds: an
ordinary user, no capability, and an empty read-only root with the data directory in it.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from support.server import ROOT, Server, binary, is_static

yaml = pytest.importorskip("yaml", reason="PyYAML is missing; it comes with awscli")

COMPOSE_FILE = ROOT / "docker" / "compose.yaml"
SERVICES = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
COMMAND_TIMEOUT_S = 60


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "data", env=SERVICES["millrace"]["environment"]) as running:
        yield running


def run_health(server):
    """Runs the health test of the compose file against the server."""
    kind, program, *arguments = SERVICES["millrace"]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "millrace")
    return subprocess.run([binary(), *arguments], timeout=COMMAND_TIMEOUT_S, capture_output=True,
                          text=True, env={**os.environ, "MILLRACE_PORT": str(server.port)})


def run_app(server):
    """Runs the example application with the environment of the compose file."""
    app = SERVICES["app"]
    python, script = app["command"]
    assert python == "python"
    environment = dict(app["environment"])
    assert environment["AWS_ENDPOINT_URL_KINESIS"] == "http://millrace:4567"
    environment["AWS_ENDPOINT_URL_KINESIS"] = server.endpoint
    folder = COMPOSE_FILE.parent / app["build"]
    return subprocess.run([sys.executable, folder / pathlib.Path(script).name],
                          timeout=COMMAND_TIMEOUT_S, capture_output=True, text=True,
                          env={**os.environ, **environment})


def test_docker_compose_accepts_the_file():
    command = next((words for words in (["docker-compose"], ["docker", "compose"])
                    if shutil.which(words[0]) and compose_works(words)), None)
    if command is None:
        pytest.skip("docker-compose is not installed")

    result = subprocess.run([*command, "-f", COMPOSE_FILE, "config", "-q"],
                            timeout=COMMAND_TIMEOUT_S, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


def compose_works(words):
    return subprocess.run([*words, "version"], capture_output=True,
                          timeout=COMMAND_TIMEOUT_S).returncode == 0


def test_health_says_yes_once_the_streams_are_there(server):
    result = run_health(server)

    assert result.returncode == 0, result.stderr
    assert set(server.client().list_streams()["StreamNames"]) == {"orders", "clicks"}


def test_health_says_no_when_no_server_answers(server):
    server.kill()

    assert run_health(server).returncode != 0


def test_the_streams_have_the_shards_that_the_compose_file_names(server):
    client = server.client()

    assert len(client.list_shards(StreamName="orders")["Shards"]) == 2
    assert len(client.list_shards(StreamName="clicks")["Shards"]) == 4


def test_initialize_streams_is_another_name(tmp_path):
    streams = SERVICES["millrace"]["environment"]["MILLRACE_STREAMS"]

    with Server(tmp_path / "data", env={"INITIALIZE_STREAMS": streams}) as server:
        assert set(server.client().list_streams()["StreamNames"]) == {"orders", "clicks"}


def test_the_example_application_runs(server):
    result = run_app(server)

    assert result.returncode == 0, result.stderr


def test_the_example_application_runs_again_after_a_restart(server):
    assert run_app(server).returncode == 0
    assert server.stop() == 0
    server.start()

    result = run_app(server)

    assert result.returncode == 0, result.stderr


def test_the_server_runs_as_an_ordinary_user_on_an_empty_read_only_root(tmp_path):
    if not is_static():
        pytest.skip("this build is not the static one")
    bounds = ["bwrap", "--unshare-all", "--share-net", "--uid", "65532", "--gid", "65532",
              "--cap-drop", "ALL", "--clearenv", "--die-with-parent"]
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    if subprocess.run([*bounds, "--ro-bind", "/", "/", "/bin/true"]).returncode != 0:
        pytest.skip("bubblewrap may not make user namespaces here")
    data = tmp_path / "data"
    data.mkdir()
    for name, value in SERVICES["millrace"]["environment"].items():
        bounds += ["--setenv", name, value]
    bounds += ["--ro-bind", binary(), binary(), "--bind", data, data, "--remount-ro", "/", "--"]

    with Server(data, args=["--listen", "0.0.0.0"], prefix=bounds) as server:
        result = run_app(server)

    assert result.returncode == 0, result.stderr
    assert list(data.iterdir())
