"""Pictures by folder and stem, in a table on disk that finds the mask of each photo."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from inpaint_cli.io.formats import is_picture
from inpaint_cli.io.locations import Location, locate, resolved

_CACHE = 16_000  # KiB of a table that are held in memory; the rest lies in a temporary file


def open_database() -> sqlite3.Connection:
    """Return a private temporary database, deleted when its connection closes."""
    database = sqlite3.connect("", isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(f"PRAGMA cache_size = -{_CACHE}")
    database.execute("BEGIN")  # one transaction, never committed: nothing is written for other processes
    return database


def to_blob(text: str) -> bytes:
    """Return a name as bytes that sort as its characters do; undecodable bytes are kept."""
    return text.encode("utf-8", "surrogatepass")


def to_text(blob: bytes) -> str:
    """Return the name that `to_blob` was given."""
    return blob.decode("utf-8", "surrogatepass")


class Photos:
    """The photos of a request, each once, in the order in which they were found."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("CREATE TABLE photos (number INTEGER PRIMARY KEY, place BLOB UNIQUE, folder BLOB, stem BLOB)")

    def add(self, places: Iterable[Location]) -> int:
        """Add photos; return how many there were, those known already included."""
        count = 0
        for place in places:
            row = to_blob(str(place)), to_blob(str(place.parent)), to_blob(place.stem)
            self._database.execute("INSERT OR IGNORE INTO photos (place, folder, stem) VALUES (?, ?, ?)", row)
            count += 1
        return count

    def __iter__(self) -> Iterator[Location]:
        self._database.execute("CREATE INDEX IF NOT EXISTS photos_by_stem ON photos (folder, stem)")
        for (place,) in self._database.execute("SELECT place FROM photos ORDER BY number"):
            yield locate(to_text(place))

    def __contains__(self, place: Location) -> bool:
        found = self._database.execute("SELECT 1 FROM photos WHERE place = ?", (to_blob(str(place)),))
        return found.fetchone() is not None

    def named(self, folder: Location, stem: str) -> list[Location]:
        """Return the photos of a folder with this stem."""
        query = "SELECT place FROM photos WHERE folder = ? AND stem = ?"
        found = self._database.execute(query, (to_blob(str(folder)), to_blob(stem)))
        return [locate(to_text(place)) for (place,) in found]


class Folder:
    """The pictures in a folder, listed once.

    Args:
        database: where the list is kept.
        folder: a path or a URL.

    Raises:
        OSError: it can't be listed.
    """

    def __init__(self, database: sqlite3.Connection, folder: Location) -> None:
        self.folder = folder
        self._database = database
        database.execute("CREATE TABLE IF NOT EXISTS pictures (folder BLOB, stem BLOB, other BOOL, name BLOB)")
        self._key = to_blob(str(folder))
        database.executemany("INSERT INTO pictures VALUES (?, ?, ?, ?)", self._rows())
        database.execute("CREATE INDEX IF NOT EXISTS pictures_by_stem ON pictures (folder, stem)")

    def _rows(self) -> Iterator[tuple[bytes, bytes, bool, bytes]]:
        for place in self.folder.iterdir():
            if is_picture(place):
                yield self._key, to_blob(place.stem), place.suffix.lower() != ".png", to_blob(place.name)

    def find(self, photo: Location, endings: Sequence[str]) -> Location | None:
        """Return the picture that belongs to a photo, or None; a PNG if there are several."""
        query = "SELECT name FROM pictures WHERE folder = ? AND stem = ? ORDER BY other, name"
        for ending in endings:
            for (name,) in self._database.execute(query, (self._key, to_blob(photo.stem + ending))):
                place = self.folder / to_text(name)
                if resolved(place) != resolved(photo):
                    return place
        return None
