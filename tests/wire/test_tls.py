"""TLS on the same port: whom clients trust, what is spoken inside, and what breaks a handshake."""

import base64
import json
import os
import socket
import ssl
import stat
import subprocess
import time
import urllib.request

import pytest
from rawsocket import connect, exchange, metric, read_answer, read_until_closed, request, resident_kib, status_of, wait_until

from support.frames import Frames
from support.http2 import Http2
from support.raw import JSON, TARGET, Wire
from support.server import Server, binary

LIMITS = ["--read-timeout", "1", "--idle-timeout", "2"]


def certificate_of(server) -> str:
    with urllib.request.urlopen(f"{server.endpoint}/_millrace/ca.pem") as answer:
        return answer.read().decode()


def strict(context):
    """Makes an end without a goodbye an error, which Python forgives by default."""
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def trusting(certificate, *protocols):
    """A client that trusts `certificate` and asks for `protocols` by ALPN."""
    context = strict(ssl.create_default_context(cadata=certificate))
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def unwary():
    """A client that takes any certificate."""
    context = strict(ssl.create_default_context())
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def inside(server, context, name="localhost", host="127.0.0.1"):
    """A connection to the server, inside TLS; an end without a goodbye is an error."""
    return context.wrap_socket(connect(server, host=host), server_hostname=name, suppress_ragged_eofs=False)


def get(connection, path="/health"):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return read_answer(connection)


def failures(server) -> int:
    return metric(server, "millrace_tls_handshakes_failed_total")


@pytest.fixture(scope="module")
def server():
    with Server(args=LIMITS) as running:
        yield running
        assert running.process.poll() is None, running.output()
        assert running.is_ready()


@pytest.fixture(scope="module")
def trusted(server):
    return trusting(certificate_of(server))


def run(*words, env=None):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=20, check=False,
                          env={**os.environ, **(env or {})})


class TestCertificate:
    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "millrace", "kinesis",
                                      "host.docker.internal", socket.gethostname()])
    def test_it_is_for_the_names_that_local_clients_use(self, server, trusted, name):
        with inside(server, trusted, name) as connection:
            assert get(connection)[0].startswith(b"HTTP/1.1 200")

    @pytest.mark.parametrize("name", ["example.com", "kinesis.us-east-1.amazonaws.com", "a.localhost", "127.0.0.2"])
    def test_it_is_for_no_others(self, server, trusted, name):
        with pytest.raises(ssl.SSLCertVerificationError):
            inside(server, trusted, name)

    def test_more_names_by_option(self):
        with Server(args=["--tls-name", "*.amazonaws.com,10.1.2.3"]) as server:
            context = trusting(certificate_of(server))
            for name in ("anything.amazonaws.com", "10.1.2.3", "localhost"):
                inside(server, context, name).close()

    def test_the_one_to_trust_stays_over_restarts(self, tmp_path):
        with Server(tmp_path / "data") as server:
            before = certificate_of(server)
            server.stop()
            server.start()

            assert certificate_of(server) == before
            inside(server, trusting(before)).close()
            assert stat.S_IMODE((tmp_path / "data" / "ca.pem").stat().st_mode) == 0o600

    def test_each_ephemeral_server_has_its_own(self, server, trusted):
        with Server() as other:
            assert certificate_of(other) != certificate_of(server)
            with pytest.raises(ssl.SSLCertVerificationError):
                inside(other, trusted)

    def test_the_command_prints_it_also_while_a_server_runs(self, tmp_path):
        with Server(tmp_path / "data") as server:
            printed = run("cert", "--data-dir", tmp_path / "data")

            assert (printed.returncode, printed.stdout) == (0, certificate_of(server))
        for word in ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "keytool", "--cacert"):
            assert word in printed.stderr

    def test_the_command_without_a_certificate_says_where_they_come_from(self, tmp_path):
        printed = run("cert", "--data-dir", tmp_path / "none")

        assert (printed.returncode, printed.stdout) == (1, "")
        assert "/_millrace/ca.pem" in printed.stderr and "it is not there" in printed.stderr
        assert not (tmp_path / "none").exists()

    def test_a_damaged_one_is_not_replaced(self, tmp_path):
        with Server(tmp_path / "data") as server:
            server.stop()
            whole = (tmp_path / "data" / "ca.pem").read_text()
            (tmp_path / "data" / "ca.pem").write_text(whole[:100])
            refused = run("serve", "--port", server.port, "--data-dir", tmp_path / "data")
            assert refused.returncode == 1
            assert "ca.pem" in refused.stderr and "without the file another CA is made" in refused.stderr
            (tmp_path / "data" / "ca.pem").unlink()
            server.start()

            assert certificate_of(server) not in whole

    def test_files_of_the_user(self, tmp_path):
        """The CA of one server serves here as the certificate and key of another."""
        with Server(tmp_path / "data") as maker:
            pair = tmp_path / "data" / "ca.pem"
            theirs = certificate_of(maker)
        with Server(args=["--tls-cert", pair, "--tls-key", pair]) as server:
            with inside(server, unwary()) as connection:
                assert ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)) == theirs
            assert status_of(exchange(server, b"GET /_millrace/ca.pem HTTP/1.0\r\nHost: localhost\r\n\r\n")) == 404

    def test_files_that_do_not_do(self, tmp_path):
        with Server(tmp_path / "data"), Server(tmp_path / "other"):
            pair, other = tmp_path / "data" / "ca.pem", tmp_path / "other" / "ca.pem"
        (tmp_path / "junk.pem").write_text("nothing")
        (tmp_path / "junk.pem").chmod(0o600)
        (tmp_path / "open.pem").write_text(pair.read_text())
        (tmp_path / "open.pem").chmod(0o660)
        for certificate, key, words in [
                (pair, other, "certificate or key"), (tmp_path / "junk.pem", pair, "certificate or key"),
                (pair, tmp_path / "junk.pem", "certificate or key"), (tmp_path / "none.pem", pair, "none.pem"),
                (pair, tmp_path / "none.pem", "No such file"), (pair, tmp_path / "open.pem", "take that away with chmod")]:
            refused = run("serve", "--port", 0, "--ephemeral", "--tls-cert", certificate, "--tls-key", key)
            assert refused.returncode == 1 and words in refused.stderr, refused.stderr

    @pytest.mark.parametrize("words, text", [
        (["--tls-cert", "a.pem"], "--tls-cert requires --tls-key, and vice versa"),
        (["--tls-key", "a.pem"], "--tls-cert requires --tls-key, and vice versa"),
        (["--tls-name", "a$b"], 'neither a DNS name nor an address'), (["--tls-name", "*.*.com"], 'neither a DNS name nor an address'),
        (["--tls-name", "a,DNS:b"], 'neither a DNS name nor an address'), (["--tls", "maybe"], "--tls")])
    def test_options_that_make_no_sense(self, words, text):
        refused = run("serve", "--port", 0, "--ephemeral", *words)

        assert refused.returncode == 2
        assert text in refused.stderr


class TlsOnlyServer(Server):
    def is_ready(self):
        return run("health", "--port", self.port, "--tls", "only").returncode == 0


class TestModes:
    def test_tls_only(self):
        with TlsOnlyServer(args=["--tls", "only", *LIMITS]) as server:
            refused = exchange(server, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert status_of(refused) == 400
            assert refused.endswith(b"\r\n\r\nThis port speaks TLS only: use https://\n")
            assert b"Content-Length: %d\r\n" % len(refused.partition(b"\r\n\r\n")[2]) in refused
            assert exchange(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == b""
            with inside(server, unwary()) as connection:
                assert get(connection)[0].startswith(b"HTTP/1.1 200")
            assert run("health", "--port", server.port).returncode == 1

    def test_tls_off(self):
        with Server(args=["--tls", "off", *LIMITS]) as server:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                inside(server, unwary())
            assert status_of(exchange(server, b"GET /_millrace/ca.pem HTTP/1.0\r\nHost: localhost\r\n\r\n")) == 404


class TestInside:
    @pytest.mark.parametrize("offered, chosen", [
        ([], None), (["http/1.1"], "http/1.1"), (["h2"], "h2"), (["http/1.1", "h2"], "h2"), (["spdy/1", "http/1.1"], "http/1.1")])
    def test_what_alpn_settles(self, server, offered, chosen):
        with inside(server, trusting(certificate_of(server), *offered)) as connection:
            assert connection.selected_alpn_protocol() == chosen

    def test_alpn_of_strangers_ends_the_handshake(self, server):
        before = failures(server)

        with pytest.raises(ssl.SSLError, match="no application protocol"):
            inside(server, trusting(certificate_of(server), "spdy/1"))

        wait_until(lambda: failures(server) == before + 1)

    @pytest.mark.parametrize("offered", [[], ["http/1.1"], ["h2"], ["h2", "http/1.1"]])
    def test_both_protocols_are_spoken_whatever_was_settled(self, server, offered):
        context = trusting(certificate_of(server), *offered)
        with inside(server, context) as connection:
            assert get(connection)[0].startswith(b"HTTP/1.1 200")
        http2 = Http2(server.port, over=inside(server, context))
        assert http2.wait(http2.request({}, method="GET", path="/health")).status == 200
        http2.close()

    @pytest.mark.parametrize("protocol", ["http1", "http2"])
    @pytest.mark.parametrize("size", [0, 1, 16_000, 16_384, 17_000, 100_000, 1_000_000])
    def test_bodies_and_answers_of_any_size(self, server, trusted, protocol, size):
        kinesis = server.client()
        name = f"{protocol}-{size}"
        kinesis.create_stream(StreamName=name, ShardCount=1)
        data = os.urandom(size)

        def call(operation, members):
            body = json.dumps(members).encode()
            headers = Wire(server.endpoint).signed_headers("POST", "/", body, {
                "Content-Type": JSON, "X-Amz-Target": f"{TARGET}.{operation}"})
            headers = {key: str(value) for key, value in headers.items() if key.lower() not in ("host", "content-length")}
            if protocol == "http2":
                answer = http2.wait(http2.request(headers, body))
                assert answer.status == 200
                return json.loads(answer.body)
            lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
            connection.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head, answer, _ = read_answer(connection)
            assert head.startswith(b"HTTP/1.1 200")
            return json.loads(answer)

        with inside(server, trusted) as connection:
            http2 = Http2(server.port, over=connection) if protocol == "http2" else None
            call("PutRecord", {"StreamName": name, "PartitionKey": "a", "Data": base64.b64encode(data).decode()})
            iterator = call("GetShardIterator", {"StreamName": name, "ShardId": "0", "ShardIteratorType": "TRIM_HORIZON"})
            found = call("GetRecords", iterator)["Records"]

        assert [base64.b64decode(record["Data"]) for record in found] == [data]

    def test_the_access_log_says_what_was_spoken(self):
        with Server(args=["--log-format", "json", "--access-log", "all"]) as server:
            context = trusting(certificate_of(server))
            with inside(server, context) as connection:
                connection.sendall(request())
                read_answer(connection)
            server.client().list_streams()
            server.stop()
            lines = [json.loads(line) for line in server.output().splitlines()]

        spoken = [(line["protocol"], line["form"]) for line in lines if line.get("operation") == "ListStreams"]
        assert spoken == [("http1+tls", "json"), ("http1", "json")]

    def test_requests_sent_at_once_are_answered_in_order(self, server, trusted):
        with inside(server, trusted) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
            received = b""
            while received.count(b"HTTP/1.1 200") < 50:
                received += connection.recv(65536)

    def test_a_peer_that_has_said_all_is_still_answered(self, server, trusted):
        """A socket closed in one direction only."""
        with inside(server, trusted) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            socket.socket.shutdown(connection, socket.SHUT_WR)

            assert read_answer(connection)[0].startswith(b"HTTP/1.1 200")

    def test_the_server_says_goodbye(self, server, trusted):
        """Else a client could not tell the end from a cut."""
        with inside(server, trusted) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert read_until_closed(connection).startswith(b"HTTP/1.1 200")
        with inside(server, trusted) as connection:  # Refused in the middle.
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
            assert status_of(read_until_closed(connection)) == 413

    def test_a_peer_that_is_silent_for_too_long_is_cut_off(self, server, trusted):
        with inside(server, trusted) as connection:
            with pytest.raises(ssl.SSLError, match="UNEXPECTED_EOF"):
                read_until_closed(connection)


class TestBroken:
    @pytest.mark.parametrize("data", [
        b"\x16", b"\x16\x03", b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
        b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\x00\x00" * 100, b"\x16\x16\x16\x16" * 1000,
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff" + b"\x16\x03\x01\x40\x00" + bytes(16384) * 40,
        b"\x16\x02\x00\x00\x10" + bytes(16), b"\x16GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x00\x02\x0e\x00" * 50])
    def test_hellos_that_are_none(self, server, data):
        before, memory = failures(server), resident_kib(server)

        answer = exchange(server, data, timeout_s=8)

        assert not answer or answer[0] == 0x15  # At most an alert.
        wait_until(lambda: failures(server) == before + 1)
        assert resident_kib(server) - memory < 8 * 1024

    def hello(self):
        """The first bytes of a real client."""
        outgoing = ssl.MemoryBIO()
        client = unwary().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        return outgoing.read()

    @pytest.mark.parametrize("rest", [
        b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes(100_000)])
    def test_plain_text_after_a_hello(self, server, rest):
        before = failures(server)

        answer = exchange(server, self.hello() + rest, timeout_s=8)

        assert answer.startswith(b"\x16\x03") and b"HTTP/1.1" not in answer
        wait_until(lambda: failures(server) == before + 1)

    def test_a_hello_byte_by_byte(self, server, trusted):
        """As slow as the limit allows, and a whole handshake in the end."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusted.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with connect(server) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            is_done = False
            while not is_done:
                try:
                    client.do_handshake()
                    is_done = True
                except ssl.SSLWantReadError:
                    pass
                for byte in outgoing.read():
                    connection.sendall(bytes([byte]))
                if not is_done:
                    incoming.write(connection.recv(65536))
        assert client.version() == "TLSv1.3"

    def test_bytes_that_are_no_records_end_a_connection(self, server, trusted):
        with inside(server, trusted) as connection:
            get(connection)
            raw = socket.socket(fileno=os.dup(connection.fileno()))
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            raw.settimeout(8)
            assert b"HTTP/1.1" not in read_until_closed(raw)
            raw.close()

    def test_many_handshakes_that_are_left_are_forgotten(self, server):
        hello = self.hello()
        memory = resident_kib(server)
        for _ in range(300):
            with connect(server) as connection:
                connection.sendall(hello[:-3])

        assert server.is_ready()
        wait_until(lambda: resident_kib(server) - memory < 16 * 1024)

    def test_stalled_handshakes_do_not_keep_others_out(self, server, trusted):
        hello = self.hello()
        stalled = [connect(server) for _ in range(100)]
        for connection in stalled:
            connection.sendall(hello[:100])

        with inside(server, trusted) as connection:
            assert get(connection)[0].startswith(b"HTTP/1.1 200")
        for connection in stalled:  # A second is what the server gives them.
            connection.settimeout(5)
            read_until_closed(connection)
            connection.close()


class TestEvents:
    """Streams of events inside TLS."""

    @pytest.fixture
    def subscription(self, tmp_path):
        with Server(tmp_path / "data") as server:
            kinesis = server.client()
            kinesis.create_stream(StreamName="a", ShardCount=1)
            arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
            consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="b")["Consumer"]["ConsumerARN"]
            members = {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}}
            frames = Frames(server.endpoint, members, tls=unwary())
            assert frames.response.status == 200
            yield server, kinesis, frames
            frames.close()

    def test_records_are_pushed(self, subscription):
        _, kinesis, frames = subscription
        for data in (b"first", bytes(200_000)):
            kinesis.put_record(StreamName="a", PartitionKey="a", Data=data)

            assert [len(record["Data"]) for record in frames.event()["Records"]] == [4 * ((len(data) + 2) // 3)]

    def test_a_reader_that_leaves_is_noticed(self, subscription):
        server, _, frames = subscription

        def count():
            return metric(server, "millrace_subscriptions")

        assert count() == 1
        began = time.monotonic()
        frames.close()
        wait_until(lambda: count() == 0)
        assert time.monotonic() - began < 2  # Long before the next sign of life.

    def test_a_stop_ends_them_whole(self, subscription):
        server, _, frames = subscription
        began = time.monotonic()

        assert server.stop() == 0
        while frames.next():
            pass

        assert time.monotonic() - began < 2
