"""Manifests: tables that say which photo goes with which mask, read row by row. Standard library only."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inpaint_cli.batch.job import NO_EDGES
from inpaint_cli.errors import UsageError, reason
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.locations import Location, join, open_binary

_COLUMNS = {"input", "mask", "output", "edges"}
_WORDS = {str(STREAM), str(NO_EDGES)}
_SEPARATORS = ",;\t"  # spreadsheets write ; in locales with a decimal comma


@dataclass(frozen=True)
class Row:
    """What a manifest says about one photo; all but the photo may be left to the command line.

    Attributes:
        problem: why it can't be done; empty if it can.
    """

    photo: Location
    masks: tuple[Location, ...] = ()
    output: Location | None = None
    edges: Location | None = None
    problem: str = ""


def read_manifest(manifest: Location) -> Iterator[Row]:
    r"""Yield the rows of a table as they are read; its paths are relative to its folder.

    Only `\n` and `\r\n` end a line; every other character, a quoted `\n` of a CSV too, belongs to a name. A name that
    no file can have is its row's problem.

    Raises:
        UsageError: the table can't be read, has no rows, or one of them makes no sense.
    """
    kind = manifest.suffix.lower()
    if kind not in {".csv", ".jsonl", ".ndjson"}:
        raise UsageError(f"{manifest}: a manifest is called .csv or .jsonl")
    count = 0
    try:
        with io.TextIOWrapper(open_binary(manifest), encoding="utf-8-sig", newline="\n") as lines:
            for number, row in _csv_rows(lines, manifest) if kind == ".csv" else _json_rows(lines, manifest):
                count += 1
                yield _checked(row, manifest.parent, f"{manifest}:{number}")
    except OSError as error:
        raise UsageError(f"{manifest}: can't be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{manifest}: can't be read: not UTF-8 text") from error
    if not count:
        raise UsageError(f"{manifest}: no rows")


def _csv_rows(lines: Iterator[str], manifest: Location) -> Iterator[tuple[int, dict[str, object]]]:
    header = next(lines, "")
    separator = next((mark for mark in _SEPARATORS if mark in header), ",")
    reader = csv.DictReader(itertools.chain([header], lines), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            yield reader.line_num, {key or "more than the header names": value for key, value in row.items() if value}
    except csv.Error as error:
        raise UsageError(f"{manifest}:{reader.line_num}: not CSV: {error}") from error


def _json_rows(lines: Iterable[str], manifest: Location) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{manifest}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise UsageError(f'{manifest}:{number}: not an object such as {{"input": …, "mask": …}}')
            yield number, {key: value for key, value in row.items() if value is not None}


def _checked(row: dict[str, object], folder: Location, where: str) -> Row:
    if unknown := sorted(row.keys() - _COLUMNS):
        raise UsageError(f"{where}: unknown column {unknown[0]}; a manifest has input, mask, output and edges")
    masks = row.get("mask", [])
    listed = masks if isinstance(masks, list) else [masks]
    texts = [row.get(column, "") for column in ("input", "output", "edges")]
    if not all(isinstance(text, str) for text in (*texts, *listed)) or not texts[0]:
        raise UsageError(f"{where}: needs an input, and paths as text")
    bad = next((str(text) for text in (*texts, *listed) if not _is_name(str(text))), None)
    photo, output, edges = (_place(str(text), folder) for text in texts)
    named = (_place(str(mask), folder) for mask in listed)
    return Row(
        photo or folder,
        tuple(mask for mask in named if mask is not None),
        output,
        edges,
        "" if bad is None else f"{where}: {bad!r} is no name that a file can have",
    )


def _is_name(text: str) -> bool:
    """Whether a file can be called so: without NUL, and in characters that the system can write."""
    if "\0" in text or text.isascii():
        return "\0" not in text
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def _place(text: str, folder: Location) -> Location | None:
    """Return the place that a cell names, None if it is empty; `-` and `none` are no names of files."""
    if not text:
        return None
    return Path(text) if text in _WORDS else join(folder, text)
