"""The Typer application: one file per subcommand, registered here and nowhere else."""

from typing import Annotated

import typer

from inpaint_cli.cli import draw, edge_map, evaluate, fill, synth_edges, train, weights

app = typer.Typer(
    name="inpaint",
    help="Remove objects from photos and restore damaged ones: lines first, colour next, texture last.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from inpaint_cli import __version__  # noqa: PLC0415

        typer.echo(f"inpaint {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.command("remove")(fill.command(fill.REMOVE))
app.command("inpaint")(fill.command(fill.INPAINT))
app.command("draw")(draw.draw)
app.command("edges")(edge_map.edges)
app.command("synth-edges")(synth_edges.synth_edges)
app.add_typer(weights.weights)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
