"""`inpaint draw` as the tests use it: a server of its own for each, and its API without a browser."""

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
        return urlsplit(self.address).port or 0

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send one request, as the page would unless other headers are given; a header of None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie or None}
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
        answer = connection.getresponse()
        return answer, answer.read()

    def enter(self) -> None:
        """Open the printed address and keep the cookie."""
        parts = urlsplit(self.address)
        answer, _ = self.ask("GET", f"{parts.path}?{parts.query}")
        assert answer.status == 200
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def events(self, path: str, body: object) -> list[dict]:
        """Return all that the server says to a request to fill or save."""
        answer, data = self.ask("POST", path, body)
        assert answer.status == 200, data
        return [json.loads(line) for line in data.splitlines()]


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
