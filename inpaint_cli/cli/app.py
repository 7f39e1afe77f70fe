"""The Typer application: one file per subcommand, registered here and nowhere else."""

from importlib import import_module
from typing import Annotated

import typer

# Where each command is defined, in the order of the help.
_HOMES = {
    "remove": "fill",
    "inpaint": "fill",
    "draw": "draw",
    "edges": "edges",
    "synth-edges": "synth_edges",
    "weights": "weights",
    "train": "train",
    "evaluate": "evaluate",
}


def application(command: str | None = None) -> typer.Typer:
    """Return the application with all its commands.

    Args:
        command: the one that is wanted, if that is known: only its file is imported, which takes a third of the time.
    """
    app = typer.Typer(
        name="inpaint",
        help="Remove objects from photos and restore damaged ones: lines first, colour next, texture last.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in (command,) if command in _HOMES else _HOMES:
        function = getattr(import_module(f"inpaint_cli.cli.{_HOMES[name]}"), name.replace("-", "_"))
        if isinstance(function, typer.Typer):  # a group of commands
            app.add_typer(function)
        else:
            app.command(name)(function)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from inpaint_cli import __version__  # noqa: PLC0415

        typer.echo(f"inpaint {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
