"""Manifests: tables that say which photo goes with which mask. Standard library only."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inpaint_cli.batch.job import NO_EDGES
from inpaint_cli.errors import UsageError
from inpaint_cli.io.formats import STREAM

_COLUMNS = {"input", "mask", "output", "edges"}


@dataclass(frozen=True)
class Row:
    """What a manifest says about one photo; all but the photo may be left to the command line."""

    photo: Path
    masks: tuple[Path, ...] = ()
    output: Path | None = None
    edges: Path | None = None


def read_manifest(manifest: Path) -> Iterator[Row]:
    """Yield the rows of a table; its paths are relative to its folder.

    Raises:
        UsageError: it can't be read, has no rows, or one of them makes no sense.
    """
    try:
        text = manifest.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{manifest}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        ) from error
    kind = manifest.suffix.lower()
    if kind not in {".csv", ".jsonl", ".ndjson"}:
        raise UsageError(f"{manifest}: a manifest is called .csv or .jsonl")
    rows = list(_csv_rows(text) if kind == ".csv" else _json_rows(text, manifest))
    if not rows:
        raise UsageError(f"{manifest}: no rows")
    for number, row in rows:
        yield _checked(row, manifest.parent, f"{manifest}:{number}")


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, object]]]:
    lines = text.splitlines()
    separators = (mark for mark in ",;\t" if lines and mark in lines[0])  # spreadsheets of half of Europe write ;
    reader = csv.DictReader(lines, delimiter=next(separators, ","), skipinitialspace=True)
    for row in reader:
        yield reader.line_num, {key or "more than the header names": value for key, value in row.items() if value}


def _json_rows(text: str, manifest: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{manifest}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise UsageError(f'{manifest}:{number}: not an object such as {{"input": …, "mask": …}}')
            yield number, {key: value for key, value in row.items() if value is not None}


def _checked(row: dict[str, object], folder: Path, where: str) -> Row:
    if unknown := sorted(row.keys() - _COLUMNS):
        raise UsageError(f"{where}: unknown column {unknown[0]}; a manifest has input, mask, output and edges")
    masks = row.get("mask", [])
    listed = masks if isinstance(masks, list) else [masks]
    texts = [row.get(column, "") for column in ("input", "output", "edges")]
    if not all(isinstance(text, str) for text in (*texts, *listed)) or not texts[0]:
        raise UsageError(f"{where}: needs an input, and paths as text")
    photo, output, edges = (_place(str(text), folder) for text in texts)
    named = (_place(str(mask), folder) for mask in listed)
    return Row(photo or folder, tuple(mask for mask in named if mask is not None), output, edges)


def _place(text: str, folder: Path) -> Path | None:
    """Return the path that a cell names, None if it is empty; `-` and `none` are no names of files."""
    if not text:
        return None
    return Path(text) if Path(text) in {STREAM, NO_EDGES} else folder / text
