"""`inpaint synth-edges`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from inpaint_cli.batch.job import Job, Request
from inpaint_cli.cli import fill_options, shared
from inpaint_cli.cli.option_checks import warn_unused
from inpaint_cli.cli.runs import ModelChoice, RunChoice, planned
from inpaint_cli.errors import UsageError
from inpaint_cli.io.formats import output_suffix, stem_of
from inpaint_cli.io.locations import locate
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, Dtype, FillOptions, Painter, Side

if TYPE_CHECKING:
    from inpaint_cli.batch.attempt import Result
    from inpaint_cli.pipeline import EdgeConnect

Photo = Annotated[str, typer.Argument(metavar="A", help="The photo that gives one half of the edges and the colours.")]
Other = Annotated[
    str, typer.Argument(metavar="B", help="The photo of the same shape that gives the other half of the edges.")
]
SideOption = Annotated[Side, typer.Option("--side", help="The half of A that is repainted along B's edges.")]
ImageOut = Annotated[
    str | None,
    typer.Option(
        "--image-out", metavar="OUT", rich_help_panel=shared.FILES, help="The picture. Not given: A-joined beside A."
    ),
]


def synth_edges(
    photo: Photo,
    other: Other,
    side: SideOption = Side.RIGHT,
    sigma: fill_options.Sigma = None,
    size: fill_options.Size = None,
    painter: fill_options.PainterOption = Painter.AUTO,
    guide: fill_options.Guide = None,
    no_harmonise: fill_options.NoHarmonise = False,
    no_texture: fill_options.NoTexture = False,
    plain: fill_options.Plain = False,
    output: shared.Output = None,
    image_out: ImageOut = None,
    overwrite: shared.Overwrite = False,
    weights: shared.Weights = DEFAULT_WEIGHTS,
    weights_file: shared.WeightsFile = None,
    device: shared.Device = "auto",
    dtype: shared.Dtype = Dtype.AUTO,
    backend: shared.Backend = Backend.AUTO,
    threads: shared.Threads = None,
    seed: shared.Seed = 0,
    json: shared.Json = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    debug: shared.Debug = False,
) -> int:
    """Join A's edges with B's, and paint one half of A along B's edges in A's colours (the paper's figure 10).

    B's edges are moved and bent so that those of both halves meet. Writes the joined edge map (-o) and the picture
    (--image-out).
    """
    options = FillOptions(
        sigma=sigma,
        size=size,
        painter=painter,
        guide=guide,
        harmonise=not no_harmonise,
        texture=not no_texture,
        plain=plain,
        seed=seed,
    )
    model = ModelChoice(weights, weights_file, device, dtype, threads, backend, Painter.G2 if plain else painter)
    first, second = locate(photo), locate(other)
    if first.is_dir():
        raise UsageError(f"{photo}: is a folder, not a picture")
    beside = first.with_name(f"{stem_of(first)}-joined{output_suffix(first)}")
    target = beside if image_out is None else locate(image_out)
    request = Request(
        images=(photo,),
        also_read=(second,),
        output=output,
        ending="-joined-edges",
        suffix=".png",
        picture=target,
    )

    def make(model: "EdgeConnect", stdout: BinaryIO | None) -> "Callable[[Job], Result]":
        from inpaint_cli.batch import output_writer, tasks  # noqa: PLC0415 - numpy, not before the options make sense

        outputs = output_writer.OutputWriter(overwrite, stdout)
        return tasks.SynthesisTask(model, options, outputs, second, side)

    with planned(request, RunChoice(overwrite=overwrite, json=json, quiet=quiet, debug=debug)) as run:
        warn_unused(options)
        return run.start(model, make)
