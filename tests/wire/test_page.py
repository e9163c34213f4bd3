"""The page at `/`: for a browser and nobody else, and nothing of it acts or can be framed or read by another page."""

import html.parser
import re

import pytest
from rawsocket import connect, read_answer, status_of

from support.http2 import Http2

BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def ask(server, *lines, method="GET", path="/", host=None):
    with connect(server) as connection:
        head = [f"{method} {path} HTTP/1.1", f"Host: {host or f'localhost:{server.port}'}", *lines]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        if method == "HEAD":
            answer, body = connection.recv(65536), b""
        else:
            answer, body, _ = read_answer(connection)
    return status_of(answer), answer.decode(), body.decode(errors="replace")


def test_a_browser_sees_what_this_is_and_how_to_use_it(server):
    status, head, body = ask(server, BROWSER)

    assert status == 200
    assert "content-type: text/html; charset=utf-8" in head.lower()
    assert f"AWS_ENDPOINT_URL_KINESIS=http://localhost:{server.port} " in body
    assert "{{" not in body
    for path in re.findall(r'href="([^"]+)"', body):
        assert ask(server, path=path)[0] == 200, path


def test_no_page_may_frame_it_and_it_loads_nothing_foreign(server):
    _, head, body = ask(server, BROWSER)

    assert "content-security-policy: default-src 'self'" in head.lower() and "x-frame-options: deny" in head.lower()
    assert not re.search(r"<script|<form|style=|\son\w+=|src=|http-equiv", body)
    assert "//" not in "".join(re.findall(r'href="([^"]+)"', body))


def test_the_page_is_well_formed(server):
    open_tags = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "link"):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Parser().feed(ask(server, BROWSER)[2])
    assert open_tags == []


def test_head_has_the_length_of_the_page(server):
    _, _, body = ask(server, BROWSER)
    status, head, _ = ask(server, BROWSER, method="HEAD")

    assert status == 200
    assert f"content-length: {len(body)}" in head.lower()


@pytest.mark.parametrize("lines, host, endpoint", [
    ([], "127.0.0.1:1", "http://127.0.0.1:1"), ([], "[::1]:80", "http://[::1]:80"), ([], "millrace", "http://millrace")])
def test_the_endpoint_is_the_address_that_was_asked(server, lines, host, endpoint):
    assert f"<code>{endpoint}</code>" in ask(server, BROWSER, *lines, host=host)[2]


def test_over_http2(server):
    connection = Http2(server.port)
    answer = connection.wait(connection.request({"accept": "text/html"}, method="GET", path="/"))

    assert b"Kinesis-compatible" in answer.body


@pytest.mark.parametrize("method, path, lines", [
    ("GET", "/", []), ("GET", "/", ["Accept: */*"]), ("GET", "/?x", [BROWSER]), ("GET", "/a", [BROWSER]), ("POST", "/", [BROWSER]),
    ("GET", "/", [BROWSER, "X-Amz-Date: 20261130T000000Z"]),
    ("GET", "/", [BROWSER, "Authorization: AWS4-HMAC-SHA256 Credential=a/20261130/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"])])
def test_everything_else_is_the_services(server, method, path, lines):
    status, _, body = ask(server, *lines, method=method, path=path)

    assert status in (400, 403)
    assert "Kinesis-compatible" not in body


CROSS_SITE = ["Sec-Fetch-Site: cross-site"]
NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]


@pytest.mark.parametrize("lines, status", [
    ([], 200), (["Sec-Fetch-Site: none", *NAVIGATION], 200), (["Sec-Fetch-Site: same-origin"], 200),
    ([*CROSS_SITE, *NAVIGATION], 200), (["Sec-Fetch-Site: same-site", *NAVIGATION], 200),
    (CROSS_SITE, 403), ([*CROSS_SITE, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: document"], 403),
    ([*CROSS_SITE, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"], 403), (["Sec-Fetch-Site: same-site"], 403),
    (["Origin: https://evil.example"], 403), (["Origin: https://evil.example", *NAVIGATION], 403)])
def test_a_link_may_lead_here_and_nothing_else_may(server, lines, status):
    assert ask(server, BROWSER, *lines)[0] == status
    if status == 200 and lines[:1] == CROSS_SITE:
        assert ask(server, *lines, path="/metrics")[0] == 403  # The page alone.


def test_a_foreign_host_is_refused(server):
    assert ask(server, BROWSER, host="evil.example")[0] == 403
