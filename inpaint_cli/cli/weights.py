"""`inpaint weights`: lists, shows, fetches, verifies, converts and exports models."""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from inpaint_cli.cli import shared
from inpaint_cli.errors import ExitCode, WeightsError
from inpaint_cli.training.run_options import CONFIG as RUN_CONFIG

logger = logging.getLogger(__name__)

weights = typer.Typer(
    name="weights", help="List, show, fetch, verify, convert and export models.", no_args_is_help=True
)

_MODEL = "NAME|DIR|hf:USER/REPO"

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
Folder = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", rich_help_panel=shared.FILES, help="The folder to write.")
]
Fetchable = Annotated[list[str], typer.Argument(metavar="NAME|hf:USER/REPO", help="What to download.")]
OneModel = Annotated[str, typer.Argument(metavar=_MODEL, help="Which model.")]
AnyModels = Annotated[
    list[str] | None, typer.Argument(metavar=_MODEL, help="Which models; all that are on this machine.")
]
EdgeFile = Annotated[Path, typer.Argument(metavar="EDGE", help="G1's checkpoint, such as EdgeModel_gen.pth.")]
InpaintFile = Annotated[Path, typer.Argument(metavar="INPAINT", help="G2's, such as InpaintingModel_gen.pth.")]
Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Register it in your own registry, so that `--weights NAME` finds it."),
]
Half = Annotated[bool, typer.Option("--half", help="Write float16: half the size; results may differ by a grey level.")]
Exportable = Annotated[str, typer.Argument(metavar=f"RUN|{_MODEL}", help="A training run's folder, or a model.")]


@weights.command("list")
def list_(weights_file: shared.WeightsFile = None, json_: Json = False, debug: shared.Debug = False) -> None:
    """List the models that `--weights` knows by name: licence, size here, where they are, what acts by default."""
    from inpaint_cli.weights.describe import summary  # noqa: PLC0415
    from inpaint_cli.weights.entries import read_entries  # noqa: PLC0415

    models = [summary(entry) for entry in read_entries(weights_file).values()]
    if json_:
        for model in models:
            typer.echo(json.dumps(asdict(model), ensure_ascii=False))
        return
    table = [("NAME", "LICENCE", "SIZE", "WHERE", "LINES", "PAINTER", "IF DRAWN", "TITLE")]
    table += [
        (
            model.name,
            model.licence,
            _megabytes(model.bytes),
            model.where,
            model.lines,
            model.painter,
            model.drawn_painter,
            model.title,
        )
        for model in models
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@weights.command()
def show(
    model: OneModel, weights_file: shared.WeightsFile = None, json_: Json = False, debug: shared.Debug = False
) -> None:
    """Show all that is known of a model: licence, data, configuration, where its files come from and their sha256."""
    from inpaint_cli.weights.describe import describe_entry, describe_model  # noqa: PLC0415
    from inpaint_cli.weights.entries import read_entries  # noqa: PLC0415
    from inpaint_cli.weights.registry import resolve  # noqa: PLC0415

    entry = read_entries(weights_file).get(model)
    facts = describe_entry(entry) if entry else describe_model(resolve(model, weights_file=weights_file))
    if json_:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    flat = {key: value for key, value in facts.items() if not isinstance(value, dict)}
    for table in ("config", "edge", "inpaint"):
        prefix = "" if table == "config" else f"{table}."
        flat |= {f"{prefix}{key}": value for key, value in facts.get(table, {}).items()}
    width = max(map(len, flat))
    for key, value in flat.items():
        typer.echo(f"{key.ljust(width)}  {value}")


@weights.command()
def fetch(
    models: Fetchable,
    weights_file: shared.WeightsFile = None,
    quiet: shared.Quiet = False,
    debug: shared.Debug = False,
) -> None:
    """Download models into the Hub's cache, or what is newer than the cache, and print their paths."""
    from inpaint_cli.weights.registry import resolve  # noqa: PLC0415

    for name in models:
        model = resolve(name, weights_file=weights_file, refresh=True)
        typer.echo(f"{model.edge}\n{model.inpaint}")


@weights.command()
def verify(
    models: AnyModels = None,
    weights_file: shared.WeightsFile = None,
    quiet: shared.Quiet = False,
    debug: shared.Debug = False,
) -> int:
    """Check models: sha256 against the registry, and every tensor's name, shape and value."""
    from inpaint_cli.weights.checkpoints import read_weights  # noqa: PLC0415
    from inpaint_cli.weights.describe import summary  # noqa: PLC0415
    from inpaint_cli.weights.entries import read_entries  # noqa: PLC0415
    from inpaint_cli.weights.registry import resolve  # noqa: PLC0415

    if not models:
        models = [name for name, entry in read_entries(weights_file).items() if summary(entry).bytes is not None]
    failed = 0
    for name in models:
        try:
            model = resolve(name, weights_file=weights_file)
            read_weights(model.edge, "edge", model.config)
            read_weights(model.inpaint, "inpaint", model.config)
        except WeightsError as error:
            if debug:
                raise
            failed += 1
            logger.error("%s", error)  # noqa: TRY400 - the line, not the traceback
        else:
            if not quiet:
                typer.echo(f"ok  {name}")
    return ExitCode.FAILED if failed else ExitCode.OK


@weights.command()
def convert(
    edge: EdgeFile,
    inpaint: InpaintFile,
    output: Folder,
    name: Name = None,
    half: Half = False,
    overwrite: shared.Overwrite = False,
    debug: shared.Debug = False,
) -> None:
    """Make a model folder from two checkpoints, such as the authors' .pth files, usable as `--weights DIR`."""
    from inpaint_cli.weights.convert import convert as convert_checkpoints  # noqa: PLC0415

    convert_checkpoints(edge, inpaint, output, name=name, half=half, overwrite=overwrite)


@weights.command()
def export(
    source: Exportable,
    output: Folder,
    weights_file: shared.WeightsFile = None,
    overwrite: shared.Overwrite = False,
    debug: shared.Debug = False,
) -> None:
    """Write a training run or a model as a folder that `--weights DIR` reads and `hf upload` publishes."""
    if (Path(source) / RUN_CONFIG).is_file():
        from inpaint_cli.training.export import export_run  # noqa: PLC0415

        export_run(Path(source), output, overwrite=overwrite)
        return
    from inpaint_cli.weights.convert import export_model  # noqa: PLC0415
    from inpaint_cli.weights.entries import read_entries  # noqa: PLC0415
    from inpaint_cli.weights.registry import resolve  # noqa: PLC0415

    model = resolve(source, weights_file=weights_file)
    export_model(model, output, read_entries(weights_file).get(source), overwrite=overwrite)


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.0f} MB"
