"""`inpaint remove` and `inpaint inpaint`: one command with two sets of defaults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from inpaint_cli.batch.job import NO_EDGES, Job, Request, parse_shard
from inpaint_cli.cli import fill_options, shared
from inpaint_cli.cli.option_checks import NO_LINES, warn_unused, warn_without_patches
from inpaint_cli.cli.runs import ModelChoice, RunChoice, planned
from inpaint_cli.errors import UsageError
from inpaint_cli.io.boxes import parse_box
from inpaint_cli.io.locations import Location, locate
from inpaint_cli.options import (
    DEFAULT_WEIGHTS,
    LARGEST_OBJECT,
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


@dataclass(frozen=True)
class Preset:
    """The differences between the two commands.

    Attributes:
        help: the text of `--help`.
        grow: by how much the mask is grown, as `--grow` takes it.
        largest: share of the photo that may be missing without `--large-hole`. An object fills no more than half of a
            photo; damage may cover more. Masks given by mistake were seen to cover four fifths and more.
    """

    help: str
    grow: str
    largest: float


REMOVE = Preset(
    """Take an object out of a photo: the mask may be drawn loosely; it is dilated a little and its rim blended.

    inpaint remove photo.jpg --mask mask.png

    inpaint remove photo.jpg --box 1350,780,90,180 -o clean.png

    inpaint remove photo.jpg --mask mask.png --edges sketch.png --compare

    inpaint remove photos --mask masks -o 'cleaned/{stem}{ext}' --skip-existing""",
    grow=fill_options.AUTO,
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


def command(preset: Preset) -> Callable[..., int]:
    """Return the command with these defaults, ready to be registered."""

    def fill(
        images: shared.Images = None,
        mask: fill_options.Masks = None,
        box: fill_options.Boxes = None,
        mask_alpha: fill_options.MaskAlpha = False,
        invert_mask: fill_options.InvertMask = False,
        large_hole: fill_options.LargeHole = False,
        grow: fill_options.Grow = preset.grow,
        feather: fill_options.Feather = None,
        edges: fill_options.Edges = None,
        edges_from: fill_options.EdgesFrom = None,
        edges_mode: fill_options.EdgesModeOption = EdgesMode.REPLACE,
        ink: fill_options.InkOption = Ink.AUTO,
        lines: fill_options.LinesOption = Lines.AUTO,
        sigma: fill_options.Sigma = None,
        method: fill_options.MethodOption = Method.EDGECONNECT,
        painter: fill_options.PainterOption = Painter.AUTO,
        guide: fill_options.Guide = None,
        size: fill_options.Size = None,
        context: fill_options.Context = FillOptions.context,
        not_from: fill_options.NotFrom = None,
        no_harmonise: fill_options.NoHarmonise = False,
        no_texture: fill_options.NoTexture = False,
        plain: fill_options.Plain = False,
        output: shared.Output = None,
        overwrite: shared.Overwrite = False,
        skip_existing: shared.SkipExisting = False,
        manifest: shared.Manifest = None,
        shard: shared.Shard = None,
        ray: shared.Ray = None,
        compare: fill_options.Compare = False,
        save_steps: fill_options.SaveSteps = None,
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
            grow=fill_options.parse_grow(grow),
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
            from inpaint_cli.batch import output_writer, tasks  # noqa: PLC0415 - numpy, not before the options make sense
            from inpaint_cli.io.masks import MaskOptions  # noqa: PLC0415

            masks = MaskOptions(invert_mask, mask_alpha, boxes, 1.0 if large_hole else preset.largest)
            return tasks.FillTask(model, options, masks, output_writer.OutputWriter(overwrite, stdout), reference)

        choice = RunChoice(overwrite, skip_existing, json, quiet, debug, dry_run, report, ray)
        with planned(request, choice) as run:
            if not (mask or box or mask_alpha or manifest):
                raise UsageError("no mask; give --mask FILE, --box X,Y,W,H, or --mask-alpha for what was erased")
            sources = [NO_LINES if sketch == NO_EDGES else "--edges"] if sketch is not None else []
            sources += ["--edges-from"] if reference is not None else []
            warn_unused(options, fill_options.parse_grow(preset.grow), sources if sources or not manifest else None)
            if not_from:
                warn_without_patches(options)
            return run.start(model, make)

    fill.__doc__ = preset.help
    return fill


remove = command(REMOVE)
inpaint = command(INPAINT)


def _located(text: str | None) -> Location | None:
    return None if text is None else locate(text)
