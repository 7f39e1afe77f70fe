"""The command line: options in, exit code out; the one place that prints errors. No pixel is touched here."""

import logging
import re
import signal
import sys
from collections.abc import Sequence

from inpaint_cli.errors import ExitCode, InpaintError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code for the shell (see `errors.ExitCode`).

    Args:
        argv: the arguments after the program's name; None takes the process's own.
    """
    import typer  # noqa: PLC0415 - a tenth of a second

    from inpaint_cli.cli.app import app  # noqa: PLC0415
    from inpaint_cli.cli.shared import show_from  # noqa: PLC0415

    show_from(logging.WARNING)
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill leaves as little behind as Ctrl-C
    if any(re.fullmatch(r"(--[\w-]+=)?", argument) for argument in arguments):  # "" would be the current folder
        return _complain("an empty argument; is a variable of the shell not set?", ExitCode.USAGE)
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="inpaint", standalone_mode=False)
    except (InpaintError, typer.TyperException) as error:
        if "--debug" in arguments:
            raise
        message = str(error)
        if isinstance(error, typer.TyperException):
            message = error.format_message().replace("Value error, ", "")  # its validator's words, which help nobody
        return _complain(message, error.exit_code)
    except BrokenPipeError:  # the reader of our output has seen enough, as `| head` has
        return ExitCode.FAILED
    except Exception as error:  # a bug of ours: the user gets a line, the developer --debug
        if "--debug" in arguments:
            raise
        kind = type(error).__name__
        return _complain(
            f"unexpected {kind}: {error}; run again with --debug and report what it prints", ExitCode.FAILED
        )
    if code == ExitCode.INTERRUPTED:  # Typer's word for Ctrl-C outside a run over photos
        return _complain("interrupted", code)
    return code if isinstance(code, int) else ExitCode.OK


def _complain(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"inpaint: error: {line}" if code != ExitCode.INTERRUPTED else f"inpaint: {line}", file=sys.stderr)  # noqa: T201
    return code
