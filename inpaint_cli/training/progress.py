"""What a run shows on a terminal: a bar with samples per second and time left."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress


class Progress:
    """A bar on standard error where that is a terminal and `shown`; the clock behind samples per second everywhere.

    Args:
        start: steps already done.
        steps: the step to stop at.
        batch: samples per step, all processes together.
        shown: whether the user wants to see it.
    """

    def __init__(self, start: int, steps: int, batch: int, *, shown: bool) -> None:
        console = Console(stderr=True)
        self._bar = RichProgress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not (shown and console.is_terminal),
            refresh_per_second=2,
        )
        self._task = self._bar.add_task("training", total=steps, completed=start, note="")
        self._batch, self._last_step, self._last_time = batch, start, time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self) -> None:
        """One step is done."""
        self._bar.advance(self._task)

    def speed(self, step: int, loss: float) -> float:
        """Return the samples per second since the last call, and show them with the loss."""
        now = time.monotonic()
        rate = (step - self._last_step) * self._batch / max(now - self._last_time, 1e-9)
        self._last_step, self._last_time = step, now
        self._bar.update(self._task, note=f"{rate:.1f} samples/s, loss {loss:.4f}")
        return rate
