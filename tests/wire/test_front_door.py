"""Who may knock: hosts, origins, preflights. The same door stands before the server's own paths."""

import pytest
from rawsocket import exchange, request, status_of

from support.server import Server

PATHS = [b"GET /_millrace/health", b"GET /metrics", b"POST /"]


def ask(server, first_line, headers):
    return exchange(server, first_line + b" HTTP/1.1\r\nConnection: close\r\n" + headers + b"\r\n")


@pytest.mark.parametrize("first_line", PATHS)
@pytest.mark.parametrize("headers", [
    b"Host: evil.example\r\n", b"Host: localhost.evil.example\r\n", b"Host: 127.0.0.1.evil.example\r\n",
    b"Host: localhost\r\nOrigin: https://evil.example\r\n", b"Host: localhost\r\nOrigin: null\r\n",
    b"Host: localhost\r\nOrigin: http://localhost:3000\r\n", b"Host: localhost\r\nSec-Fetch-Site: cross-site\r\n"])
def test_web_pages_and_foreign_names_stay_outside(server, first_line, headers):
    answer = ask(server, first_line, headers)

    assert status_of(answer) == 403
    assert b"Access-Control" not in answer
    # No option opens the server's own paths to pages of others.
    assert (b"--allow-" in answer) == (b"/_millrace/" not in first_line or b"Host: localhost\r\n" not in headers)


@pytest.mark.parametrize("first_line", PATHS)
@pytest.mark.parametrize("host", [b"", b"localhost:80:80", b"localhost:", b"[::1", b"[::1]80", b"[::1]:", b"[]",
                                  b"loc\xffalhost", b":80", b"a%20b"])
def test_hosts_that_are_none_are_no_requests(server, first_line, host):
    answer = ask(server, first_line, b"Host: " + host + b"\r\n")

    assert status_of(answer) == 400
    assert b"Access-Control" not in answer


@pytest.mark.parametrize("host", [b"localhost", b"localhost:4567", b"127.0.0.1:4567", b"[::1]:4567", b"millrace", b"kinesis:4567",
                                  b"a.localhost", b"host.docker.internal", b"kinesis.us-east-1.amazonaws.com",
                                  b"kinesis.default.svc", b"kinesis.default.svc.cluster.local", b"LOCALHOST"])
def test_names_of_this_machine_and_its_neighbours_come_in(server, host):
    assert status_of(ask(server, b"GET /health", b"Host: " + host + b"\r\n")) == 200


@pytest.mark.parametrize("host", [b"localhost.", b"localhost.:4567", b"kinesis.default.svc.cluster.local.", b"127.0.0.1.:4567",
                                  b"host.docker.internal.", b"host.docker.internal.:80", b"kinesis.us-east-1.amazonaws.com.",
                                  b"kinesis.us-east-1.amazonaws.com.:443"])
def test_a_name_with_a_final_dot_is_the_same_name(server, host):
    assert status_of(ask(server, b"GET /health", b"Host: " + host + b"\r\n")) == 200


@pytest.mark.parametrize("host", [b"evil.example.", b"evil.example.:4567", b"localhost.evil.example.", b"localhost..", b"."])
def test_a_foreign_name_stays_outside_with_a_final_dot(server, host):
    assert status_of(ask(server, b"GET /health", b"Host: " + host + b"\r\n")) == 403


@pytest.mark.parametrize("first_line, status", [(b"GET /_millrace/health", 200), (b"GET /metrics", 200), (b"POST /", 400),
                                                (b"OPTIONS /", 403)])
def test_a_page_of_this_server_may_call_it(server, first_line, status):
    """No grant: a browser asks for none where a page calls its own server, and so sends no preflight."""
    answer = ask(server, first_line, b"Host: localhost:4567\r\nOrigin: http://localhost:4567\r\nSec-Fetch-Site: same-origin\r\n")

    assert status_of(answer) == status
    assert b"Access-Control" not in answer
    assert b"--allow-origin" not in answer


@pytest.mark.parametrize("target, status", [
    (b"http://evil.example/health", 403), (b"http://evil.example", 403), (b"HTTPS://evil.example:4567/health", 403),
    (b"http://evil.example?x=/health", 403), (b"http://evil.example./health", 403), (b"ws://evil.example/health", 403),
    (b"http://localhost/health", 200), (b"http://localhost.:80/health?x=http://evil.example/", 200), (b"HTTP://127.0.0.1:4567/health", 200),
    (b"http://[::1]/health", 200), (b"http://localhost/nothing", 403), (b"http:///health", 400), (b"http://a@localhost/health", 400),
    (b"http://local host/health", 400), (b"http://localhost:x/health", 400), (b"/http://evil.example/", 403)])
@pytest.mark.parametrize("host", [b"Host: localhost\r\n", b"Host: localhost:4567\r\n"])
def test_the_host_of_an_absolute_target_is_the_one_that_counts(server, target, status, host):
    """RFC 9112 §3.2.2."""
    answer = ask(server, b"GET " + target, host)

    assert status_of(answer) == status
    assert (b"--allow-host" in answer) == (b"evil" in target and status == 403 and not target.startswith(b"/"))


def test_an_absolute_target_without_a_host(server):
    for version, status in ((b"1.0", 200), (b"1.1", 400)):
        assert status_of(exchange(server, b"GET http://localhost/health HTTP/" + version + b"\r\n\r\n")) == status
    assert status_of(exchange(server, b"GET http://evil.example/health HTTP/1.0\r\n\r\n")) == 403


def test_a_call_with_an_absolute_target_and_a_body_in_chunks(server):
    lines = b"\r\n".join(line for line in request().split(b"\r\n")[1:] if line and not line.startswith((b"Content-Length", b"{}")))
    for target, status in ((b"http://localhost", 200), (b"http://localhost/", 200), (b"http://evil.example/", 403)):
        data = b"POST " + target + b" HTTP/1.1\r\n" + lines + b"\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        assert status_of(exchange(server, data)) == status


def test_a_preflight_gets_no_grant(server):
    answer = ask(server, b"OPTIONS /", b"Host: localhost\r\nOrigin: https://a.example\r\n"
                                       b"Access-Control-Request-Headers: x-amz-target\r\n")

    assert status_of(answer) == 403
    assert b"Access-Control" not in answer


def test_what_is_allowed_by_option_comes_in():
    with Server(args=["--allow-host", "kinesis.test,other.test", "--allow-origin", "https://a.example"]) as server:
        assert status_of(ask(server, b"GET /health", b"Host: other.test\r\n")) == 200
        assert status_of(ask(server, b"GET /health", b"Host: third.test\r\n")) == 403
        preflight = ask(server, b"OPTIONS /", b"Host: localhost\r\nOrigin: https://a.example\r\n"
                        b"Access-Control-Request-Headers: x-amz-target\r\nAccess-Control-Request-Method: POST\r\n")
        answer = ask(server, b"POST /", b"Host: localhost\r\nOrigin: https://a.example\r\n")
        foreign = ask(server, b"OPTIONS /", b"Host: localhost\r\nOrigin: https://b.example\r\n")

    assert status_of(preflight) == 200
    for line in (b"Access-Control-Allow-Origin: *", b"Access-Control-Allow-Headers: x-amz-target",
                 b"Access-Control-Allow-Methods: POST", b"Access-Control-Max-Age: 172800", b"Content-Length: 0"):
        assert line in preflight
    assert b"x-amz-id-2" not in preflight and b"Content-Type" not in preflight
    assert b"Access-Control-Expose-Headers: x-amzn-RequestId,x-amzn-ErrorType" in answer
    assert status_of(foreign) == 403
