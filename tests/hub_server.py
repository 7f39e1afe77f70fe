"""A small Hugging Face Hub on 127.0.0.1: the part of its protocol that huggingface_hub uses to download files.

HEAD and GET of `/USER/REPO/resolve/REVISION/FILE`, with the commit and the sha256 of a large file in the headers,
ranges, the Hub's codes for what is missing, private or gated, and a few accidents on demand.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_the_test_s_own"  # noqa: S105 - opens nothing


@dataclass
class Repository:
    """A repository: files by commit, and which commit each branch or tag points at."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Add a commit, move the branch to it, and return its hash."""
        content = b"".join(name.encode() + data for name, data in sorted(files.items()))
        name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.commits[name] = files
        self.branches[branch] = name
        return name


@dataclass
class Hub:
    """What the server holds, does wrong and has been asked.

    Attributes:
        url: for HF_ENDPOINT.
        repositories: by USER/REPO.
        requests: one line each: method, path, and the range if one was asked for.
        cut: files whose next GET ends half-way.
        stall: files whose GET stops half-way and waits until `resume` is set.
        tampered: files whose bytes are not those that the headers promise.
        headers: what is answered instead of the true headers.
        silent: methods, HEAD or GET, that get no answer until `resume` is set.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    stall: set[str] = field(default_factory=set)
    tampered: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    resume: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve() -> Iterator[Hub]:
    """Run a Hub for the duration of the block."""
    hub = Hub()

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        hub.resume.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""

    def _answer(self, *, body: bool) -> None:
        asked = self.headers.get("Range")
        self.hub.requests.append(" ".join([self.command, self.path, *([asked] if asked else [])]))
        if self.command in self.hub.silent:
            self.hub.resume.wait(30)
            self.close_connection = True
            return
        if "/resolve/" not in self.path:  # what the client asks the Hub about itself
            self._refuse(HTTPStatus.NOT_FOUND, "NotFound")
            return
        owner, name, _, revision, filename = self.path.lstrip("/").split("/", 4)
        repository = self.hub.repositories.get(f"{owner}/{name}")
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if repository is None or (repository.private and not known):
            self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound")
        elif repository.gated:
            self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo")
        elif (commit := repository.branches.get(revision, revision)) not in repository.commits:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        elif filename not in repository.commits[commit]:
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound", commit)
        else:
            self._send(commit, filename, repository.commits[commit][filename], body=body)

    def send_header(self, keyword: str, value: str) -> None:
        """Send a header, or what is to be answered instead."""
        super().send_header(keyword, self.hub.headers.get(keyword, value))

    def _refuse(self, status: HTTPStatus, code: str, commit: str | None = None) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        if commit:
            self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, commit: str, filename: str, data: bytes, *, body: bool) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        self.send_header("X-Repo-Commit", commit)
        sha256 = hashlib.sha256(data).hexdigest()
        if filename.endswith((".safetensors", ".pth")):  # large files go by sha256, small ones by git's hash
            self.send_header("X-Linked-Etag", f'"{sha256}"')
            self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("ETag", f'"{sha256[:40]}"')
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if body:
            self._send_body(filename, bytes(len(data)) if filename in self.hub.tampered else data, start)

    def _send_body(self, filename: str, data: bytes, start: int) -> None:
        half = len(data) // 2
        if filename in self.hub.cut:
            self.hub.cut.remove(filename)
            self.wfile.write(data[start:half])
            self.close_connection = True
        elif filename in self.hub.stall:
            self.wfile.write(data[start:half])
            self.wfile.flush()
            self.hub.stalled.set()
            self.hub.resume.wait(30)
            self.close_connection = True
        else:
            self.wfile.write(data[start:])
