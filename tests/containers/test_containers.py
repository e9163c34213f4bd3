"""What people type to run the image, in real containers: `./dev containers`.

Those marked `short` run in CI.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import boto3
import pytest
from podman import IMAGE, podman_with_image, wait_for

from support.server import ROOT, binary, free_port

short = pytest.mark.short


@pytest.fixture(scope="session")
def podman():
    with podman_with_image(binary()) as engine:
        yield engine


@pytest.fixture
def volume(podman):
    name = podman("volume", "create").stdout.strip()
    yield name
    podman("volume", "rm", "-f", name, check=False)


def client(container, scheme="http"):
    return boto3.client("kinesis", endpoint_url=f"{scheme}://127.0.0.1:{container.port}", region_name="us-east-1",
                        aws_access_key_id="x", aws_secret_access_key="x")


def is_in_memory(container):
    return "data is in memory only" in container.logs()


@short
@pytest.mark.parametrize("words, ephemeral", [([], False), (["--ephemeral"], True), (["serve", "--ephemeral"], True)])
def test_run(podman, words, ephemeral):
    with podman.run(*words) as container:
        container.wait_until_ready()
        assert is_in_memory(container) == ephemeral
        assert container.health()[0]
        status, took_s = container.stop()

    assert status == 0
    assert took_s < 5


@pytest.mark.parametrize("options, words, port", [
    (["-e", "MILLRACE_LISTEN=0.0.0.0"], [], 4567), (["-e", "MILLRACE_PORT=5000"], [], 5000), ([], ["--port", "5000"], 5000),
    ([], ["serve", "--port", "5000,5001"], 5001), (["-e", "MILLRACE_EPHEMERAL=true"], [], 4567)])
def test_options_from_anywhere(podman, options, words, port):
    with podman.run(*words, options=options, port=port) as container:
        container.wait_until_ready()
        assert container.health()[0], container.health()[1]


def test_listening_on_ipv6_alone(podman):
    with podman.run(options=["-e", "MILLRACE_LISTEN=::"]) as container:
        wait_for(lambda: "info: Ready." in container.logs())
        assert container.health()[0]
        assert "serving on http://[::]:4567" in container.logs()


def test_another_data_directory(podman, volume):
    with podman.run(options=["-e", "MILLRACE_DATA_DIR=/records", "-v", f"{volume}:/records:U"]) as container:
        client(container.wait_until_ready()).create_stream(StreamName="a", ShardCount=1)
        assert "data is in /records" in container.logs()


@pytest.mark.parametrize("words", [["millrace", "health"], ["/usr/bin/millrace", "health"], ["/millrace", "health"]])
def test_exec_health(podman, words):
    with podman.run() as container:
        container.wait_until_ready()
        done = container.exec(*words)

    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "ready"), done.stderr


def test_tls_only(podman):
    with podman.run("--tls", "only") as container:
        container.wait_until_ready("https")
        assert container.health()[0], container.health()[1]
        assert not container.answers("http")
        certificate = container.exec("millrace", "cert").stdout

    assert certificate.startswith("-----BEGIN CERTIFICATE-----")


def test_not_healthy_before_the_streams_are_there(podman):
    with podman.run(options=["-e", "MILLRACE_STREAMS=orders:2", "-e", "MILLRACE_TRANSITION_DELAY=create=2s"]) as container:
        wait_for(lambda: "serving on" in container.logs())
        early, said = container.health()[0], container.exec("millrace", "health").stderr
        wait_for(lambda: container.health()[0])

    assert not early
    assert "no server is ready" in said


def test_streams_at_start_under_another_name(podman):
    with podman.run(options=["-e", "INITIALIZE_STREAMS=orders:2,clicks"]) as container:
        assert client(container.wait_until_ready()).list_streams()["StreamNames"] == ["clicks", "orders"]


@pytest.mark.parametrize("shape", ["docker", "kubernetes", "kubernetes with fsGroup"])
def test_mounted_secrets(podman, tmp_path, shape):
    """As Docker and Kubernetes lay them out: root's, readable for the container's user by a group or by all."""
    version = tmp_path / "..2026_11_30"
    version.mkdir()
    secret = version / "keys"
    secret.write_text("x x\n")
    os.chown(secret, 0, 65532 if "fsGroup" in shape else 0)
    secret.chmod({"docker": 0o444, "kubernetes": 0o644}.get(shape, 0o440))
    (tmp_path / "..data").symlink_to(version.name)
    (tmp_path / "keys").symlink_to("..data/keys")
    for folder in (tmp_path, version):
        folder.chmod(0o755)
    options = ["-v", f"{secret if shape == 'docker' else tmp_path}:{'/run/secrets/keys' if shape == 'docker' else '/run/secrets'}:ro",
               "-e", "MILLRACE_AUTH=verify", "-e", "MILLRACE_AUTH_KEYS=/run/secrets/keys"]
    with podman.run(options=options) as container:
        assert client(container.wait_until_ready()).list_streams()["StreamNames"] == []
        warned = container.logs().count("every user may read it")

    assert warned == (0 if "fsGroup" in shape else 1)


BOUNDS = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def test_a_read_only_root_with_a_volume(podman, volume):
    options = [*BOUNDS, "-v", f"{volume}:/data"]
    with podman.run(options=options) as container:
        kinesis = client(container.wait_until_ready())
        kinesis.create_stream(StreamName="a", ShardCount=1)
        kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"kept")
        podman("kill", "-s", "KILL", container.name)
    with podman.run(options=options) as container:
        kinesis = client(container.wait_until_ready())
        iterator = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        assert container.health()[0]

    assert [record["Data"] for record in records] == [b"kept"]


def test_a_read_only_root_without_one_says_what_to_do(podman):
    with podman.run(options=BOUNDS) as container:
        wait_for(lambda: not container.is_running())
        state, said = container.state(), container.logs()

    assert state["ExitCode"] == 1
    assert "/data" in said and "-v " in said and "--ephemeral" in said


def test_a_read_only_root_and_nothing_kept(podman):
    with podman.run("--ephemeral", options=BOUNDS) as container:
        container.wait_until_ready()
        assert container.health()[0]


def test_a_folder_of_another_user_says_whose_it_is(podman, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    with podman.run(options=["-v", f"{folder}:/data"]) as container:
        wait_for(lambda: not container.is_running())
        said = container.logs()

    assert "belongs to user 0" in said and "65532" in said


def test_without_ipv6(podman):
    with podman.run(options=["--sysctl", "net.ipv6.conf.all.disable_ipv6=1"]) as container:
        container.wait_until_ready()
        assert container.health()[0]


def test_no_anonymous_volume_is_left(podman):
    before = podman("volume", "ls", "-q").stdout
    with podman.run("--ephemeral") as container:
        container.wait_until_ready()
        assert podman("volume", "ls", "-q").stdout == before


def test_what_the_image_is(podman):
    facts = json.loads(podman("inspect", IMAGE).stdout)[0]

    assert facts["Config"]["User"] == "65532:65532"
    assert facts["Config"]["Entrypoint"] == ["/usr/bin/millrace"] and facts["Config"]["Cmd"] == ["serve"]
    assert not facts["Config"].get("Volumes")
    assert {"title", "description", "licenses", "version", "revision", "created", "source"} == {
        label.removeprefix("org.opencontainers.image.") for label in facts["Labels"] if "opencontainers" in label}
    assert facts["Size"] < 20 * 2**20


def test_compose_waits_for_health_and_the_application_runs(podman, tmp_path):
    """Debian's docker-compose, by the socket of the engine. The application runs on this machine: its image is Python's."""
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.fail("docker-compose is missing")
    import yaml
    file = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    service, app = file["services"]["millrace"], file["services"]["app"]
    port = free_port()
    service.pop("build")
    service["image"] = f"localhost/{IMAGE}"
    service["ports"] = [f"127.0.0.1:{port}:4567"]
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": {"millrace": service}, "volumes": file["volumes"], "version": "2.4"}))

    with podman.socket() as address:
        words = [compose, "-p", f"millrace{port}", "-f", str(tmp_path / "compose.yaml")]
        env = {**os.environ, "DOCKER_HOST": address, "COMPOSE_HTTP_TIMEOUT": "60"}

        def run(*arguments):
            done = subprocess.run([*words, *arguments], env=env, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        try:
            run("up", "-d", "--no-build")
            container = run("ps", "-q", "millrace").strip()
            wait_for(lambda: podman("healthcheck", "run", container, check=False).returncode == 0)
            environment = {**app["environment"], "AWS_ENDPOINT_URL_KINESIS": f"http://127.0.0.1:{port}"}
            script = ROOT / "docker" / app["build"] / pathlib.Path(app["command"][1]).name
            done = subprocess.run([sys.executable, script], env={**os.environ, **environment}, capture_output=True, text=True,
                                  timeout=60, check=False)
            assert done.returncode == 0, done.stderr
        finally:
            run("down", "-v")
