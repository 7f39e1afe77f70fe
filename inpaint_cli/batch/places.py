"""Whether two names are one file. Standard library only."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

from inpaint_cli.io.locations import Location, Url

_REMEMBERED = 10_000  # folders whose real paths are


class Places:
    """Names of files without links in them; the folders are looked up once each."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def key(self, place: Location) -> str:
        """Return a text that two places share if they are one file, as `resolved` tells."""
        if isinstance(place, Url):
            return place.text
        folder, name = os.path.split(place)
        if name in {"", ".", ".."}:
            return os.path.realpath(place)
        real = self._folders.get(folder)
        if real is None:
            if len(self._folders) >= _REMEMBERED:
                self._folders.clear()
            real = self._folders[folder] = os.path.realpath(folder)
        path = os.path.join(real, name)  # noqa: PTH118 - a `Path` would take longer than all the rest
        return os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114

    def folded(self, place: Location, key: str) -> bytes | None:
        """Return a hash shared by names that a case-insensitive file system may take for one; None for objects."""
        if isinstance(place, Url):
            return None
        return digest(unicodedata.normalize("NFC", key).casefold())


def digest(key: str) -> bytes:
    """Return a hash of 16 bytes: among ten million names, two share one by chance with probability 1e-25."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def folds_case(place: Location) -> bool:
    """Whether the file system that a file is to lie on is case-insensitive."""
    if isinstance(place, Url):
        return False
    for folder in Path(os.path.realpath(place)).parents:
        swapped = folder.with_name(folder.name.swapcase()) if folder.name else folder
        if swapped != folder and folder.exists():
            return swapped.exists() and swapped.samefile(folder)
    return False
