"""Stores on this machine for tests: an S3 server, and servers that refuse."""

import contextlib
import os
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer

REFUSAL = '<?xml version="1.0"?><Error><Code>{}</Code><Message>{}</Message></Error>'


def environment(endpoint: str) -> dict[str, str]:
    """Return what points every S3 client to a server here and keeps it from asking anyone else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
    }


@contextlib.contextmanager
def pointed(endpoint: str) -> Iterator[pytest.MonkeyPatch]:
    """Let S3 clients of this process and of its children talk to this server."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(endpoint).items():
            patch.setenv(name, value)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        yield patch
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@contextlib.contextmanager
def s3(bucket: str) -> Iterator[Any]:
    """Run an S3 server with one bucket; give fsspec's view of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=True)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    try:
        with pointed(f"http://{host}:{port}"):
            store = fsspec.filesystem("s3", use_listings_cache=False)
            store.mkdir(bucket)
            yield store
    finally:
        server.stop()


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a web server; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def refusing(status: int, code: str, message: str) -> type[BaseHTTPRequestHandler]:
    """Return an S3 server that says no to everything."""

    class Handler(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = REFUSAL.format(code, message).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = _refuse  # noqa: N815 - http.server's names

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


def showing(folder: Path) -> type[BaseHTTPRequestHandler]:
    """Return a web server of a folder's files."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, directory=str(folder), **options)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler
