"""`inpaint train`: its options are the fields of `training.run_options.TrainOptions`, where each is described."""

import dataclasses
import inspect
import typing
from pathlib import Path
from typing import Annotated, Any

import typer

from inpaint_cli.cli import shared
from inpaint_cli.cli.limits import WITH_TORCH, check_memory
from inpaint_cli.errors import UsageError
from inpaint_cli.training.conflicts import check_options
from inpaint_cli.training.option_values import Stage
from inpaint_cli.training.run_options import CONFIG, Option, TrainOptions

THREADS = 1  # torch's default here: on a busy machine several threads would wait for each other


def train(context: typer.Context, **given: Any) -> None:
    """Train G1, G2 or both on a folder of photos; `inpaint weights export RUN` makes a model of the run.

    A run can be stopped (Ctrl-C) or killed at any moment, and goes on with --resume.
    --recipe paper uses the paper's losses and weights; options that the paper does not have say so.
    Several GPUs or machines: accelerate launch -m inpaint_cli train ...
    """
    resume, quiet = given["resume"], given["quiet"]
    fields = {field.name for field in dataclasses.fields(TrainOptions)}
    options = {name: value for name, value in given.items() if name in fields and _is_given(context, name)}
    if "size" in options:
        options["size"] = tuple(options["size"])
    if not resume and "data" not in options:
        raise UsageError("--data is missing: a folder of photos to learn from")
    read = TrainOptions.read(given["out"] / CONFIG, **options) if resume else TrainOptions.of(**options)
    check_options(read)
    check_memory(WITH_TORCH)
    if not quiet:  # torch, the photos and the first steps take their time
        what = {
            Stage.EDGE: "G1",
            Stage.INPAINT: "G2",
            Stage.JOINT: "G1 and G2",
            Stage.RIVAL: f"a rival, {read.rival}",
        }[read.stage]
        typer.echo(f"inpaint: training {what} on {read.data}, to step {read.steps}; the run is {read.out}", err=True)

    import torch  # noqa: PLC0415

    from inpaint_cli.training.loop import train as run  # noqa: PLC0415

    torch.set_num_threads(given["threads"] or THREADS)
    run(read, resume=resume, quiet=quiet)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        rich_help_panel="The run",
        help="Resume the run in --out with its options; options given now replace them.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        callback=shared.check_threads,
        rich_help_panel="Speed",
        help="Processor threads to train with. More than 1 is faster only on an otherwise idle machine.",
        show_default=str(THREADS),
    ),
]


def _parameters() -> list[inspect.Parameter]:
    """Return the command's parameters: one for each field of `TrainOptions`, and those that are no field."""
    kinds = typing.get_type_hints(TrainOptions, include_extras=True)
    annotations: dict[str, tuple[Any, Any]] = {}
    for field in dataclasses.fields(TrainOptions):
        kind, *extras = typing.get_args(kinds[field.name]) or (kinds[field.name],)
        option = next((extra for extra in extras if isinstance(extra, Option)), None)
        default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        if option is not None:
            annotations[field.name] = (_annotated(field.name, kind, option), default)
    annotations["data"] = (annotations["data"][0], None)  # a resumed run has it
    annotations = {"out": annotations.pop("out"), **annotations}  # first in --help too
    annotations |= {
        "resume": (Resume, False),
        "device": (shared.Device, TrainOptions.device),
        "threads": (Threads, None),
        "seed": (shared.Seed, TrainOptions.seed),
        "quiet": (shared.Quiet, False),
        "verbose": (shared.Verbose, False),
        "debug": (shared.Debug, False),
    }
    return [
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in annotations.items()
        ),
    ]


def _annotated(name: str, kind: Any, option: Option) -> Any:
    """Return a field's type as Typer takes it."""
    if typing.get_origin(kind) is tuple:
        kind = list[int]
    if name == "data":
        kind = Path | None
    flag = option.name or "--" + name.replace("_", "-")
    if kind is bool and option.name is None:
        flag = f"{flag}/--no-{flag.removeprefix('--')}"
    info = typer.Option(
        flag,
        metavar=option.metavar,
        min=option.min,
        max=option.max,
        rich_help_panel=option.panel,
        help=option.help,
    )
    return Annotated[kind, info]


train.__signature__ = inspect.Signature(_parameters())  # type: ignore[attr-defined]
train.__annotations__ = {p.name: p.annotation for p in _parameters()} | {"return": None}
