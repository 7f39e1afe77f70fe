"""`inpaint remove` and `inpaint inpaint`: one command with two sets of defaults."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from inpaint_cli.batch.job import NO_EDGES, Job, Request, parse_shard
from inpaint_cli.cli import shared
from inpaint_cli.cli.option_checks import NO_LINES, warn_unused, warn_without_patches
from inpaint_cli.cli.runs import ModelChoice, RunChoice, planned
from inpaint_cli.errors import UsageError
from inpaint_cli.io.boxes import parse_box
from inpaint_cli.io.locations import Location, locate
from inpaint_cli.options import (
    DEFAULT_WEIGHTS,
    LARGEST_OBJECT,
    MULTIPLE,
    OLD_HARMONIC,
    Backend,
    Dtype,
    EdgesMode,
    FillOptions,
    Ink,
    Lines,
    Method,
    Painter,
)

if TYPE_CHECKING:
    from inpaint_cli.batch.attempt import Result
    from inpaint_cli.pipeline import EdgeConnect

logger = logging.getLogger(__name__)

AUTO = "auto"  # the word that --grow takes instead of a number

_MASK, _LINES, _FILL = "Advanced: mask", "Advanced: lines", "Advanced: filling"


@dataclass(frozen=True)
class Preset:
    """What tells one command from the other.

    Attributes:
        help: the text of `--help`.
        grow: by how much the mask is grown, as `--grow` takes it.
        largest: share of the photo that may be missing without `--large-hole`. An object fills no more than half of a
            photo; damage may be more. What was seen of wrong masks took four fifths and up.
    """

    help: str
    grow: str
    largest: float


REMOVE = Preset(
    """Take an object out of a photo: the mask may be drawn loosely, it is grown a little and its rim blended.

    inpaint remove photo.jpg --mask mask.png

    inpaint remove photo.jpg --box 1350,780,90,180 -o clean.png

    inpaint remove photo.jpg --mask mask.png --edges sketch.png --compare

    inpaint remove photos --mask masks -o 'cleaned/{stem}{ext}' --skip-existing""",
    grow=AUTO,
    largest=LARGEST_OBJECT,
)
INPAINT = Preset(
    """Fill a hole in a photo, to the pixel of its mask; follow a sketch of edges if one is given.

    inpaint inpaint scan.tif --mask scratches.png -o repaired.tif

    inpaint inpaint photo.png --mask-alpha -o filled.png

    inpaint inpaint photo.jpg --mask mask.png --edges sketch.png""",
    grow="0",
    largest=0.75,
)

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
        help="Take the edges of another photo of the same shape, the undamaged one say.",
    ),
]
EdgesModeOption = Annotated[
    EdgesMode,
    typer.Option(
        "--edges-mode",
        rich_help_panel=_LINES,
        help="Let the sketch replace the lines that --lines stands for, or be added to them.",
    ),
]
InkOption = Annotated[
    Ink,
    typer.Option("--ink", rich_help_panel=_LINES, help="Which are the strokes of the sketch: the dark or the light."),
]
LinesOption = Annotated[
    Lines,
    typer.Option(
        "--lines",
        rich_help_panel=_LINES,
        help="Where lines come from without a sketch: g1, the network, which judges how the photo's edges go on; "
        "continue, their continuation alone; or none. auto takes what was measured to be best for the model.",
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
    str,
    typer.Option(
        "--grow",
        metavar="PIXELS|auto",
        help="Grow the mask by this much; auto: by a share of the object's size (4 %).",
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
    """Return a working size that the networks can take.

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
        help="A mask of what must not be copied into the hole: another object, say. It is read as --mask is; several "
        "are united, and a folder holds one for each image.",
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
        "because such a mask is mostly a mistake.",
    ),
]
Feather = Annotated[
    int | None,
    typer.Option(
        "--feather",
        metavar="PIXELS",
        min=0,
        rich_help_panel=_MASK,
        help="Blend this much of the grown rim with the photo. Not given: the outer half of it.",
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
        help="What paints along the lines: the network G2, or the harmonic fill, which spreads the colours of the rim "
        "into the hole and needs no network; "
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
        help="How much the painting steers the search for patches of texture, 0 for not at all. "
        "The model's own if not given; 0.05 is a hint, 1 is obeyed.",
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
        "has more to copy from.",
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
        help="The two networks alone on the whole photo at its own size, as papers measure: no window, growth, "
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


def command(preset: Preset) -> Callable[..., int]:
    """Return the command with these defaults, ready to be registered."""

    def fill(
        images: shared.Images = None,
        mask: Masks = None,
        box: Boxes = None,
        mask_alpha: MaskAlpha = False,
        invert_mask: InvertMask = False,
        large_hole: LargeHole = False,
        grow: Grow = preset.grow,
        feather: Feather = None,
        edges: Edges = None,
        edges_from: EdgesFrom = None,
        edges_mode: EdgesModeOption = EdgesMode.REPLACE,
        ink: InkOption = Ink.AUTO,
        lines: LinesOption = Lines.AUTO,
        sigma: Sigma = None,
        method: MethodOption = Method.EDGECONNECT,
        painter: PainterOption = Painter.AUTO,
        guide: Guide = None,
        size: Size = None,
        context: Context = FillOptions.context,
        not_from: NotFrom = None,
        no_harmonise: NoHarmonise = False,
        no_texture: NoTexture = False,
        plain: Plain = False,
        output: shared.Output = None,
        overwrite: shared.Overwrite = False,
        skip_existing: shared.SkipExisting = False,
        manifest: shared.Manifest = None,
        shard: shared.Shard = None,
        ray: shared.Ray = None,
        compare: Compare = False,
        save_steps: SaveSteps = None,
        weights: shared.Weights = DEFAULT_WEIGHTS,
        weights_file: shared.WeightsFile = None,
        device: shared.Device = "auto",
        dtype: shared.Dtype = Dtype.AUTO,
        backend: shared.Backend = Backend.AUTO,
        threads: shared.Threads = None,
        seed: shared.Seed = 0,
        json: shared.Json = False,
        report: shared.Report = None,
        dry_run: shared.DryRun = False,
        quiet: shared.Quiet = False,
        verbose: shared.Verbose = False,
        debug: shared.Debug = False,
    ) -> int:
        if edges is not None and edges_from is not None:
            raise UsageError("--edges and --edges-from both say where the lines come from; give one")
        options = FillOptions(
            method=method,
            lines=lines,
            painter=painter,
            sigma=sigma,
            edges_mode=edges_mode,
            ink=ink,
            size=size,
            context=context,
            grow=parse_grow(grow),
            feather=feather,
            harmonise=not no_harmonise,
            texture=not no_texture,
            guide=guide,
            plain=plain,
            keep_steps=compare or save_steps is not None,
            seed=seed,
        )
        sketch, reference = _located(edges), _located(edges_from)
        request = Request(
            images=tuple(images or ()),
            manifest=_located(manifest),
            masks=tuple(map(locate, mask or ())),
            edges=sketch,
            not_from=tuple(map(locate, not_from or ())),
            also_read=() if reference is None else (reference,),
            output=output,
            shard=parse_shard(shard),
            compare=compare,
            steps=_located(save_steps),
            skip_existing=skip_existing,
        )
        model = ModelChoice(weights, weights_file, device, dtype, threads, backend, Painter.G2 if plain else painter)
        boxes = tuple(parse_box(text) for text in box or [])

        def make(model: "EdgeConnect", stdout: BinaryIO | None) -> "Callable[[Job], Result]":
            from inpaint_cli.batch import tasks  # noqa: PLC0415 - numpy and all the rest: not before the options make sense
            from inpaint_cli.io.masks import MaskOptions  # noqa: PLC0415

            masks = MaskOptions(invert_mask, mask_alpha, boxes, 1.0 if large_hole else preset.largest)
            return tasks.FillTask(model, options, masks, tasks.OutputWriter(overwrite, stdout), reference)

        choice = RunChoice(overwrite, skip_existing, json, quiet, debug, dry_run, report, ray)
        with planned(request, choice) as run:
            if not (mask or box or mask_alpha or manifest):
                raise UsageError("no mask; give --mask FILE, --box X,Y,W,H, or --mask-alpha for what was erased")
            sources = [NO_LINES if sketch == NO_EDGES else "--edges"] if sketch is not None else []
            sources += ["--edges-from"] if reference is not None else []
            warn_unused(options, parse_grow(preset.grow), sources if sources or not manifest else None)
            if not_from:
                warn_without_patches(options)
            return run.start(model, make)

    fill.__doc__ = preset.help
    return fill


remove = command(REMOVE)
inpaint = command(INPAINT)


def _located(text: str | None) -> Location | None:
    return None if text is None else locate(text)
