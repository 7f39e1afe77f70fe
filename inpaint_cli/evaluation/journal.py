"""The measures so far, on disk, so that a stopped run can be resumed and memory stays constant.

One JSON object per line: first what the run is, then one line per finished group (a batch of photos, one bin, one
column) with a row for each of its cases, or a photo that could not be read. A line that a killed run left unfinished is
dropped. Inception's features, which FID needs all at once, lie in one file per group beside it.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import UsageError

Features = NDArray[np.float32]
_FOLDER = ".journal"
TRUTH = "truth"  # the features of the undamaged photos stand under this name


@dataclass(frozen=True)
class Case:
    """One photo with one hole, filled by one method.

    Attributes:
        photo: its path inside the data folder.
        mask: the bin.
        column: the method's heading.
        hole: share of the picture that was missing.
        scores: the measures by name.
    """

    photo: str
    mask: str
    column: str
    hole: float
    scores: dict[str, float]


class Journal:
    """The journal of one run in the folder `.journal` of its report.

    Args:
        report: the report's folder.
        run: everything that determines the numbers; a run can only be resumed with the same.
        resume: go on with the journal that is there, if there is one.

    Raises:
        UsageError: the journal that is there belongs to a run with other settings.
    """

    def __init__(self, report: Path, run: dict[str, Any], *, resume: bool) -> None:
        self._folder = report / _FOLDER
        self._path = self._folder / "cases.jsonl"
        self._done: set[tuple[int, str, str]] = set()
        self.failed: list[str] = []
        if not resume:
            self.remove()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._read(run)
        if not self._path.exists() or not self._path.stat().st_size:
            self._append({"run": run})

    @staticmethod
    def exists(report: Path) -> bool:
        """Return whether a stopped run left a journal in a report's folder."""
        return (report / _FOLDER).is_dir()

    def done(self, batch: int, mask: str, column: str) -> bool:
        """Return whether a group is finished."""
        return (batch, mask, column) in self._done

    def add(self, batch: int, cases: Sequence[Case], features: Features | None) -> None:
        """Record a finished group: cases of one bin and column, and their features, N×2048, if FID is measured."""
        mask, column = cases[0].mask, cases[0].column
        if features is not None:
            self.add_features(batch, mask, column, features)
        rows = [{"photo": case.photo, "hole": case.hole, **case.scores} for case in cases]
        self._append({"batch": batch, "mask": mask, "column": column, "cases": rows})
        self._done.add((batch, mask, column))

    def add_features(self, batch: int, mask: str, column: str, features: Features) -> None:
        """Keep the features of a group, N×2048."""
        np.save(self._folder / f"{_prefix(mask, column)} {batch:06d}.npy", features)

    def fail(self, photo: str) -> None:
        """Record a photo that could not be read."""
        if photo not in self.failed:
            self.failed.append(photo)
            self._append({"failed": photo})

    def cases(self) -> Iterator[Case]:
        """Yield every case, in the order of the run."""
        for line in self._lines():
            for row in line.get("cases", []):
                photo, hole = row.pop("photo"), row.pop("hole")
                yield Case(photo, line["mask"], line["column"], hole, row)

    def features(self, mask: str, column: str) -> Iterator[Features]:
        """Yield a column's features, a batch at a time; mask and column `TRUTH` have those of the undamaged photos."""
        for path in sorted(self._folder.glob(f"{_prefix(mask, column)} *.npy")):
            yield np.load(path)

    def remove(self) -> None:
        """Delete the journal, when the report is written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, run: dict[str, Any]) -> None:
        whole = 0
        with self._path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                whole += len(raw)
        with self._path.open("r+b") as file:
            file.truncate(whole)
        for number, line in enumerate(self._lines()):
            if number == 0 and line["run"] != json.loads(json.dumps(run)):
                changed = ", ".join(sorted(key for key in run if line["run"].get(key) != run[key]))
                raise UsageError(
                    f"{self._folder.parent}: the stopped run in it had other settings ({changed}); leave out --resume"
                )
            if "failed" in line:
                self.failed.append(line["failed"])
            elif "batch" in line:
                self._done.add((line["batch"], line["mask"], line["column"]))

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def _append(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _prefix(mask: str, column: str) -> str:
    return f"{quote(mask, safe='')} {quote(column, safe='')}"  # a model's name may hold slashes
