"""Starting: options, ports, streams at start, what a machine may lack."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
from rawsocket import connect, read_answer, request, status_of, wait_until

from support.server import Server, apart, binary, client, environment, free_port, is_listening, is_sanitized, is_static


def run(*words, env=None):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=30, check=False,
                          env={**environment(), **(env or {})})


@pytest.mark.parametrize("words, status, text", [
    (["--help"], 0, "millrace [serve]"), (["help"], 0, "millrace check"), (["--version"], 0, "millrace "),
    (["serve", "--help"], 0, "--data-dir"), (["nonsense"], 2, "unknown command: nonsense"),
    (["serve", "--nonsense"], 2, "unknown option --nonsense\n"), (["serve", "--port", "70000"], 2, "--port"),
    (["serve", "--prot", "1"], 2, "unknown option --prot; did you mean --port?"),
    (["--prot=1"], 2, "unknown option --prot; did you mean --port?"), (["serve", "now"], 2, '"now" is not an option'),
    (["health", "--data-dir", "x"], 2, "--data-dir is an option of millrace serve"), (["serve", "--port", "1,1"], 2, "given twice"),
    (["serve", "--idle-timeout", "soon"], 2, "from 1s to 24h"), (["serve", "--slow-request", "0"], 2, "from 1ms to 24h"),
    (["serve", "--port", "x"], 2, "--port"), (["serve", "--fsync", "maybe"], 2, "--fsync"),
    (["serve", "--account", "123"], 2, "12 digits"), (["serve", "--streams", "a:0"], 2, "--streams: "),
    (["serve", "--streams", "a$b"], 2, "--streams: "), (["serve", "--transition-delay", "soon"], 2, "--transition-delay: "),
    (["serve", "--transition-delay", "sleep=5"], 2, "--transition-delay: "),
    (["serve", "--listen", "example.org", "--ephemeral"], 1, "example.org"),
    (["serve", "--config", "/no/such/file"], 2, "/no/such/file"),
])
def test_the_command_line(words, status, text):
    finished = run(*words)

    assert finished.returncode == status
    assert text in finished.stdout + finished.stderr


def test_a_port_that_is_taken():
    with Server() as server:
        finished = run("serve", "--port", server.port, "--ephemeral")

    assert finished.returncode == 1
    assert f"port {server.port}" in finished.stderr


def test_port_0_takes_a_free_one_and_says_which():
    server = Server()
    server.port = 0
    server.spawn()
    wait_until(lambda: "serving on http://127.0.0.1:" in server.output())
    server.port = int(server.output().split("serving on http://127.0.0.1:")[1].split()[0])

    assert server.is_ready()
    assert server.stop() == 0


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path):
    config = tmp_path / "millrace.conf"
    config.write_text("region = eu-north-1\naccount = 111111111111\nlog-format = json\n")
    with Server(args=["--config", config, "--account", "123456789012"],
                env={"MILLRACE_ACCOUNT": "222222222222", "MILLRACE_REGION": "eu-west-1"}) as server:
        server.client(region="eu-north-1").create_stream(StreamName="a", ShardCount=1)
        summary = server.client(region="eu-north-1").describe_stream_summary(StreamName="a")
        server.stop()
        output = server.output()

    assert summary["StreamDescriptionSummary"]["StreamARN"] == "arn:aws:kinesis:eu-north-1:123456789012:stream/a"
    assert output.startswith("{")


@pytest.mark.parametrize("text, complaint", [
    ("# one\nport = 1\nprot = 2\n", 'line 3: unknown option "prot"; did you mean port?'),
    ("nonsense = 1", 'line 1: unknown option "nonsense"'), ("[serve]\nport=1", 'line 1: "[serve]" is not name = value'),
    ("config = other", 'line 1: "config" cannot be set in a file'), ("fsync = maybe", "line 1: --fsync"),
    ("\n\nidle-timeout = soon", 'line 3: --idle-timeout: "soon" is not a time from 1s to 24h'),
    ("region = a\nregion = b", 'line 2: "region" is given twice'), ("threads = 65", "line 1: --threads"),
    ("ephemeral = perhaps", "line 1: "), ("port", 'line 1: "port" is not name = value')])
def test_what_is_wrong_in_a_file_is_named_with_its_line(tmp_path, text, complaint):
    config = tmp_path / "millrace.conf"
    config.write_text(text)

    finished = run("serve", "--config", config)

    assert finished.returncode == 2
    assert finished.stderr.startswith(f"{config}, {complaint}")


def wrong_files():
    """A hundred and more: each option with its name mistyped in three ways, and values that no option takes."""
    names = sorted(set(re.findall(r"--([a-z-]+)", run("serve", "--help").stdout)) - {"help", "config"})
    for name in names:
        for wrong in (name[1:], name[:-1] + "q", name + "s"):
            if wrong not in names:
                yield f"{wrong} = 1", name
    for name in ("port", "fsync", "tls", "limits", "account", "threads", "idle-timeout", "transition-delay", "streams", "disk-budget"):
        yield f"{name} = \x01?", name
    yield from ((text, "") for text in ("port", "= 1", "[section]", "port: 1", '"port" = 1', "port = 1 # a\nnothing", "\0", "é = 1"))


def test_a_hundred_wrong_files_each_name_what_is_wrong(tmp_path):
    files = list(wrong_files())
    assert len(files) >= 100
    config = tmp_path / "millrace.conf"
    for text, name in files:
        config.write_text(text)
        finished = run("serve", "--config", config, env={"HOME": str(tmp_path), "XDG_DATA_HOME": ""})

        assert finished.returncode == 2, (text, finished.stderr)
        assert finished.stderr.strip() and name in finished.stderr, (text, finished.stderr)
        assert list(tmp_path.iterdir()) == [config]


def test_a_file_has_options_of_other_commands_too(tmp_path):
    config = tmp_path / "millrace.conf"
    config.write_text(f"data-dir = {tmp_path / 'nothing'}\nport = {free_port()}\nephemeral = true\n")

    assert "Connection refused" in run("health", "--config", config).stderr
    assert "is not a data directory" in run("check", "--config", config).stderr


@pytest.mark.parametrize("name, words", [
    ("MILLRACE_STEAMS", "unknown variable MILLRACE_STEAMS in the environment; did you mean MILLRACE_STREAMS?"),
    ("MILLRACE_NONSENSE", "unknown variable MILLRACE_NONSENSE in the environment\n"),
    ("MILLRACE_SERVICE_HOST", None), ("MILLRACE_PORT_4567_TCP_ADDR", None)])
def test_variables_that_are_no_options_are_told(name, words):
    with Server(env={name: "10.0.0.1"}) as server:
        server.stop()
        output = server.output()

    assert (words in output) if words else ("in the environment" not in output)


def test_a_region_that_no_partition_knows_is_told():
    with Server(args=["--streams", "a:1:us-east1,b:1:eu-west-1", "--region", "local"]) as server:
        wait_until(lambda: server.output().count("is not an AWS region") == 2)
        output = server.output()
        names = server.client(region="us-east1").list_streams()["StreamNames"]

    for region in ("us-east1", "local"):
        assert f'warning: region "{region}" is not an AWS region: only clients that use this name find its streams\n' in output
    assert names == ["a"]


def test_a_port_of_kubernetes_is_no_port():
    port = free_port()
    finished = run("health", "--config", "/dev/null", env={"MILLRACE_PORT": f"tcp://10.0.0.1:{port}"})

    assert finished.returncode in (0, 1)
    assert str(port) not in finished.stderr


def test_several_ports_are_the_same_server():
    other = free_port()
    with Server(args=["--port", other, "--streams", "a:1, b:2 c"]) as server:
        names = [client(f"http://127.0.0.1:{port}").list_streams()["StreamNames"] for port in (server.port, other)]

    assert names == [["a", "b", "c"]] * 2


@pytest.mark.parametrize("words", [[], ["--ephemeral"]])
def test_without_a_command_it_serves(words, tmp_path):
    port = free_port()
    env = {**environment(), "MILLRACE_PORT": str(port), "MILLRACE_DATA_DIR": str(tmp_path / "data")}
    process = subprocess.Popen([binary(), *words], env=env, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(port))
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("command", ["check", "cert"])
def test_commands_that_only_read_make_nothing(command, tmp_path):
    finished = run(command, "--data-dir", tmp_path / "typo")

    assert finished.returncode == 1
    assert str(tmp_path / "typo") in finished.stderr
    assert not (tmp_path / "typo").exists()


def test_the_account_is_the_access_key_of_twelve_digits():
    with Server() as server:
        one = client(server.endpoint, access_key="111111111111")
        two = client(server.endpoint, access_key="222222222222")
        one.create_stream(StreamName="a", ShardCount=1)
        listed = two.list_streams()["StreamNames"]
        arn = one.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        other = client(server.endpoint).list_streams()["StreamNames"]

    assert (listed, other) == ([], [])
    assert ":111111111111:" in arn


@pytest.mark.parametrize("variable", ["MILLRACE_STREAMS", "INITIALIZE_STREAMS"])
def test_streams_at_start(tmp_path, variable):
    env = {variable: "orders:2,payments::eu-west-1,clicks:1:us-west-2"}
    with Server(tmp_path, env=env) as server:
        server.client().put_record(StreamName="orders", PartitionKey="a", Data=b"kept")
    with Server(tmp_path, env=env) as server:
        regions = {region: server.client(region=region).list_streams()["StreamNames"]
                   for region in ("us-east-1", "eu-west-1", "us-west-2")}
        kinesis = server.client()
        counts = [len(server.client(region=region).list_shards(StreamName=name)["Shards"])
                  for region, name in [("us-east-1", "orders"), ("eu-west-1", "payments"), ("us-west-2", "clicks")]]
        records = [record for shard in "01" for record in kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(
            StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])["Records"]]
        server.stop()
        output = server.output()

    assert regions == {"us-east-1": ["orders"], "eu-west-1": ["payments"], "us-west-2": ["clicks"]}
    assert counts == [2, 4, 1]
    assert [record["Data"] for record in records] == [b"kept"]
    assert "orders" in output


def test_health_waits_for_the_streams_made_at_start():
    server = Server(args=["--streams", "slow:1", "--transition-delay", "create=500"])
    server.spawn()

    def health():
        try:
            with connect(server) as connection:
                connection.sendall(b"GET /_millrace/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return status_of(read_answer(connection)[0])
        except ConnectionRefusedError:
            return None

    seen = []
    wait_until(lambda: seen.append(health()) or seen[-1] == 200)
    assert 503 in seen
    assert server.client().describe_stream(StreamName="slow")["StreamDescription"]["StreamStatus"] == "ACTIVE"
    assert server.stop() == 0


@pytest.mark.parametrize("path, body", [
    ("/_millrace/health", b'"status":"ready"'), ("/health", b'"ready"'), ("/healthcheck", b'"ready"'),
    ("/_health", b'"ready"'), ("/_health/ready", b'"ready"'), ("/_health/live", b'"alive"'),
    ("/_localstack/health", b'{"services":{"kinesis":"running"}'),
])
def test_health_paths(server, path, body):
    with connect(server) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head, answer, _ = read_answer(connection)

    assert status_of(head) == 200
    assert body in answer
    assert b"application/json" in head


def test_the_health_command():
    with Server() as server:
        assert run("health", "--port", server.port).returncode == 0
    finished = run("health", "--port", server.port)

    assert finished.returncode == 1
    assert finished.stderr


def test_both_loopback_addresses_by_default_and_a_missing_one_is_no_error(tmp_path):
    with Server(tmp_path) as server:
        wait_until(lambda: " Ready." in server.output())
        output = server.output()
        has_v6 = pathlib.Path("/proc/net/if_inet6").exists() and "[::1]" in output
        if has_v6:
            socket.create_connection(("::1", server.port)).close()
        with pytest.raises(OSError):
            other = next((a[4][0] for a in socket.getaddrinfo(socket.gethostname(), 0, socket.AF_INET)
                          if not a[4][0].startswith("127.")), "192.0.2.1")
            socket.create_connection((other, server.port), timeout=0.5)

    # A network of its own without IPv6: only 127.0.0.1 is there.
    if not apart("net"):
        pytest.skip("no network namespaces here")
    alone = subprocess.run(
        [*apart("net"), "sh", "-c",
         "ip link set lo up 2>/dev/null; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
         f"timeout 1 {binary()} serve --port 4567 --ephemeral"], capture_output=True, text=True, timeout=20, check=False)
    assert "serving on http://127.0.0.1:4567" in alone.stderr, alone.stderr
    assert "[::1]" not in alone.stderr


@pytest.mark.skipif(is_sanitized(), reason="UBSan opens a pipe to look at memory, and ends the process when it cannot")
def test_descriptors_that_run_out_stop_nothing():
    with Server(prefix=["prlimit", "--nofile=64:64"]) as server:
        connections = []
        for _ in range(200):
            try:
                connections.append(connect(server, timeout_s=1))
            except OSError:
                break
        for connection in connections:
            connection.close()
        wait_until(server.is_ready, timeout_s=2)
        server.client().create_stream(StreamName="a", ShardCount=1)


def test_connections_beyond_the_limit_are_closed_at_once():
    with Server(args=["--connections-max", "5"]) as server:
        kept = []
        for _ in range(5):
            kept.append(connect(server))
            kept[-1].sendall(request())
            assert status_of(read_answer(kept[-1])[0]) == 200
        with connect(server) as one_more:
            try:
                assert one_more.recv(1) == b""
            except ConnectionResetError:
                pass
        for connection in kept:
            connection.close()
        wait_until(server.is_ready, timeout_s=2)


def test_the_release_binary_needs_nothing_but_itself(tmp_path):
    """In a root that holds the binary and nothing else."""
    if not is_static():
        pytest.skip("this build is not the static one")
    if os.geteuid() != 0:
        pytest.skip("only root may change the root")
    shutil.copy(binary(), tmp_path / "millrace")
    port = free_port()
    process = subprocess.Popen(
        ["chroot", tmp_path, "/millrace", "serve", "--port", str(port), "--data-dir", "/data"], stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: is_listening(port))
        kinesis = client(f"http://127.0.0.1:{port}")
        kinesis.create_stream(StreamName="a", ShardCount=1)
        kinesis.put_record(StreamName="a", PartitionKey="a", Data=b"x")
    finally:
        process.terminate()
        _, output = process.communicate(timeout=15)
    assert process.returncode == 0, output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "millrace"]
