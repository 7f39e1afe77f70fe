"""`inpaint remove` and `inpaint inpaint`: one command with two sets of defaults."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from inpaint_cli.cli import shared
from inpaint_cli.errors import UsageError
from inpaint_cli.options import DEFAULT_WEIGHTS, EdgesMode, FillOptions, Ink, Lines, Method, Painter

NO_EDGES = "none"  # the word that --edges takes instead of a file

_MASK, _LINES, _FILL = "Mask", "Lines", "Filling"


@dataclass(frozen=True)
class Preset:
    """What tells one command from the other.

    Attributes:
        help: the text of `--help`.
        grow: by how much the mask is grown, in pixels of the photo; None takes a share of the object's size.
    """

    help: str
    grow: int | None


REMOVE = Preset(
    "Take an object out of a photo: the mask may be drawn loosely, it is grown a little and its rim blended.", grow=None
)
INPAINT = Preset("Fill a hole in a photo, to the pixel of its mask; follow a sketch of edges if one is given.", grow=0)

Edges = Annotated[
    str | None,
    typer.Option(
        "--edges",
        metavar="FILE|none",
        rich_help_panel=_LINES,
        help="A sketch of the lines inside the hole: dark on light, light on dark, or strokes on a transparent layer. "
        "With several images, a folder of sketches with their names. `none` paints without lines.",
    ),
]
EdgesFrom = Annotated[
    Path | None,
    typer.Option(
        "--edges-from",
        metavar="PHOTO",
        rich_help_panel=_LINES,
        help="Take the edges of another photo of the same shape, the undamaged one say.",
    ),
]
EdgesModeOption = Annotated[
    EdgesMode,
    typer.Option("--edges-mode", rich_help_panel=_LINES, help="Let the sketch replace the lines found, or add to them."),
]
InkOption = Annotated[
    Ink, typer.Option("--ink", rich_help_panel=_LINES, help="Which are the strokes of the sketch: the dark or the light.")
]
LinesOption = Annotated[
    Lines,
    typer.Option(
        "--lines",
        rich_help_panel=_LINES,
        help="Where lines come from without a sketch: the network G1, continuation of the photo's own edges, or none; "
        "auto takes what was measured to be best for the model.",
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
        help="Smoothing before Canny looks for edges, in pixels of the working size; larger finds fewer. "
        "The model's own (2) if not given.",
    ),
]
Grow = Annotated[
    int | None,
    typer.Option(
        "--grow",
        metavar="PIXELS",
        min=0,
        rich_help_panel=_MASK,
        help="Grow the mask by this much. Not given: a share of the object's size for `remove`, 0 for `inpaint`.",
    ),
]


def check_size(size: int | None) -> int | None:
    """Return a working size that the networks can take.

    Raises:
        UsageError: not a multiple of 4, or too small to show anything.
    """
    if size is not None and (size < 16 or size % 4):
        raise UsageError(f"--size {size}: a multiple of 4, at least 16")
    return size


Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        metavar="PIXELS",
        callback=check_size,
        rich_help_panel=_FILL,
        help="Longest side at which a window is painted, a multiple of 4. Not given: from the model, at most 512.",
    ),
]
