"""Pictures of the results: the best, median and worst cases side by side, and figure 7's strip over σ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inpaint_cli.evaluation import methods, photos
from inpaint_cli.evaluation.cases import HoledPhoto
from inpaint_cli.evaluation.journal import Case
from inpaint_cli.evaluation.protocol import Plan
from inpaint_cli.imaging.panels import draw_edges

Picture = NDArray[np.uint8]

_TILE = 128  # side of a picture on a sheet
_GAP = 4
_TEXT = 11
_STRIP_SIGMAS = (1.0, 3.0, 5.0)  # figure 7
_STRIP_CAPTIONS = (*(f"σ = {sigma:g}" for sigma in _STRIP_SIGMAS), "no edges")
_EACH = 3  # cases of each kind on the sheet


@dataclass(frozen=True)
class _Row:
    label: str
    tiles: list[tuple[str, Picture]]  # captions and pictures


def pick(cases: Iterable[Case], column: str, measure: str = "psnr_hole") -> list[tuple[str, Case]]:
    """Return the best, median and worst cases of a column, of as many photos as there are, and what each is.

    Args:
        cases: of all columns.
        column: whose cases are ranked.
        measure: by which; larger is better.
    """
    ranked = sorted((c for c in cases if c.column == column), key=lambda c: (-c.scores[measure], c.photo, c.mask))
    middle = (len(ranked) - 1) // 2
    orders = {
        "best": ranked,
        "worst": ranked[::-1],
        "median": [ranked[place] for place in sorted(range(len(ranked)), key=lambda place: abs(place - middle))],
    }
    seen: set[str] = set()
    picked: dict[str, list[Case]] = {kind: [] for kind in ("best", "median", "worst")}
    for _ in range(_EACH):
        for kind, order in orders.items():
            case = next((case for case in order if case.photo not in seen), None)
            if case is not None:
                seen.add(case.photo)
                picked[kind].append(case)
    return [(kind, case) for kind, chosen in picked.items() for case in chosen]


def write_cases(path: Path, plan: Plan, picked: Sequence[tuple[str, Case]]) -> None:
    """Write the contact sheet: damaged, edges, each column's picture, truth; a row per case; JPEG."""
    rows = []
    for kind, case in picked:
        holed = _holed(plan, case.photo, case.mask)
        edges = plan.columns[0].edge_maps([holed])
        tiles = [("damaged", holed.damaged)]
        tiles += [("edges", draw_edges(edges[0]))] if edges else []
        tiles += [(column.name, column.run([holed])[0]) for column in plan.columns]
        label = f"{kind}\n{case.photo}\n{case.mask}\n{case.scores['psnr_hole']:.1f} dB"
        rows.append(_Row(label, [*tiles, ("truth", holed.truth)]))
    _sheet(rows).save(path, quality=90)


def write_strip(path: Path, plan: Plan, names: Sequence[str]) -> None:
    """Write figure 7 for some photos: edges and pictures at σ = 1, 3, 5 and without edges; JPEG.

    Each photo has a row for each source of edges.
    """
    rows = []
    sweep = methods.sweep(plan.models[0], _STRIP_SIGMAS)
    for name in names:
        holed = _holed(plan, name, plan.sweep_mask)
        for source, columns in sweep.series.items():
            tiles = [("damaged", holed.damaged)]
            for caption, column in zip(_STRIP_CAPTIONS, [*columns, sweep.without], strict=True):
                edges = column.edge_maps([holed]) or []
                tiles += [("edges", draw_edges(edge)) for edge in edges]
                tiles.append((caption, column.run([holed])[0]))
            rows.append(_Row(f"{name}\n{source}", [*tiles, ("truth", holed.truth)]))
    _sheet(rows).save(path, quality=90)


def spread(names: Sequence[str]) -> list[str]:
    """Return the photos of the strip: two, a quarter from either end of the list."""
    return [names[place] for place in sorted({len(names) // 4, 3 * len(names) // 4})]


def _holed(plan: Plan, name: str, mask: str) -> HoledPhoto:
    truth = photos.load(plan.settings.data / name, plan.settings.size)
    return HoledPhoto(name, mask, truth, plan.holes.hole(mask, name))


def _sheet(rows: Sequence[_Row]) -> Image.Image:
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), _TEXT)  # it has a σ
    step, left, top = _TILE + _GAP, _TILE, 3 * _TEXT
    widest = max(len(row.tiles) for row in rows)
    sheet = Image.new("RGB", (left + widest * step, top + len(rows) * step), "white")
    draw = ImageDraw.Draw(sheet)
    for position, (caption, _) in enumerate(rows[0].tiles):
        draw.multiline_text((left + position * step, 0), caption.replace(" (", "\n("), "black", font)
    for number, row in enumerate(rows):
        draw.multiline_text((_GAP, top + number * step), row.label, "black", font)
        for position, (_, picture) in enumerate(row.tiles):
            tile = Image.fromarray(picture).resize((_TILE, _TILE), Image.Resampling.LANCZOS)
            sheet.paste(tile, (left + position * step, top + number * step))
    return sheet
