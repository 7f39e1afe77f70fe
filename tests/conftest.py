"""What all tests share: the command line as a function, and small real pictures."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inpaint_cli.cli import main
from inpaint_cli.cli.runs import import_numpy

import_numpy()  # with one thread, as every command does: the last bits of a result depend on it

DATA = Path(__file__).parent / "data"
CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """What one run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def warnings(self) -> list[str]:
        """The warnings that were printed, one line each."""
        return [line for line in self.err.splitlines() if line.startswith("inpaint: warning: ")]


def command(*arguments: object) -> list[str]:
    """Return the command line for a process of its own."""
    return [sys.executable, "-m", "inpaint_cli", *map(str, arguments)]


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> Iterator[None]:
    """Let Ctrl-C reach the commands that tests start; a suite run in the background would have them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def inpaint(capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Return the command line as a function: `inpaint("remove", photo, "--mask", mask)`; it runs in this process."""

    def run(*arguments: object) -> Run:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        streams = capfd.readouterr()
        return Run(int(code), streams.out, streams.err)

    return run


@pytest.fixture(scope="session")
def original_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with checkpoints under the authors' names and keys; `data/parity` shows what they give."""
    from tests.original_weights import write_original  # noqa: PLC0415 - torch, for the few tests that need it

    return write_original(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Return a running Chromium, for the tests of the page."""
    from tests.drawing import chromium  # noqa: PLC0415 - Playwright, for the few tests that need it

    with chromium() as running:
        yield running


@pytest.fixture
def fill(inpaint: Callable[..., Run], tmp_path: Path) -> Callable[..., tuple[Path, str]]:
    """Return a function that fills a hole of a file and returns the result and what was warned of."""
    from tests.file_parts import BOX  # noqa: PLC0415 - numpy and Pillow, for the few tests that need them

    def run(source: Path, suffix: str = "", *more: object) -> tuple[Path, str]:
        target = tmp_path / f"out{suffix or source.suffix}"
        done = inpaint("inpaint", source, *BOX, "-o", target, *more)
        assert done.code == 0, done.err
        *warnings, last = done.err.splitlines(keepends=True)
        assert last.startswith(f"inpaint: {target} · 1 window"), done.err
        return target, "".join(warnings)

    return run
