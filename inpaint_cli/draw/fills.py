"""From a drawing to a result: strokes become mask and lines, the pipeline fills, the page is told what acted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.draw.drawing import Drawing
from inpaint_cli.draw.pictures import preview_scale
from inpaint_cli.draw.session import LineChoice, OpenPhoto, Result, Session, Settings
from inpaint_cli.errors import MaskError
from inpaint_cli.filling import Filling
from inpaint_cli.imaging.edges import WALL
from inpaint_cli.imaging.photo import Photo
from inpaint_cli.imaging.resampling import shrunk
from inpaint_cli.imaging.sketches import EdgeSource, read_sketch
from inpaint_cli.imaging.strokes import MASK_TOOLS, Tool, draw_lines, keep_lines, paint_mask
from inpaint_cli.imaging.tracing import outlines, trace_lines
from inpaint_cli.imaging.windows import Box, bounding_box
from inpaint_cli.options import Lines, Method, Painter

Points = NDArray[np.float64]
Tell = Callable[..., None]


@dataclass(frozen=True)
class LinesSeen:
    """The edges around and in the holes as the tool sees them, as paths over the photo, N×2 (x, y) each.

    Attributes:
        own: the photo's edges around the holes.
        expected: the lines in the holes.
    """

    own: list[Points]
    expected: list[Points]


@dataclass(frozen=True, eq=False)
class Resolved:
    """What a drawing asks for, in the terms of `inpaint remove`.

    Attributes:
        hole: the mask, H×W.
        lines: which lines the fill follows.
        sketch: the page's lines as the picture that is saved, if those are followed.
        seen: the lines that the tool expects, if they had to be found.
        kept: which of these are in the sketch.
    """

    hole: NDArray[np.bool_]
    lines: LineChoice
    sketch: Photo | None = None
    seen: LinesSeen | None = None
    kept: tuple[bool, ...] = ()


def resolve(photo: OpenPhoto, drawing: Drawing, settings: Settings) -> Resolved | None:
    """Return what a drawing asks for; None if nothing is to be filled.

    Raises:
        MaskError: everything is.
    """
    hole = paint_mask(photo.hole, (stroke for stroke in drawing.strokes if stroke.tool in MASK_TOOLS))
    if not hole.any():
        return None
    if hole.all():
        raise MaskError("The mask covers the whole photo: nothing is left to fill from.")
    if settings.options.method is not Method.EDGECONNECT:
        return Resolved(hole, LineChoice.OWN)
    if not drawing.lines:
        return Resolved(hole, LineChoice.NONE)
    if not drawing.changes_lines:
        return Resolved(hole, photo.own_lines)
    seen = find_lines(photo, hole, settings)
    kept = keep_lines(seen.expected, drawing.strokes, photo.photo.size)
    lines = [line for line, is_kept in zip(seen.expected, kept, strict=True) if is_kept]
    ink = draw_lines(lines, drawing.strokes, photo.photo.size)
    if not ink.any():
        return Resolved(hole, LineChoice.NONE, None, seen, tuple(kept))
    paper = np.where(ink, np.uint8(0), np.uint8(255))[..., None]
    return Resolved(hole, LineChoice.DRAWN, Photo(paper, name="drawn lines"), seen, tuple(kept))


def find_lines(photo: OpenPhoto, hole: NDArray[np.bool_], settings: Settings) -> LinesSeen:
    """Return the lines that a fill would follow if none were drawn. The fill itself is done without its slow parts."""
    options = settings.task(photo.own_lines).options
    size = settings.model.longest(options, photo.lines)
    quick = replace(options, size=size, painter=Painter.DIFFUSION, harmonise=False, texture=False, keep_steps=True)
    return lines_seen(settings.model.fill(photo.rgb, hole, quick, photo.lines))


def lines_seen(filling: Filling) -> LinesSeen:
    """Return the lines of a result that has its steps."""
    own, expected = [], []
    for patch, steps in zip(filling.patches, filling.steps, strict=True):
        if "edges" not in steps:
            continue
        edges = steps["edges"] > WALL
        inside = shrunk(steps["hole"], edges.shape) > 0
        own += [_placed(path, patch.box, edges.shape) for path in outlines(edges & ~inside)]
        expected += [_placed(path, patch.box, edges.shape) for path in trace_lines(edges & inside)]
    return LinesSeen(own, expected)


def fill(session: Session, index: int, drawing: Drawing, tell: Tell) -> None:
    """Fill a photo as drawn, and tell the page: `empty`; or `lines`, `painting` and `done`.

    Raises:
        InpaintError: it can't be done.
        DroppedError: nobody waits for it any more.
    """
    begin = time.perf_counter()
    photo, settings = session.open(index), session.settings
    wanted = resolve(photo, drawing, settings)
    if wanted is None:
        tell("empty")
        return
    if wanted.seen is not None:
        tell("lines", **_described(wanted.seen, wanted.kept))
    tell("painting")
    options = replace(settings.task(wanted.lines, drawing.seed).options, keep_steps=True)
    source = photo.lines if wanted.lines is LineChoice.OWN else None
    if wanted.sketch is not None:
        source = read_sketch(wanted.sketch, photo.photo.size)
    filling = settings.model.fill(photo.rgb, wanted.hole, options, source)
    tell("painted")
    followed = lines_seen(filling)
    if wanted.seen is None and drawing.lines:
        tell("lines", **_described(followed, (True,) * len(followed.expected)))
    result = cut_out(photo.photo, filling)
    tell(
        "done",
        result=session.keep(result),
        box=[result.box.left, result.box.top, result.box.width, result.box.height],
        outline=[_flat(path) for path in _outline(result)],
        windows=filling.windows,
        hole=filling.hole,
        lines=_lines_word(settings, wanted, source),
        count=len(followed.expected),
        drawn=sum(stroke.tool is Tool.PENCIL for stroke in drawing.strokes) if wanted.sketch is not None else 0,
        painter=_painter_word(settings),
        seconds=round(time.perf_counter() - begin, 3),
    )


def cut_out(photo: Photo, filling: Filling) -> Result:
    """Return the part of a photo that changes, painted; the photo stays as it is."""
    boxes = [patch.box for patch in filling.patches]
    box = boxes[0]
    for other in boxes[1:]:
        box = box.union(other)
    pixels = photo.pixels[box.slices].copy()
    covered = np.zeros(pixels.shape[:2], np.bool_)
    moved = []
    for patch in filling.patches:
        top, left = patch.box.top - box.top, patch.box.left - box.left
        place = Box(top, left, top + patch.box.height, left + patch.box.width)
        covered[place.slices] |= patch.cover > 0
        moved.append(replace(patch, box=place))
    replace(filling, patches=moved).apply(pixels)
    seen = bounding_box(covered)
    place = Box(box.top + seen.top, box.left + seen.left, box.top + seen.bottom, box.left + seen.right)
    return Result(photo, place, pixels[seen.slices], covered[seen.slices])


def _outline(result: Result) -> list[Points]:
    """Return the border of what was painted, no finer than the page shows it."""
    height, width = result.covered.shape
    scale = preview_scale(result.photo.size)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = shrunk(result.covered.astype(np.float32), size) > 0
    return [_placed(path, result.box, size) for path in outlines(small)]


def _placed(path: Points, box: Box, size: tuple[int, ...]) -> Points:
    """Return a path over a picture of a box at some size (H, W) as one over the photo."""
    return path * (box.width / size[1], box.height / size[0]) + (box.left, box.top)


def _described(seen: LinesSeen, kept: tuple[bool, ...]) -> dict[str, object]:
    expected = [{"points": _flat(line), "kept": is_kept} for line, is_kept in zip(seen.expected, kept, strict=True)]
    return {"own": [_flat(line) for line in seen.own], "expected": expected}


def _flat(path: Points) -> list[float]:
    flat: list[float] = np.round(path, 1).ravel().tolist()
    return flat


def _lines_word(settings: Settings, wanted: Resolved, source: EdgeSource | None) -> str:
    """Return where the lines came from: `drawn`, `given`, or one of `options.Lines`."""
    options = settings.options
    if wanted.lines is LineChoice.NONE or options.method is not Method.EDGECONNECT:
        return str(Lines.NONE)
    if source is not None:
        return "drawn" if wanted.sketch is not None else "given"
    if options.lines is not Lines.AUTO:
        return str(options.lines)
    return str(Lines.G1) if options.plain else settings.model.model.config.lines


def _painter_word(settings: Settings) -> str:
    """Return what painted: one of `options.Method` or `options.Painter`."""
    options = settings.options
    if options.method is not Method.EDGECONNECT:
        return str(options.method)
    if options.painter is not Painter.AUTO:
        return str(options.painter)
    return str(Painter.G2) if options.plain else settings.model.model.config.painter
