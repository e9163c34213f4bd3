"""Who may knock: hosts, origins, preflights. The same door stands before the server's own paths."""

import pytest
from rawsocket import exchange, status_of

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
    assert b"--allow-" in answer


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
