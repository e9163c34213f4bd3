"""Starting: options, ports, streams at start, what a machine may lack."""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from rawsocket import connect, read_answer, request, status_of, wait_until

from support.server import Server, apart, binary, client, free_port, is_listening, is_sanitized, is_static


def run(*words, env=None):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=30, check=False,
                          env={**os.environ, **(env or {})})


@pytest.mark.parametrize("words, status, text", [
    ([], 0, "millrace serve"), (["--help"], 0, "millrace serve"), (["--version"], 0, "millrace "),
    (["serve", "--help"], 0, "--data-dir"), (["nonsense"], 2, "unknown command: nonsense"),
    (["serve", "--nonsense"], 2, "--nonsense"), (["serve", "--port", "70000"], 2, "--port"),
    (["serve", "--port", "x"], 2, "--port"), (["serve", "--fsync", "maybe"], 2, "--fsync"),
    (["serve", "--account", "123"], 2, "12 digits"), (["serve", "--streams", "a:0"], 2, "streams at start"),
    (["serve", "--streams", "a b"], 2, "streams at start"), (["serve", "--transition-delay", "soon"], 2, "transition delay"),
    (["serve", "--transition-delay", "sleep=5"], 2, "transition delay"),
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


def test_options_come_from_the_command_line_a_file_and_the_environment(tmp_path):
    """The first of them that names an option has the word."""
    config = tmp_path / "millrace.conf"
    config.write_text("region=eu-north-1\naccount=111111111111\n")
    with Server(args=["--config", config, "--account", "123456789012"],
                env={"MILLRACE_LOG_FORMAT": "json", "MILLRACE_REGION": "eu-west-1"}) as server:
        server.client(region="eu-north-1").create_stream(StreamName="a", ShardCount=1)
        summary = server.client(region="eu-north-1").describe_stream_summary(StreamName="a")
        server.stop()
        output = server.output()

    assert summary["StreamDescriptionSummary"]["StreamARN"] == "arn:aws:kinesis:eu-north-1:123456789012:stream/a"
    assert output.startswith("{")


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
    ("/_health", b'"ready"'), ("/_health/ready", b'"ready"'), ("/_health/live", b'"ready"'),
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
