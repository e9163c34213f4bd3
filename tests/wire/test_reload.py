"""SIGHUP: certificate, access keys and the level of the log are read again, and nothing else is lost by it."""

import os
import signal
import socket
import ssl
import subprocess

import botocore.exceptions
import pytest
from rawsocket import wait_until

from support.server import Server, binary, environment


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Two certificates, each with its key: those that two servers have made."""
    made = []
    for name in ("first", "second"):
        folder = tmp_path_factory.mktemp(name)
        with Server(folder / "data"):
            made.append((folder / "data" / "ca.pem").read_text())
    return made


class Files:
    """The files that a server reads."""

    def __init__(self, folder, pair):
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        self.key.touch(0o600)
        self.write(pair)

    def write(self, pair):
        self.certificate.write_text(pair)
        self.key.write_text(pair)

    @property
    def options(self):
        return ["--tls-cert", self.certificate, "--tls-key", self.key]


def unwary():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def shown(server, pairs):
    """Which of `pairs` the server shows."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain, unwary().wrap_socket(plain) as secure:
        pem = ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))
    return [pem in pair for pair in pairs].index(True)


def hang_up(server):
    """Sends SIGHUP and returns what the log says of it: all, as its own line is the last one."""
    before = len(server.output())
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "on SIGHUP: " in server.output()[before:])
    return server.output()[before:]


def test_a_new_certificate_is_shown_and_open_connections_stay(tmp_path, pairs):
    files = Files(tmp_path, pairs[0])
    with Server(args=files.options) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain, unwary().wrap_socket(plain) as secure:
            seen = [shown(server, pairs)]
            files.write(pairs[1])
            hang_up(server)
            seen.append(shown(server, pairs))
            secure.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = secure.recv(100)

    assert seen == [0, 1]
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("spoil, text", [
    (lambda files, _: files.certificate.write_text("nonsense"), "cert.pem: certificate or key: "),
    (lambda files, _: files.key.unlink(), "key.pem: No such file or directory"),
    (lambda files, _: files.key.chmod(0o666), "key.pem: others "),
    (lambda files, pairs: files.certificate.write_text(pairs[1]), "cert.pem: certificate or key: ")])
def test_a_bad_certificate_keeps_the_old_one(tmp_path, pairs, spoil, text):
    files = Files(tmp_path, pairs[0])
    with Server(args=files.options) as server:
        spoil(files, pairs)
        said = hang_up(server)
        seen = shown(server, pairs)

    assert seen == 0
    assert "error: " in said and text in said and "the previous one stays in use" in said


def may_call(server, key):
    try:
        server.client(access_key=key).list_streams()
        return True
    except botocore.exceptions.ClientError:
        return False


def test_access_keys_are_read_again(tmp_path):
    keys = tmp_path / "keys"
    keys.touch(0o600)
    keys.write_text("AKIDONE secret\n")
    with Server(args=["--auth", "verify", "--auth-keys", keys]) as server:
        seen = [(may_call(server, "AKIDONE"), may_call(server, "AKIDTWO"))]
        keys.write_text("AKIDTWO secret\n")
        hang_up(server)
        seen.append((may_call(server, "AKIDONE"), may_call(server, "AKIDTWO")))
        keys.write_text("AKIDTHREE\n")
        said = hang_up(server)
        seen.append((may_call(server, "AKIDONE"), may_call(server, "AKIDTWO")))

    assert seen == [(True, False), (False, True), (False, True)]
    assert f"error: access keys in {keys}: line 1 is not an access key id and a secret; the previous one stays in use" in said


def test_the_level_of_the_log_is_read_again_from_the_file(tmp_path):
    config = tmp_path / "millrace.conf"
    config.write_text("log-level = info\n")
    with Server(args=["--config", config]) as server:
        server.client().list_streams()
        config.write_text("log-level = debug\n")
        hang_up(server)
        quiet = server.output().partition("on SIGHUP: ")[0]
        server.client().list_streams()
        wait_until(lambda: " debug: " in server.output())
        config.write_text("log-level = loud\n")
        said = hang_up(server)

    assert " debug: " not in quiet
    assert f"error: on SIGHUP: {config}, line 1: --log-level" in said and "nothing was changed" in said


def test_what_cannot_even_be_read_ends_nothing(tmp_path, pairs):
    """A folder in the place of the certificate, of the keys and of the file of options."""
    files = Files(tmp_path, pairs[0])
    config = tmp_path / "millrace.conf"
    config.write_text("log-level = info\n")
    with Server(args=[*files.options, "--config", config]) as server:
        files.certificate.unlink()
        files.certificate.mkdir()
        said = [hang_up(server)]
        config.unlink()
        config.mkdir()
        said.append(hang_up(server))
        seen = shown(server, pairs)
        assert server.stop() == 0

    assert seen == 0
    assert f"cannot read {files.certificate}: it is not a regular file; the previous one stays in use" in said[0]
    assert f"on SIGHUP: cannot read {config}: it is not a regular file; nothing was changed" in said[1]


def test_an_option_that_is_no_longer_given_is_an_error_line(tmp_path):
    keys, config = tmp_path / "keys", tmp_path / "millrace.conf"
    keys.touch(0o600)
    keys.write_text("AKIDONE secret\n")
    config.write_text(f"auth = verify\nauth-keys = {keys}\n")
    with Server(args=["--config", config]) as server:
        config.write_text("")
        said = hang_up(server)
        assert may_call(server, "AKIDONE")

    assert "--auth-keys is no longer given; the previous one stays in use" in said


def test_a_terminal_that_is_closed_ends_the_server(tmp_path):
    try:
        ours, theirs = os.openpty()
    except OSError:
        pytest.skip("no terminals here")
    ready = tmp_path / "ready.json"
    process = subprocess.Popen([binary(), "--ephemeral", "--port", "0", "--ready-file", ready], stdin=theirs, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment(), start_new_session=True)
    os.close(theirs)
    wait_until(ready.exists)
    process.send_signal(signal.SIGHUP)  # The terminal is there: a reload.
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    os.close(ours)
    process.send_signal(signal.SIGHUP)

    assert process.wait(timeout=20) == 0


def test_a_hundred_in_a_row_lose_nothing(tmp_path):
    with Server(tmp_path / "data") as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        for i in range(100):
            server.process.send_signal(signal.SIGHUP)
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=str(i).encode())
        iterator = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        assert server.stop() == 0

    assert [int(record["Data"]) for record in records] == list(range(100))
