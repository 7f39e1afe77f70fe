"""`inpaint edges`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from inpaint_cli.batch.job import Job, Request, parse_shard
from inpaint_cli.cli import fill, shared
from inpaint_cli.cli.option_checks import warn_unused, warn_unused_without_mask
from inpaint_cli.cli.runs import ModelChoice, RunChoice, planned
from inpaint_cli.io.boxes import parse_box
from inpaint_cli.io.locations import locate
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, Dtype, FillOptions, Lines, Painter

if TYPE_CHECKING:
    from inpaint_cli.batch.attempt import Result
    from inpaint_cli.pipeline import EdgeConnect

EdgesPlain = Annotated[
    bool, typer.Option("--plain", help="The network on the whole photo at its own size, as papers measure: no windows.")
]


def edges(
    images: shared.Images = None,
    mask: fill.Masks = None,
    box: fill.Boxes = None,
    mask_alpha: fill.MaskAlpha = False,
    invert_mask: fill.InvertMask = False,
    grow: fill.Grow = "0",
    lines: fill.LinesOption = Lines.AUTO,
    sigma: fill.Sigma = None,
    size: fill.Size = None,
    context: fill.Context = FillOptions.context,
    plain: EdgesPlain = False,
    output: shared.Output = None,
    overwrite: shared.Overwrite = False,
    skip_existing: shared.SkipExisting = False,
    manifest: shared.Manifest = None,
    shard: shared.Shard = None,
    ray: shared.Ray = None,
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
    """Write the edge map of a photo, light on dark: Canny's edges, and with a mask the lines expected in the hole.

    The map is a sketch: draw on it and give it to `--edges`; for `remove`, make it with `--grow auto`.
    Unchanged it gives the picture of the tool's own lines, if mask, --grow, --size and --context are the same.
    """
    options = FillOptions(
        lines=lines, sigma=sigma, size=size, context=context, grow=fill.parse_grow(grow), plain=plain, seed=seed
    )
    request = Request(
        images=tuple(images or ()),
        manifest=None if manifest is None else locate(manifest),
        masks=tuple(map(locate, mask or ())),
        output=output,
        ending="-edges",
        suffix=".png",
        shard=parse_shard(shard),
        skip_existing=skip_existing,
    )
    model = ModelChoice(weights, weights_file, device, dtype, threads, backend, Painter.HARMONIC)
    boxes = tuple(parse_box(text) for text in box or [])

    def make(model: "EdgeConnect", stdout: BinaryIO | None) -> "Callable[[Job], Result]":
        from inpaint_cli.batch import tasks  # noqa: PLC0415 - numpy and all the rest: not before the options make sense
        from inpaint_cli.io.masks import MaskOptions  # noqa: PLC0415

        masks = MaskOptions(invert_mask, mask_alpha, boxes)
        return tasks.EdgesTask(model, options, masks, tasks.OutputWriter(overwrite, stdout))

    choice = RunChoice(overwrite, skip_existing, json, quiet, debug, dry_run, report, ray)
    with planned(request, choice) as run:
        warn_unused(options)
        if not (mask or box or mask_alpha or manifest):
            warn_unused_without_mask(options, invert_mask=invert_mask)
        return run.start(model, make)
