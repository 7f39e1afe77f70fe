"""From a drawing to a result: strokes become mask and lines, the pipeline fills, progress goes to the page."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.crops import Crop
from inpaint_cli.draw.drawing import Drawing
from inpaint_cli.draw.pictures import preview_scale
from inpaint_cli.draw.session import LineChoice, OpenPhoto, Result, Session, Settings
from inpaint_cli.errors import MaskError
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.resampling import resize_area
from inpaint_cli.imaging.strokes import MASK_TOOLS, Tool, draw_lines, keep_lines, paint_mask
from inpaint_cli.imaging.tracing import outlines, trace_lines
from inpaint_cli.imaging.windows import Box, bounding_box
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.sketches import EdgeSource, read_sketch
from inpaint_cli.options import FillOptions, Lines, Method
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.results import InpaintResult

Points = NDArray[np.float64]
Tell = Callable[..., None]


@dataclass(frozen=True)
class LinesSeen:
    """The edges around and in the holes as the tool sees them, as paths over the photo, N×2 (x, y) each.

    Attributes:
        own: the photo's edges around the holes.
        expected: the lines in the holes, in pieces between their ends and junctions.
        count: how many lines these are.
    """

    own: list[Points]
    expected: list[Points]
    count: int


@dataclass(frozen=True, eq=False)
class Resolved:
    """A drawing as the inputs of `inpaint remove`.

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

    def digest(self, index: int, seed: int | None) -> bytes:
        """Return a digest that identifies this fill within the session.

        Args:
            index: of the photo.
            seed: of the fill.
        """
        told = hashlib.sha256(f"{index} {seed} {self.lines}".encode())
        told.update(np.packbits(self.hole).tobytes())
        if self.sketch is not None:
            told.update(np.packbits(self.sketch.pixels > 0).tobytes())
        return told.digest()


def resolve(photo: OpenPhoto, drawing: Drawing, settings: Settings) -> Resolved | None:
    """Return a drawing's inputs for the pipeline; None if nothing is to be filled.

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
    own = settings.task(photo.own_lines).options
    seen = lines_seen(settings.model.find_edges(photo.rgb, hole, own, photo.lines))
    kept = keep_lines(seen.expected, drawing.strokes, photo.photo.size)
    lines = [line for line, is_kept in zip(seen.expected, kept, strict=True) if is_kept]
    ink = draw_lines(lines, drawing.strokes, photo.photo.size)
    if not ink.any():
        return Resolved(hole, LineChoice.NONE, None, seen, tuple(kept))
    paper = np.where(ink, np.uint8(0), np.uint8(255))[..., None]
    return Resolved(hole, LineChoice.DRAWN, Photo(paper, name="drawn lines"), seen, tuple(kept))


def lines_seen(crops: Sequence[Crop]) -> LinesSeen:
    """Return the lines of crops that have edges."""
    own, expected, count = [], [], 0
    for crop in crops:
        if crop.edges is None:
            continue
        edges, box = crop.edges > EDGE_THRESHOLD, crop.window.box
        own += [_placed(path, box, edges.shape) for path in outlines(edges & ~crop.small_hole)]
        expected += [_placed(path, box, edges.shape) for path in trace_lines(edges & crop.small_hole)]
        count += cv2.connectedComponents((edges & crop.small_hole).astype(np.uint8))[0] - 1  # the rest counts as one
    return LinesSeen(own, expected, count)


def fill(session: Session, index: int, drawing: Drawing, tell: Tell) -> None:
    """Fill a photo as drawn, and tell the page: `empty`; or `lines`, `painting`, `finishing`, and `done`.

    Raises:
        InpaintError: it can't be done.
        DroppedError: nobody waits for it any more; raised before the next stage.
    """
    begin = time.perf_counter()
    photo, settings = session.open(index), session.settings
    wanted = resolve(photo, drawing, settings)
    if wanted is None:
        tell("empty")
        return
    if wanted.seen is not None:
        tell("lines", **_described(wanted.seen, wanted.kept))
    options, source = settings.task(wanted.lines, drawing.seed).options, None
    if wanted.sketch is not None:
        source = read_sketch(wanted.sketch, photo.photo.size)
    elif wanted.lines is LineChoice.OWN:
        source = photo.lines
    followed = LinesSeen([], [], 0)
    if options.method is Method.EDGECONNECT:
        crops = settings.model.find_edges(photo.rgb, wanted.hole, options, source)
        followed = lines_seen(crops)
        if wanted.seen is None and drawing.lines:
            tell("lines", **_described(followed, (True,) * len(followed.expected)))
        painted = _paint(settings.model, crops, options, tell)
        result = settings.model.result(painted, float(wanted.hole.mean()), options)
    else:
        tell("painting")
        result = settings.model.fill(photo.rgb, wanted.hole, options)
    changed = cut_out(photo.photo, result)
    tell(
        "done",
        result=session.keep(wanted.digest(index, drawing.seed), changed),
        box=[changed.box.left, changed.box.top, changed.box.width, changed.box.height],
        outline=[_flat(path) for path in _outline(changed)],
        windows=result.windows,
        hole=result.hole,
        lines=_lines_word(settings, wanted, source),
        count=followed.count,
        kept=sum(wanted.kept),
        drawn=sum(stroke.tool is Tool.PENCIL for stroke in drawing.strokes) if wanted.sketch is not None else 0,
        painter=result.painter or str(options.method),
        seconds=round(time.perf_counter() - begin, 3),
    )


def _paint(model: EdgeConnect, crops: Sequence[Crop], options: FillOptions, tell: Tell) -> list[Crop]:
    """Run the stages after the edges; report each to the page first, which ends work that nobody waits for."""
    tell("painting")
    finished: list[Crop] = []
    for crop in model.paint(crops, options):
        tell("finishing", window=len(finished) + 1, windows=len(crops))
        finished += model.finish([crop], options)
    return finished


def cut_out(photo: Photo, result: InpaintResult) -> Result:
    """Return the part of a photo that changes, painted; the photo stays as it is."""
    box = result.crops[0].box
    for crop in result.crops[1:]:
        box = box.union(crop.box)
    pixels = photo.pixels[box.slices].copy()
    covered = np.zeros(pixels.shape[:2], np.bool_)
    moved = []
    for crop in result.crops:
        top, left = crop.box.top - box.top, crop.box.left - box.left
        place = Box(top, left, top + crop.box.height, left + crop.box.width)
        covered[place.slices] |= crop.blend_weight > 0
        moved.append(replace(crop, box=place))
    replace(result, crops=moved).apply(pixels)
    seen = bounding_box(covered)
    place = Box(box.top + seen.top, box.left + seen.left, box.top + seen.bottom, box.left + seen.right)
    return Result(photo, place, pixels[seen.slices], covered[seen.slices])


def _outline(result: Result) -> list[Points]:
    """Return the border of what was painted, at the resolution of the preview."""
    height, width = result.covered.shape
    scale = preview_scale(result.photo.size)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = resize_area(result.covered.astype(np.float32), size) > 0
    return [_placed(path, result.box, size) for path in outlines(small)]


def _placed(path: Points, box: Box, size: tuple[int, ...]) -> Points:
    """Return a path in pixels of a box resized to (H, W) as a path in pixels of the photo."""
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
