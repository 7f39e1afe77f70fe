"""The table of a run: a row for each photo, as Parquet or JSON lines; gathered on disk, written whole at the end."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from inpaint_cli.errors import UsageError
from inpaint_cli.io.locations import Location, Url
from inpaint_cli.io.writing import write_file

_ROWS = 10_000  # in a group of a Parquet file
_PARQUET = ".parquet"
_JSON_LINES = {".jsonl", ".ndjson"}


class Table(Protocol):
    """Takes rows."""

    def add(self, row: dict[str, Any]) -> None:
        """Add a row: the fields of an `Outcome`."""
        ...


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def add(self, row: dict[str, Any]) -> None:
        self._file.write(f"{json.dumps(row, ensure_ascii=False)}\n".encode(errors="replace"))

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - only this format needs it
        from pyarrow import parquet  # noqa: PLC0415

        text, number = pa.string(), pa.float64()
        columns = {"input": text, "output": text, "status": text, "seconds": number, "hole": number}
        lines = pa.map_(text, pa.int64())
        last = [("windows", pa.int64()), ("lines", lines), ("painter", text), ("error", text)]
        self._schema = pa.schema([*columns.items(), *last])
        self._record_batch = pa.RecordBatch
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append({key: _storable(value) for key, value in row.items()})
        if len(self._rows) >= _ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_batch(self._record_batch.from_pylist(self._rows, self._schema))
        self._rows = []


@contextlib.contextmanager
def open_table(target: Location, *, overwrite: bool) -> Iterator[Table]:
    """Yield a table to add rows to; it is written at the end, however the run ended.

    Raises:
        UsageError: it exists and may not be overwritten, has another extension, or pyarrow is not installed.
        OutputError: it can't be written.
    """
    if target.suffix.lower() not in {_PARQUET, *_JSON_LINES} or (isinstance(target, Url) and target.is_web):
        raise UsageError(f"--report {target}: a report is called .parquet or .jsonl and lies where one can write")
    if not overwrite and target.exists():
        raise UsageError(f"--report {target}: exists already; --overwrite replaces it")
    with tempfile.TemporaryDirectory(prefix="inpaint-") as folder:
        path = Path(folder) / "rows"
        try:
            table = _Parquet(path) if target.suffix.lower() == _PARQUET else _JsonLines(path)
        except ModuleNotFoundError as error:
            raise UsageError(f"--report {target}: Parquet needs the package pyarrow: pip install pyarrow") from error
        try:
            yield table
        finally:
            table.close()
            write_file(path, target, overwrite=overwrite)


def _storable(value: Any) -> Any:
    """Return a value as Arrow stores it: maps as pairs, text as valid UTF-8."""
    if isinstance(value, dict):
        return list(value.items())
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
