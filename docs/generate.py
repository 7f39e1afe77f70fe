"""Write docs/cli.md: what `--help` prints for every command. `python docs/generate.py`; a test keeps the file true."""

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("cli.md")
COMMANDS = (
    "remove", "inpaint", "draw", "edges", "synth-edges", "weights", "weights list", "weights show", "weights fetch",
    "weights verify", "weights convert", "weights export", "train", "evaluate",
)  # fmt: skip


def help_text(command: str) -> str:
    """Return what `inpaint COMMAND --help` prints on a plain terminal of 100 columns; `inpaint --help` for none."""
    plain = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, "-m", "inpaint_cli", *command.split(), "--help"],
        env=os.environ | plain,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip().splitlines())


def page() -> str:
    """Return the whole page."""
    parts = ["# The command line\n\nWritten by `python docs/generate.py` from what `--help` prints; do not edit."]
    parts.append(f"```text\n{help_text('')}\n```")
    parts += [f"## inpaint {command}\n\n```text\n{help_text(command)}\n```" for command in COMMANDS]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
