"""Nobody but the page talks to `inpaint draw`, and the page itself gets no further than it needs to."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.drawing import Server, drawing
from tests.pictures import small_dune

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.posix]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    small_dune().save(folder / "dune.png")
    (folder / "secret.txt").write_text("not a photo")
    with drawing(folder, "dune.png") as running:
        running.enter()
        yield running


class Elsewhere(http.server.SimpleHTTPRequestHandler):
    """Another server on this machine."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def query(server: Server) -> str:
    return urlsplit(server.address).query


def test_the_token_opens_the_page_and_becomes_a_strict_cookie(server: Server):
    answer, body = server.ask("GET", f"/?{query(server)}", headers={"Cookie": None})
    assert answer.status == 200
    assert b"<main>" in body
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert query(server).removeprefix("token=") not in cookie


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/?token=wrong&{}", "/api/session?{}", "/page/main.js"]
)
def test_without_token_or_cookie_nothing_is_told(server: Server, path: str):
    answer, body = server.ask("GET", path.format(query(server)), headers={"Cookie": None})
    assert answer.status == 403
    assert b"dune" not in body
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_cookie_is_none(server: Server):
    name = server.cookie.split("=")[0]
    for cookie in (f"{name}=wrong", f"{name}=", "other=1", "=;;,"):
        assert server.ask("GET", "/api/session", headers={"Cookie": cookie})[0].status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{}", ""]
)
def test_another_host_is_refused_even_with_the_cookie(server: Server, host: str):
    answer, _ = server.ask("GET", "/api/session", headers={"Host": host.format(server.port)})
    assert answer.status == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{}"])
def test_another_origin_is_refused_even_with_the_cookie(server: Server, origin: str | None):
    headers = {"Origin": origin and origin.format(server.port)}
    for path in ("/api/photos/0/fill", "/api/photos/0/save", "/api/finish"):
        assert server.ask("POST", path, {}, headers)[0].status == 403
    assert server.ask("GET", "/api/session")[0].status == 200  # it has not ended


def test_requests_that_the_browser_calls_foreign_are_refused(server: Server):
    for site in ("cross-site", "same-site"):
        assert server.ask("GET", "/api/session", headers={"Sec-Fetch-Site": site})[0].status == 403
    assert server.ask("GET", "/api/session", headers={"Sec-Fetch-Site": "same-origin"})[0].status == 200
    link = server.ask("GET", f"/?{query(server)}", headers={"Sec-Fetch-Site": "same-site"})[0]
    assert link.status == 200  # the printed address, clicked on in a terminal that is a page itself


def test_no_other_page_is_invited(server: Server):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer, _ = server.ask("OPTIONS", "/api/finish", headers=headers)
    assert answer.status == 403
    for path in ("/api/session", "/page/main.js", "/api/photos/0/preview"):
        answer, _ = server.ask("GET", path)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/secret.txt",
        "/page/../secret.txt",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page//etc/passwd",
        "/api/photos/1",
        "/api/photos/-1",
        "/api/photos/secret.txt",
        "/api/photos/0/../1/preview",
        "/api/results/99/picture",
    ],
)
def test_only_the_named_photos_and_the_page_are_served(server: Server, path: str):
    answer, body = server.ask("GET", path)
    assert answer.status in {404, 405}
    assert b"not a photo" not in body


def test_it_listens_on_one_address_only(server: Server):
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data"}, 415),
        ({"Content-Length": str(2**40)}, 413),
        ({"Content-Length": None, "Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_other_bodies_are_refused_unread(server: Server, headers: dict[str, str | None], status: int):
    answer, _ = server.ask("POST", "/api/photos/0/fill", b"", headers)
    assert answer.status == status


BRUSH = {"tool": "brush", "points": [5, 5, 20, 20], "width": 4}


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff",
        b"[" * 100_000,
        [1],
        {"strokes": 1},
        {"strokes": ["brush"]},
        {"strokes": [{"tool": "rm"}]},
        {"strokes": [{**BRUSH, "points": [1]}]},
        {"strokes": [{**BRUSH, "points": []}]},
        {"strokes": [{**BRUSH, "points": ["1", "2"]}]},
        {"strokes": [{**BRUSH, "points": [1e12, 0]}]},
        b'{"strokes": [{"tool": "brush", "points": [NaN, 1]}]}',
        {"strokes": [{**BRUSH, "width": 0}]},
        {"strokes": [{**BRUSH, "width": 1e9}]},
        {"strokes": [{**BRUSH, "erase": "yes"}]},
        {"strokes": [{**BRUSH, "tool": "lasso"}]},
        {"strokes": [BRUSH] * 10_001},
        {"seed": -1},
        {"seed": True},
        {"lines": 1},
        {"tab": 5},
        {"tab": "t" * 65},
    ],
)
def test_what_the_page_would_not_send_is_a_bad_request(server: Server, body: object):
    answer, told = server.ask("POST", "/api/photos/0/fill", body)
    assert answer.status == 400, told
    assert json.loads(told)["error"]


def test_paths_never_come_from_the_page(server: Server, tmp_path: Path):
    body = {
        "strokes": [BRUSH],
        "output": str(tmp_path / "x.png"),
        "files": [str(tmp_path / "y.png")],
        "existing": str(tmp_path),
    }
    assert server.ask("POST", "/api/photos/0/save", body)[0].status == 400
    assert not list(tmp_path.iterdir())


def test_odd_questions_about_details_are_answered_in_kind(server: Server):
    for asked in (
        "",
        "x=a&y=0&width=1&height=1&scale=1",
        "x=0&y=0&width=5&height=5&scale=0",
        "x=0&y=0&width=5&height=5&scale=nan",
    ):
        assert server.ask("GET", f"/api/photos/0/detail?{asked}")[0].status == 400
    assert server.ask("GET", "/api/photos/0/detail?x=999&y=0&width=5&height=5&scale=1")[0].status == 404
    answer, data = server.ask("GET", "/api/photos/0/detail?x=-5&y=0&width=99999&height=99999&scale=1")
    assert answer.status == 200
    assert data


def test_a_page_from_another_origin_gets_nowhere(browser, server: Server, tmp_path: Path):
    """The cookie itself goes along here: to a browser, two ports of one host are the same site."""
    (tmp_path / "evil.html").write_text("<!doctype html><title>evil</title>")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Elsewhere, directory=tmp_path)) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(server.address)
        page.locator("#stage[aria-busy=false]").wait_for()
        page.goto(f"http://127.0.0.1:{other.server_port}/evil.html")
        told = page.evaluate(
            """async (ours) => {
                 const tries = [
                   () => fetch(ours + "/api/session", {credentials: "include"}).then((answer) => answer.text()),
                   () => fetch(ours + "/api/finish", {method: "POST", credentials: "include", mode: "no-cors"}),
                   () => fetch(ours + "/api/finish", {method: "POST", credentials: "include", body: "{}",
                                                      headers: {"Content-Type": "application/json"}}),
                   () => import(ours + "/page/api.js"),
                   () => new Promise((resolve, reject) => {
                     const image = new Image();
                     [image.onload, image.onerror] = [() => resolve("seen"), reject];
                     image.src = ours + "/api/photos/0/preview";
                   }),
                 ];
                 const name = (got) => got instanceof Response ? got.type : String(got);
                 return Promise.all(tries.map((one) => one().then(name, () => "refused")));
               }""",
            f"http://127.0.0.1:{server.port}",
        )
        other.shutdown()
        context.close()
    assert told == ["refused"] * 5
    assert server.process.poll() is None
    assert server.ask("GET", "/api/session")[0].status == 200
