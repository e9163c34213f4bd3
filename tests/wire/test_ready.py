"""How a program hears that the server is ready: the ready file, the line of port 0, the log, paths."""

import json
import os
import resource
import select
import signal
import ssl
import subprocess
import urllib.request

import pytest
from rawsocket import connect, read_answer, status_of, wait_until

from support.server import Server, binary, environment, free_port


def read(path):
    """The facts in a ready file; nothing while there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def health(*words, env=None):
    return subprocess.run([binary(), "health", *map(str, words)], capture_output=True, text=True, timeout=30, check=False,
                          env={**environment(), **(env or {})})


def serve(*words, **options):
    """A run of the server that ends by itself."""
    return subprocess.run([binary(), "serve", "--ephemeral", "--port", "0", *map(str, words)], capture_output=True, text=True,
                          timeout=30, check=False, env=environment(), **options)


def test_the_ready_file_is_there_while_the_server_is_ready(tmp_path):
    path = tmp_path / "ready.json"
    server = Server(args=["--ready-file", path, "--listen", "127.0.0.1,127.0.0.2"])
    server.spawn()
    wait_until(path.exists)
    facts = read(path)
    mode = path.stat().st_mode & 0o777
    context = ssl.create_default_context(cadata=facts["ca"])
    secure = next(url for url in facts["endpoints"] if url.startswith("https://127.0.0.1"))
    with urllib.request.urlopen(f"{secure}/_millrace/health", context=context, timeout=5) as answer:
        assert answer.status == 200
    found = health(env={"MILLRACE_READY_FILE": str(path)})
    status = server.stop()

    port = server.port
    assert facts["endpoint"] == f"http://127.0.0.1:{port}"
    assert facts["endpoints"] == [f"{scheme}://127.0.0.{last}:{port}" for last in (1, 2) for scheme in ("http", "https")]
    assert (facts["pid"], mode, found.returncode) == (server.process.pid, 0o600, 0), found.stderr
    assert facts["version"] and "BEGIN CERTIFICATE" in facts["ca"] and "PRIVATE" not in facts["ca"]
    assert status == 0
    assert list(tmp_path.iterdir()) == []


def test_the_ready_file_goes_when_a_stop_begins(tmp_path):
    """Not after the requests under way have had their answers."""
    path = tmp_path / "ready.json"
    server = Server(args=["--ready-file", path])
    server.spawn()
    wait_until(path.exists)
    with connect(server) as half_sent:
        half_sent.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        wait_until(lambda: "millrace_inflight_bytes 1" in metrics(server))
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not path.exists())
        assert server.process.poll() is None
    assert server.process.wait(timeout=20) == 0


def metrics(server):
    with urllib.request.urlopen(f"{server.endpoint}/metrics", timeout=5) as answer:
        return answer.read().decode()


def test_the_ready_file_waits_for_the_streams_made_at_start(tmp_path):
    path = tmp_path / "ready.json"
    server = Server(args=["--ready-file", path, "--streams", "slow:1", "--transition-delay", "create=700ms"])
    server.spawn()
    seen = []
    wait_until(lambda: seen.append(path.exists()) or seen[-1])
    status = server.client().describe_stream_summary(StreamName="slow")["StreamDescriptionSummary"]["StreamStatus"]
    wait_until(lambda: server.output().endswith(" info: Ready.\n"))
    server.stop()

    assert status == "ACTIVE"
    assert False in seen


def test_health_speaks_tls_where_the_ready_file_says_so(tmp_path):
    path = tmp_path / "ready.json"
    server = Server(args=["--ready-file", path, "--tls", "only"])
    server.spawn()
    wait_until(path.exists)
    found = health("--ready-file", path)
    facts = read(path)
    server.stop()

    assert (found.returncode, json.loads(found.stdout)["status"]) == (0, "ready"), found.stderr
    assert facts["endpoints"][0] == facts["endpoint"] == f"https://127.0.0.1:{server.port}"
    assert all(url.startswith("https://") for url in facts["endpoints"])


def test_a_port_on_the_command_line_is_asked_rather_than_the_ready_file(tmp_path):
    path, port = tmp_path / "ready.json", free_port()

    assert health("--port", port, env={"MILLRACE_READY_FILE": str(path)}).stderr == f"no answer on port {port}: Connection refused\n"
    assert health(env={"MILLRACE_READY_FILE": str(path), "MILLRACE_PORT": str(port)}).stderr == \
        f"ready file {path}: it does not exist: no server is ready\n"


def test_a_ready_file_of_a_server_that_is_gone(tmp_path):
    path = tmp_path / "ready.json"
    with Server(args=["--ready-file", path]) as server:
        wait_until(path.exists)
        server.kill()
        left = read(path)
        gone = health("--ready-file", path)
        server.spawn()
        wait_until(lambda: (read(path) or left)["pid"] == server.process.pid)
        again = health("--ready-file", path)

    assert (gone.returncode, gone.stderr) == (1, f"ready file {path}: its server, process {left['pid']}, is gone\n")
    assert again.returncode == 0


def test_a_ready_file_of_another_process_with_the_same_id_is_of_one_that_is_gone(tmp_path):
    """As after the machine was started anew: its process id is used again."""
    path = tmp_path / "ready.json"
    with Server(args=["--ready-file", path]) as server:
        wait_until(path.exists)
        facts = read(path)
        server.kill()
        path.write_text(json.dumps({**facts, "pid": os.getpid()}))
        path.chmod(0o600)
        gone = health("--ready-file", path)

    assert facts["started"] > 0
    assert (gone.returncode, gone.stderr) == (1, f"ready file {path}: its server, process {os.getpid()}, is gone\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_a_ready_file_that_another_user_has_put_there_is_not_believed(tmp_path):
    """Somebody else's endpoint and authority, in a folder for all."""
    with Server() as other:
        path = tmp_path / "ready.json"
        facts = {"endpoint": other.endpoint, "endpoints": [other.endpoint], "ca": None, "pid": other.process.pid, "started": 0, "version": "1"}
        path.write_text(json.dumps(facts))
        os.chown(path, 1234, 1234)
        for folder in [tmp_path, *tmp_path.parents][:3]:
            folder.chmod(0o755)
        as_user = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups"]
        asked = subprocess.run([*as_user, "/bin/cat", path], capture_output=True, text=True, check=False)
        if asked.returncode:
            pytest.skip("the folder of this test is closed to others")
        found = subprocess.run([*as_user, binary(), "health", "--ready-file", path], capture_output=True, text=True, timeout=30, check=False,
                               env=environment())

    assert (found.returncode, found.stderr) == (1, f"ready file {path}: it belongs to another user\n")


def test_another_server_that_cannot_start_leaves_the_ready_file(tmp_path):
    """As one that is started by mistake in a container where one runs."""
    path = tmp_path / "ready.json"
    with Server(args=["--ready-file", path]) as server:
        wait_until(path.exists)
        facts = read(path)
        other = subprocess.run([binary(), "serve", "--ephemeral", "--port", str(server.port), "--ready-file", path],
                               capture_output=True, text=True, timeout=30, check=False, env=environment())

        assert (other.returncode, read(path)) == (1, facts), other.stderr


@pytest.mark.parametrize("content, text", [
    ("precious", "the file there is not a server's ready file"), ("{}", "not a server's ready file"), ('{"pid":1}', "not a server's ready file"), ("[1]", "not a server's ready file"),
    ('{"pid":1,"version":"1","ca":null,"endpoints":["ftp://x"]}', "not a server's ready file")])
def test_what_is_no_ready_file_is_not_touched(tmp_path, content, text):
    path = tmp_path / "file"
    path.write_text(content)
    finished = serve("--ready-file", path)
    asked = health("--ready-file", path)

    assert (finished.returncode, path.read_text()) == (1, content)
    assert f"ready file {path}: " in finished.stderr and text in finished.stderr
    assert asked.returncode == 1 and text in asked.stderr


def test_a_link_in_the_place_of_the_ready_file_is_not_followed(tmp_path):
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    finished = serve("--ready-file", tmp_path / "link")

    assert finished.returncode == 1
    assert "it is a link, which is not followed" in finished.stderr
    assert not target.exists()


@pytest.mark.parametrize("name, text", [("none/ready.json", "No such file or directory"), (".", "it is not a regular file")])
def test_a_ready_file_that_cannot_be_written(tmp_path, name, text):
    finished = serve("--ready-file", tmp_path / name)

    assert finished.returncode == 1
    assert f"ready file {tmp_path / name}: " in finished.stderr and text in finished.stderr


def test_a_ready_file_without_room(tmp_path):
    """A device that takes no bytes: here, files that may not grow."""
    path = tmp_path / "ready.json"

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    finished = serve("--ready-file", path, preexec_fn=no_room)

    assert finished.returncode == 1
    assert f"ready file {path}: " in finished.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_the_ready_file(tmp_path):
    """As mktemp leaves it."""
    path = tmp_path / "ready.json"
    path.touch(0o644)
    with Server(args=["--ready-file", path]) as server:
        wait_until(lambda: read_if_whole(path))
        assert (read(path)["pid"], path.stat().st_mode & 0o777) == (server.process.pid, 0o600)


def read_if_whole(path):
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.mark.parametrize("level", ["info", "off"])
def test_port_0_prints_the_endpoint_whatever_the_level_of_the_log(level):
    process = subprocess.Popen([binary(), "serve", "--ephemeral", "--port", "0", "--log-level", level], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    try:
        assert select.select([process.stdout], [], [], 20)[0], "no line on stdout"
        facts = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{facts['endpoint']}/_millrace/health", timeout=5) as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        rest, errors = process.communicate(timeout=20)

    assert (facts["pid"], rest) == (process.pid, "")
    assert ("info: Ready.\n" in errors) == (level == "info")


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_output_that_nobody_reads_any_more_ends_nothing(tmp_path, which):
    path = tmp_path / "ready.json"
    out, closed = os.pipe()
    os.close(out)
    outputs = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, which: closed}
    process = subprocess.Popen([binary(), "serve", "--ephemeral", "--port", "0", "--ready-file", path], env=environment(), **outputs)
    os.close(closed)
    try:
        wait_until(path.exists)
        assert health("--ready-file", path).returncode == 0
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def get(server, path, method="GET"):
    with connect(server) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
        head, body, _ = read_answer(connection)
    return status_of(head), json.loads(body)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/_ministack/health", "/_floci/health"])
def test_paths_that_others_ask(server, path):
    assert get(server, path) == (200, get(server, "/_millrace/health")[1])


def test_paths_of_localstack(server):
    assert get(server, "/_localstack/init") == (
        200, {"completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}, "scripts": []})
    assert get(server, "/_localstack/init/ready") == (200, {"completed": True, "scripts": []})
    assert get(server, "/_localstack/info")[1]["version"] == get(server, "/_millrace/health")[1]["version"]


def test_live_is_not_ready():
    server = Server(args=["--streams", "slow:1", "--transition-delay", "create=1h"])
    server.spawn()
    wait_until(lambda: "serving on" in server.output())
    states = {path: get(server, path)[0] for path in ["/livez", "/readyz", "/healthz", "/_millrace/health"]}
    alive = get(server, "/livez")[1]["status"]
    init = get(server, "/_localstack/init")[1]["completed"]["READY"]
    server.stop()

    assert alive == "alive"
    assert states == {"/livez": 200, "/readyz": 503, "/healthz": 503, "/_millrace/health": 503}
    assert init is False


@pytest.mark.parametrize("method, path", [
    ("POST", "/_localstack/state/reset"), ("POST", "/_ministack/reset"), ("POST", "/moto-api/reset"), ("GET", "/_millrace/nothing"),
    ("PUT", "/_x")])
def test_own_paths_with_nothing_there(server, method, path):
    status, body = get(server, path, method)

    assert (status, body) == (404, {"error": "not_found", "message": f"millrace has nothing at {method} {path}."})
