"""What fills a hole best: painters, patches and all of the pipeline on windows of real photos with known truth.

    python benchmarks/windows.py --data PHOTOS [--out benchmarks/windows] [--each 12] [--weights NAME] [--sheet PNG]

PHOTOS is a folder of JPEGs of 1000 pixels and more. Half of the holes lie on texture, half across a strong line
(`cuts.py`); the figures are those of `measures.py`. Writes OUT.md (medians) and OUT.csv (every window).
"""

import argparse
import csv
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from cuts import Cut, cuts
from measures import Measures, measure, medians
from numpy.typing import NDArray

from inpaint_cli.io.sketches import Reference
from inpaint_cli.options import DEFAULT_WEIGHTS, FillOptions, Lines, Method, Painter
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.weights.registry import Model

GUIDES = (0.0, 0.05, 0.1, 0.2)
SHEET = ("patchmatch", "default", "default, true lines as a sketch")  # beside the hole and the truth


@dataclass(frozen=True)
class Way:
    """One way to fill a hole; `true_lines` hands in the truth's edges as `--edges-from` does."""

    name: str
    options: FillOptions
    true_lines: bool = False


def ways() -> list[Way]:
    """Return every way that is compared."""
    chosen = [
        Way("telea", FillOptions(method=Method.TELEA)),
        Way("patchmatch", FillOptions(method=Method.PATCHMATCH)),
    ]
    for painter in (Painter.HARMONIC, Painter.G2, Painter.BOTH):
        chosen += [
            Way(f"{painter} alone, lines {lines}", FillOptions(painter=painter, lines=lines, texture=False))
            for lines in (Lines.NONE, Lines.CONTINUE, Lines.G1)
        ]
        chosen.append(Way(f"{painter} alone, true lines", FillOptions(painter=painter, texture=False), true_lines=True))
    for painter in (Painter.HARMONIC, Painter.G2):
        chosen += [Way(f"{painter} + texture, guide {w:g}", FillOptions(painter=painter, guide=w)) for w in GUIDES]
        chosen.append(
            Way(f"{painter} + texture, true lines as a sketch", FillOptions(painter=painter), true_lines=True)
        )
    chosen.append(Way("default", FillOptions()))
    chosen.append(Way("default, true lines as a sketch", FillOptions(), true_lines=True))
    return chosen


def fill(model: EdgeConnect, way: Way, cut: Cut) -> NDArray[np.uint8]:
    """Return a cut filled one way, uint8 H×W×3."""
    result = cut.truth.copy()
    result[cut.hole] = 0  # what stood there must not help
    sketch = Reference(cut.truth) if way.true_lines else None
    model.fill(result.copy(), cut.hole, way.options, sketch).apply(result)
    return result


def report(rows: list[tuple[str, Cut, float, Measures]], names: list[str], model: Model) -> str:
    """Return the medians as Markdown."""
    columns = [field.name for field in fields(Measures)]
    lines = [
        "# Windows",
        "",
        f"Medians over {len({cut.name for _, cut, _, _ in rows})} windows of 448 pixels with holes about 150 wide;"
        f" model `{model.name}`, whose defaults are lines `{model.config.lines}`, painter `{model.config.painter}`,"
        f" guide {model.config.guide_weight:g}.",
        "Written by `benchmarks/windows.py`; every window is in the CSV beside this file."
        " What else was tried: `lines.md` for the choice of lines, `texture.md` for the patches.",
        "PSNR in dB, gradient error in grey levels; detail and jump are right at 1;"
        " precision and recall of the truth's edges within 2 pixels. Seconds depend on what else the machine did:"
        " `throughput.md` has costs.",
    ]
    for subset in ("lines", "texture"):
        lines += ["", f"## Holes {'across lines' if subset == 'lines' else 'on texture'}", ""]
        lines += [f"| fill | {' | '.join(columns)} | mean psnr | seconds |", f"|---|{'---|' * (len(columns) + 2)}"]
        for name in names:
            here = [(seconds, figures) for row, cut, seconds, figures in rows if row == name and cut.subset == subset]
            middle = medians([figures for _, figures in here])
            figures = " | ".join(
                f"{value:.{1 if column == 'psnr' else 2}f}"
                for column, value in zip(columns, astuple(middle), strict=True)
            )
            mean, seconds = np.mean([each.psnr for _, each in here]), np.median([seconds for seconds, _ in here])
            lines.append(f"| {name} | {figures} | {mean:.2f} | {seconds:.2f} |")
    return "\n".join(lines) + "\n"


def contact_sheet(pictures: dict[str, list[NDArray[np.uint8]]], chosen: list[Cut]) -> NDArray[np.uint8]:
    """Return a row per window: the hole, the ways of `SHEET`, the truth."""
    rows = []
    for number, cut in enumerate(chosen):
        damaged = np.where(cut.hole[..., None], np.uint8(128), cut.truth)
        tiles = [damaged, *(pictures[name][number] for name in SHEET), cut.truth]
        rows.append(np.concatenate([tile[64:-64, 64:-64] for tile in tiles], axis=1))
    return np.concatenate(rows)


def main() -> None:
    """Fill, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(""))
    parser.add_argument("--each", type=int, default=12, help="windows of either kind")
    parser.add_argument("--weights", default=DEFAULT_WEIGHTS)
    parser.add_argument("--only", default="", help="ways whose name contains this")
    parser.add_argument("--sheet", type=Path, help="a PNG to look at")
    arguments = parser.parse_args()

    model = EdgeConnect.load(arguments.weights)
    chosen = cuts(arguments.data, arguments.each)
    compared = [way for way in ways() if arguments.only in way.name]
    rows: list[tuple[str, Cut, float, Measures]] = []
    pictures: dict[str, list[NDArray[np.uint8]]] = {}
    for way in compared:
        pictures[way.name] = []
        for cut in chosen:
            start = time.perf_counter()
            filled = fill(model, way, cut)
            rows.append((way.name, cut, time.perf_counter() - start, measure(filled, cut.truth, cut.hole)))
            pictures[way.name].append(filled)
        print(way.name, *(f"{value:.3f}" for value in astuple(medians([row[3] for row in rows if row[0] == way.name]))))

    arguments.out.with_suffix(".md").write_text(report(rows, [way.name for way in compared], model.model))
    with arguments.out.with_suffix(".csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["fill", "subset", "window", *(field.name for field in fields(Measures))])
        table.writerows([name, cut.subset, cut.name, *(f"{v:.4f}" for v in astuple(m))] for name, cut, _, m in rows)
    if arguments.sheet:
        cv2.imwrite(str(arguments.sheet), contact_sheet(pictures, chosen)[..., ::-1])


if __name__ == "__main__":
    main()
