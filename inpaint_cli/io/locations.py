"""Where files lie: paths on this machine, and URLs of whatever fsspec reaches. Standard library only.

A `Url` has the methods of a `Path` that this tool uses, so that code that works with a `Location` need not distinguish
them. The first URL that is opened imports `io.remote` and fsspec.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from inpaint_cli.errors import UsageError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters at least, because C: is a drive
_LOCAL = {"file", "local"}
_WEB = {"http", "https"}  # read only; what follows ? is no part of the name


@dataclass(frozen=True, order=True)
class Url:
    """An object in a store, or the folder that a prefix of names stands for.

    Attributes:
        text: the URL, without a slash at its end.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def scheme(self) -> str:
        """The part before `://`, in lower case."""
        return self.text.partition("://")[0].lower()

    @cached_property
    def is_web(self) -> bool:
        """Whether it is an HTTP URL, which is read, never listed or written."""
        return self.scheme in _WEB

    @cached_property
    def name(self) -> str:
        """The last part of its path; empty for a whole bucket."""
        path = self._path().partition("://")[2]
        return path.rpartition("/")[2] if "/" in path else ""

    @cached_property
    def stem(self) -> str:
        """The name without its extension."""
        return self.name.removesuffix(self.suffix)

    @cached_property
    def suffix(self) -> str:
        """The extension of the name, `.jpg` say, as a `Path` has it."""
        dot = self.name.rfind(".")
        return self.name[dot:] if 0 < dot < len(self.name) - 1 else ""

    @property
    def parent(self) -> Url:
        """What it lies in."""
        return Url(self._path().rpartition("/")[0]) if self.name else self

    def with_name(self, name: str) -> Url:
        """Return the URL of another name beside it."""
        return self.parent / name

    def __truediv__(self, name: str) -> Url:
        path = f"{self.text}/{name}"
        if {".", ".."}.intersection(name.split("/")):
            scheme, _, path = path.partition("://")
            path = f"{scheme}://{posixpath.normpath(path)}"
        return Url(path.rstrip("/"))

    def absolute(self) -> Url:
        """Return itself."""
        return self

    def exists(self) -> bool:
        """Whether there is such an object or folder; asks the store."""
        from inpaint_cli.io import remote  # noqa: PLC0415 - fsspec

        return remote.exists(self.text)

    def is_dir(self) -> bool:
        """Whether objects lie below it; asks the store. A page of the web is no folder."""
        from inpaint_cli.io import remote  # noqa: PLC0415

        return not self.is_web and remote.is_folder(self.text)

    def iterdir(self) -> Iterator[Url]:
        """Yield the objects in a folder, sorted by name within each page of the store's listing."""
        from inpaint_cli.io import remote  # noqa: PLC0415

        return map(Url, remote.children(self.text))

    def read_bytes(self) -> bytes:
        """Return the object."""
        from inpaint_cli.io import remote  # noqa: PLC0415

        return remote.read(self.text)

    def _path(self) -> str:
        return re.split(r"[?#]", self.text, maxsplit=1)[0] if self.is_web else self.text


Location = Path | Url


def locate(text: str) -> Location:
    """Return the place that a text names; a `file://` URL is a path.

    Raises:
        UsageError: a `file://` URL of another machine.
    """
    match = _URL.match(text) if "://" in text else None
    if match is None:
        return Path(text)
    if match[1].lower() in _LOCAL:
        parts = urlsplit(text)
        if parts.netloc not in {"", "localhost"}:
            raise UsageError(f"{text}: a file of another machine; file:///… has three slashes")
        return Path(unquote(parts.path))
    return Url(text if match[1].lower() in _WEB else text.rstrip("/"))


def join(folder: Location, text: str) -> Location:
    """Return the place that a text names, seen from a folder."""
    if _URL.match(text) or (isinstance(folder, Url) and text.startswith("/")):
        return locate(text)
    return folder / text


def resolved(place: Location) -> Location:
    """Return the real path or URL, equal for two names of one file; `Path.resolve` would fail on circular links."""
    return place if isinstance(place, Url) else Path(os.path.realpath(place))


def open_binary(place: Location) -> BinaryIO:
    """Open a file or an object for reading, to be read as it comes.

    Raises:
        OSError: it can't be read.
    """
    if isinstance(place, Path):
        return place.open("rb")
    from inpaint_cli.io import remote  # noqa: PLC0415

    return io.BufferedReader(remote.Stream(place.text), 1 << 20)
