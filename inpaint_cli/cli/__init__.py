"""The command line: options in, exit code out; the one place that prints errors. No pixel is touched here."""

import logging
import re
import signal
import sys
from collections.abc import Sequence

from inpaint_cli.errors import ExitCode, InpaintError, is_out_of_memory, reason
from inpaint_cli.io.streams import open_standard_streams


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code for the shell (see `errors.ExitCode`).

    Args:
        argv: the arguments after the program's name; None takes the process's own.
    """
    if argv is None:
        open_standard_streams()
    import typer  # noqa: PLC0415 - a tenth of a second

    from inpaint_cli.cli.app import application  # noqa: PLC0415
    from inpaint_cli.cli.shared import show_from  # noqa: PLC0415

    show_from(logging.WARNING)
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM is handled as Ctrl-C
    if any(re.fullmatch(r"(--[\w-]+=)?", argument) for argument in arguments):  # "" would be the current folder
        return _complain("an empty argument; is a variable of the shell not set?", ExitCode.USAGE)
    command = typer.main.get_command(application(arguments[0] if arguments else None))
    try:
        code = command.main(arguments, prog_name="inpaint", standalone_mode=False)
    except BrokenPipeError:  # the reader of our output has seen enough, as `| head` has
        return ExitCode.FAILED
    except Exception as error:  # bugs included: one line for the user; --debug shows the traceback
        if "--debug" in arguments:
            raise
        return _report(error)
    if code == ExitCode.INTERRUPTED:  # Typer's own message for Ctrl-C
        return _complain("interrupted", code)
    return code if isinstance(code, int) else ExitCode.OK


def _report(error: Exception) -> int:
    """Print the one line of an error and return its exit code."""
    import typer  # noqa: PLC0415

    if isinstance(error, InpaintError):
        return _complain(str(error), error.exit_code)
    if isinstance(error, typer.TyperException):
        message = error.format_message().replace("Value error, ", "")  # the prefix of pydantic
        return _complain(message, error.exit_code) if message else error.exit_code  # empty: the help has been printed
    if isinstance(error, OSError):
        return _complain(f"{error.filename or 'standard output'}: {reason(error)}", ExitCode.FAILED)
    if is_out_of_memory(error):
        return _complain("not enough memory", ExitCode.FAILED)
    message = f"unexpected {type(error).__name__}: {error}; run again with --debug and report what it prints"
    return _complain(message, ExitCode.FAILED)


def _complain(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"inpaint: error: {line}" if code != ExitCode.INTERRUPTED else f"inpaint: {line}", file=sys.stderr)  # noqa: T201
    return code
