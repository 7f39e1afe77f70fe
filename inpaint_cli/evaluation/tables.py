"""Means of the cases, the paper's numbers beside them, and both as text."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from inpaint_cli.evaluation.journal import Case

PAPER = "paper, Places2"  # other photos, other training: the heading says so wherever the numbers stand


@dataclass(frozen=True)
class Measure:
    """A measure as the report shows it.

    Attributes:
        name: in the files.
        title: in the tables and plots; the arrow points to better.
        decimals: that are worth printing.
    """

    name: str
    title: str
    decimals: int


MEASURES = (
    Measure("l1", "l1 (%) ↓", 2),
    Measure("ssim", "SSIM ↑", 3),
    Measure("psnr", "PSNR (dB) ↑", 2),
    Measure("psnr_hole", "PSNR in the hole (dB) ↑", 2),
    Measure("lpips", "LPIPS ↓", 3),
    Measure("fid", "FID ↓", 2),
)
_PAPER_NAMES = {"l1_percent": "l1"}


@dataclass
class Cell:
    """The mean of each measure for one column in one bin, made case by case.

    Attributes:
        cases: how many there were.
        sums: of each measure.
        fid: which belongs to all cases together, if it was measured.
    """

    cases: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    fid: float | None = None

    def add(self, case: Case) -> None:
        """Take in one more case."""
        self.cases += 1
        for name, value in case.scores.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def mean(self, measure: str) -> float | None:
        """Return a measure's value, None if it was not measured."""
        if measure == "fid":
            return self.fid
        return self.sums[measure] / self.cases if measure in self.sums else None


Table = dict[tuple[str, str], Cell]  # by bin and column


def average(cases: Iterable[Case]) -> Table:
    """Return the means, without FID."""
    table: Table = {}
    for case in cases:
        table.setdefault((case.mask, case.column), Cell()).add(case)
    return table


def paper() -> dict[str, dict[tuple[str, str], float]]:
    """Return the paper's Table 1: measure → (bin, method) → value."""
    text = files("inpaint_cli.evaluation").joinpath("paper_table1.csv").read_text(encoding="utf-8")
    numbers: dict[str, dict[tuple[str, str], float]] = {}
    for row in csv.DictReader(text.splitlines()):
        measure, mask = row.pop("metric"), row.pop("mask")
        of_measure = numbers.setdefault(_PAPER_NAMES.get(measure, measure), {})
        of_measure.update({(mask, method): float(value) for method, value in row.items() if value})
    return numbers


def as_text(value: float | None, decimals: int) -> str:
    """Return a number for a table; empty for None."""
    if value is None:
        return ""
    return "∞" if math.isinf(value) else f"{value:.{decimals}f}"


def write_cases(path: Path, cases: Iterable[Case], measures: Iterable[Measure]) -> None:
    """Write one row per case, six decimals."""
    names = [measure.name for measure in measures]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["photo", "mask", "column", "hole", *names])
        for case in cases:
            scores = [as_text(case.scores[name], 6) for name in names]
            writer.writerow([case.photo, case.mask, case.column, as_text(case.hole, 4), *scores])


def write_table(path: Path, table: Table) -> None:
    """Write one row per bin and column, the paper's after ours; `source` tells them apart."""
    names = [measure.name for measure in MEASURES]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["source", "mask", "column", "cases", *names])
        for (mask, column), cell in table.items():
            writer.writerow(["measured", mask, column, cell.cases, *(as_text(cell.mean(name), 4) for name in names)])
        numbers = paper()
        for mask, method in dict.fromkeys(key for of_measure in numbers.values() for key in of_measure):
            values = (as_text(numbers.get(name, {}).get((mask, method)), 4) for name in names)
            writer.writerow([PAPER, mask, method, "", *values])


def markdown(measure: Measure, table: Table, masks: Iterable[str], columns: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a Markdown table of one measure: a row per bin, a column per method, the paper's in italics.

    Args:
        measure: what to show.
        table: the means.
        masks: the bins.
        columns: the methods; none leaves the paper's, and nothing where the paper has no such measure.
    """
    numbers = paper().get(measure.name, {})
    methods = list(dict.fromkeys(method for _, method in numbers))
    if not columns and not methods:
        return
    headings = ["mask", *columns, *(f"*{method}*" for method in methods)]
    yield "| " + " | ".join(headings) + " |"
    yield "|---|" + "---:|" * (len(headings) - 1)
    for mask in masks:
        ours = [as_text(table[mask, column].mean(measure.name), measure.decimals) for column in columns]
        theirs = [as_text(numbers.get((mask, method)), measure.decimals) or "–" for method in methods]
        label = f"{mask} %" if mask[0].isdigit() else mask
        yield "| " + " | ".join([label, *ours, *(f"*{value}*" for value in theirs)]) + " |"
