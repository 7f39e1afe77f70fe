"""The errors that a user can cause, each with its exit code.

An error is raised where it is found, with one line that names the file and says what to do; `cli` prints that line
once. Nothing below `cli` exits; only `batch` catches every exception, so that one photo never stops the others.
"""

import errno
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes."""

    OK = 0
    FAILED = 1  # some image, or the one thing asked for, could not be done
    USAGE = 2  # the command line itself is wrong
    INTERRUPTED = 130  # Ctrl-C, as shells report it


class InpaintError(Exception):
    """A failure that the user can do something about; its text is the one line to print."""

    exit_code = ExitCode.FAILED


class InterruptedRunError(InpaintError):
    """Ctrl-C or SIGTERM; its text says how far the run came."""

    exit_code = ExitCode.INTERRUPTED


def reason(error: OSError) -> str:
    """Return the message of the operating system, uncapitalised."""
    if error.errno == errno.EBADF:  # only of a standard stream that the shell closed
        return "it is closed"
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


_OUT_OF_MEMORY = ("insufficient memory", "allocate memory", "failed to map segment")  # the last of a shared library


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out; libraries have their own exceptions for it."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)


def install_command(extra: str) -> str:
    """Return the command that installs an extra, as the README gives it."""
    return f"pip install -c constraints.txt '.[{extra}]'"


class UsageError(InpaintError):
    """The command line is invalid."""

    exit_code = ExitCode.USAGE


class PhotoError(InpaintError):
    """A picture can't be read, or is not what its use needs."""


class MaskError(InpaintError):
    """A mask does not fit its photo, is empty, or covers everything."""


class SketchError(InpaintError):
    """A sketch of edges can't be used for its photo."""


class OutputError(InpaintError):
    """A result can't be written where it was asked for."""


class OutputExistsError(OutputError):
    """A result's file exists already."""


class WeightsError(InpaintError):
    """A model is missing, can't be obtained, or does not match its description."""


class TrainingError(InpaintError):
    """A training run can't start or go on."""
