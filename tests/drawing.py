"""`inpaint draw` as the tests use it: a server of its own, its API without a browser, and the page in a real one."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import command


@dataclass
class Server:
    """A running `inpaint draw`.

    Attributes:
        process: of its own.
        address: the one it printed.
    """

    process: subprocess.Popen[str]
    address: str
    cookie: str = ""

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return urlsplit(self.address).port or 0

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str | None] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send one request, as the page would unless other headers are given; a header of None is left out."""
        connection = self._send(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def post(self, path: str, body: object) -> http.client.HTTPConnection:
        """Send a request to fill or save without waiting for what comes of it; `read` does."""
        return self._send("POST", path, body)

    def read(self, connection: http.client.HTTPConnection) -> list[dict]:
        """Return all that the server says to a request that was sent."""
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return [json.loads(line) for line in answer.read().splitlines()]

    def events(self, path: str, body: object) -> list[dict]:
        """Return all that the server says to a request to fill or save."""
        return self.read(self.post(path, body))

    def _send(
        self, method: str, path: str, body: object = None, headers: dict[str, str | None] | None = None
    ) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie or None}
        data = None
        if method != "GET":
            data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
            sent |= {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}
            sent |= {"Content-Length": str(len(data))}
        sent |= headers or {}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(data)
        return connection

    def enter(self) -> None:
        """Open the printed address and keep the cookie."""
        parts = urlsplit(self.address)
        answer, _ = self.ask("GET", f"{parts.path}?{parts.query}")
        assert answer.status == 200
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]


@contextlib.contextmanager
def drawing(folder: Path, *arguments: object) -> Iterator[Server]:
    """Run `inpaint draw` in a folder, without opening a browser; end it with Ctrl-C if it has not ended itself."""
    process = subprocess.Popen(
        command("draw", *arguments, "--no-browser"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.stderr.read()
        yield Server(process, address)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


# Around the bird of examples/bird.jpg.
_HEAD = ((560, 330), (585, 250), (620, 200), (700, 175), (790, 180), (790, 215))
BIRD = (*_HEAD, (730, 240), (735, 395), (640, 410), (560, 390))

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium, which has to be there: a page that no browser has shown is not tested."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Hand:
    """A hand on the page: it points at pixels of the photo, as long as the whole of it is seen.

    Args:
        page: that has been opened.
        size: width and height of the photo.
    """

    def __init__(self, page: Page, size: tuple[int, int]) -> None:
        self.page = page
        self._size = size

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pixel of the photo is on the screen."""
        box = self.page.locator("#stage").bounding_box()
        margin = min(24.0, box["width"] / 20)
        scale = min((box["width"] - 2 * margin) / self._size[0], (box["height"] - 2 * margin) / self._size[1], 4)
        left = box["x"] + (box["width"] - self._size[0] * scale) / 2
        top = box["y"] + (box["height"] - self._size[1] * scale) / 2
        return left + x * scale, top + y * scale

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first point, go through all of them, let go."""
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=4)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def status(self) -> str:
        """Return what the line at the bottom says, once nothing is computed any more."""
        self.page.wait_for_timeout(50)
        self.page.locator("#stage[aria-busy=false]").wait_for(timeout=60_000)
        return self.page.locator("#status").inner_text()

    def save(self) -> str:
        """Save, and return the command that the page shows."""
        self.press("Control+s")
        self.page.locator("#saved[open]").wait_for(timeout=60_000)
        command = self.page.locator("#command").input_value()
        self.press("Escape")
        return command


@contextlib.contextmanager
def opened(
    browser: Browser, address: str, size: tuple[int, int], *, refusals: bool = False, **options: object
) -> Iterator[Hand]:
    """Open the page; it has to ask nobody else for anything, and to run without an error.

    Args:
        browser: where.
        address: as the command printed it.
        size: width and height of the photo.
        refusals: the server may refuse something, which browsers note as an error.
        options: of the browser's context.
    """
    context = browser.new_context(viewport={"width": 1360, "height": 860}, **options)
    asked, errors = [], []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(address)
    hand = Hand(page, size)
    hand.status()
    yield hand
    context.close()
    origin = address.split("?", maxsplit=1)[0]
    assert not [url for url in asked if not url.startswith((origin, f"blob:{origin}"))]
    assert not [error for error in errors if not (refusals and error.startswith("Failed to load resource"))]
