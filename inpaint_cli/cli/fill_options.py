"""Options about holes and how they are filled, shared by `remove`, `inpaint`, `draw`, `edges` and `synth-edges`."""

import logging
import math
from typing import Annotated

import typer

from inpaint_cli.cli import shared
from inpaint_cli.errors import UsageError
from inpaint_cli.options import MULTIPLE, OLD_HARMONIC, EdgesMode, Ink, Lines, Method, Painter

logger = logging.getLogger(__name__)

AUTO = "auto"  # the value of --grow that is no number

_MASK, _LINES, _FILL = "Advanced: mask", "Advanced: lines", "Advanced: filling"

Edges = Annotated[
    str | None,
    typer.Option(
        "--edges",
        metavar="FILE|none",
        help="A sketch of the lines inside the hole: dark on light, light on dark, or strokes on a transparent layer. "
        "With several images, a folder of sketches with their names. `none` paints without lines.",
    ),
]
EdgesFrom = Annotated[
    str | None,
    typer.Option(
        "--edges-from",
        metavar="PHOTO",
        rich_help_panel=_LINES,
        help="Take the edges of another photo of the same shape, for example the undamaged one.",
    ),
]
EdgesModeOption = Annotated[
    EdgesMode,
    typer.Option(
        "--edges-mode",
        rich_help_panel=_LINES,
        help="Whether the sketch replaces the lines that --lines finds or is added to them.",
    ),
]
InkOption = Annotated[
    Ink,
    typer.Option("--ink", rich_help_panel=_LINES, help="Which shade of the sketch is the stroke."),
]
LinesOption = Annotated[
    Lines,
    typer.Option(
        "--lines",
        rich_help_panel=_LINES,
        help="Where lines come from without a sketch: g1, continuations of the photo's edges judged by the network; "
        "continue, the continuations alone; or none. auto takes what was measured to be best for the model.",
    ),
]
Sigma = Annotated[
    float | None,
    typer.Option(
        "--sigma",
        metavar="PIXELS",
        min=0.1,
        max=20,
        rich_help_panel=_LINES,
        help="Canny's smoothing (standard deviation) in pixels of the working size; a larger one finds fewer edges. "
        "The model's own (2) if not given.",
    ),
]
Grow = Annotated[
    str,
    typer.Option(
        "--grow",
        metavar="PIXELS|auto",
        help="Grow the mask by this much; auto: by 4 % of the object's size; text and scratches by at most a quarter "
        "of their width.",
    ),
]


def parse_grow(text: str) -> int | None:
    """Return the growth that `--grow` names, in pixels of the photo, None for `auto`.

    Raises:
        UsageError: not a whole number from 0 up.
    """
    if text != AUTO and not (text.isdecimal() and len(text) < 10):
        raise UsageError(f"--grow {text}: a whole number of pixels from 0 up, or {AUTO}")
    return None if text == AUTO else int(text)


def check_size(size: int | None) -> int | None:
    """Return the working size if the networks can use it.

    Raises:
        UsageError: not a multiple of 4, or too small to show anything.
    """
    if size is not None and (size < 16 or size % MULTIPLE):
        raise UsageError(f"--size {size}: a multiple of {MULTIPLE}, at least 16")
    return size


def _check_guide(weight: float | None) -> float | None:
    if weight is not None and not math.isfinite(weight):
        raise UsageError(f"--guide {weight}: a finite number from 0 up")
    return weight


Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        metavar="PIXELS",
        callback=check_size,
        rich_help_panel=_FILL,
        help="The working size: the longest side at which a window is painted, a multiple of 4. Not given: 256 for "
        "guessed lines, 512 for drawn ones, 384 for those of another photo, for a network twice what it was trained "
        "on, at most 512.",
    ),
]
Masks = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="FILE|DIR",
        help="White marks what is missing; so does any colour on black or on transparency, and what was painted over "
        "in a copy of the image. Several masks are united; a folder holds one for each image (x.jpg: x.png, x_mask.png "
        "or x-mask.png).",
    ),
]
NotFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--not-from",
        metavar="FILE|DIR",
        rich_help_panel=_FILL,
        help="A mask of what must not be copied into the hole: for example another object. It is read as --mask is; "
        "several are united, and a folder holds one for each image.",
    ),
]
Boxes = Annotated[
    list[str] | None,
    typer.Option(
        "--box",
        metavar="X,Y,W,H",
        help="A rectangle to fill, in pixels; may be given several times.",
    ),
]
MaskAlpha = Annotated[
    bool,
    typer.Option(
        "--mask-alpha",
        rich_help_panel=_MASK,
        help="The erased (transparent) part of the mask file is the hole; without --mask, that of the image itself.",
    ),
]
InvertMask = Annotated[bool, typer.Option("--invert-mask", rich_help_panel=_MASK, help="Black marks what is missing.")]
LargeHole = Annotated[
    bool,
    typer.Option(
        "--large-hole",
        rich_help_panel=_MASK,
        help="Fill it even if most of the photo is missing (remove: over 50 %, inpaint: over 75 %), which is refused "
        "because such a mask is usually a mistake.",
    ),
]
Feather = Annotated[
    int | None,
    typer.Option(
        "--feather",
        metavar="PIXELS",
        min=0,
        rich_help_panel=_MASK,
        help="Blend this much of the dilated rim with the photo. Not given: the outer half of it.",
    ),
]


def parse_painter(text: str) -> Painter:
    """Return the painter that `--painter` names; the old word for `harmonic` is accepted with a warning.

    Raises:
        UsageError: it names none.
    """
    if text == OLD_HARMONIC:
        logger.warning("--painter %s is called %s now", OLD_HARMONIC, Painter.HARMONIC)
        return Painter.HARMONIC
    if text not in set(Painter):
        raise UsageError(f"--painter {text}: one of {', '.join(Painter)}")
    return Painter(text)


PainterOption = Annotated[
    Painter,
    typer.Option(
        "--painter",
        parser=parse_painter,
        metavar="|".join(Painter),
        rich_help_panel=_FILL,
        help="What paints along the lines: the network G2; the harmonic fill, which spreads the colours of the rim "
        "into the hole and needs no network; or the mean of both; "
        "auto takes what was measured to be best for the model.",
    ),
]
MethodOption = Annotated[
    Method,
    typer.Option("--method", rich_help_panel=_FILL, help="EdgeConnect, or a classical fill without lines or network."),
]
Guide = Annotated[
    float | None,
    typer.Option(
        "--guide",
        metavar="WEIGHT",
        min=0,
        rich_help_panel=_FILL,
        callback=_check_guide,
        help="How much the painting steers the search for patches of texture, 0 for not at all; along drawn lines at "
        "least 0.01. The model's own if not given; 0.05 is a weak guide, 1 a strong one.",
    ),
]
Context = Annotated[
    float,
    typer.Option(
        "--context",
        metavar="SHARE",
        min=0.1,
        max=10,
        rich_help_panel=_FILL,
        help="What a window shows around its hole on each side, as a share of the hole's extent: less is faster, more "
        "gives more to copy from.",
    ),
]
NoTexture = Annotated[
    bool, typer.Option("--no-texture", rich_help_panel=_FILL, help="Leave the painting without the photo's texture.")
]
NoHarmonise = Annotated[
    bool, typer.Option("--no-harmonise", rich_help_panel=_FILL, help="Do not match the painting's border to the photo.")
]
Plain = Annotated[
    bool,
    typer.Option(
        "--plain",
        rich_help_panel=_FILL,
        help="The two networks alone on the whole photo at its own size, as in the paper: no window, growth, "
        "harmonising or texture.",
    ),
]
Compare = Annotated[
    bool,
    typer.Option("--compare", help="Also write NAME-compare.png: input, hole, edges, result."),
]
SaveSteps = Annotated[
    str | None,
    typer.Option(
        "--save-steps",
        metavar="DIR",
        rich_help_panel=shared.FILES,
        help="Write every intermediate picture there; with several photos, in a folder for each.",
    ),
]
