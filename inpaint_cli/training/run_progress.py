"""A run's progress on standard error: a bar on a terminal, otherwise a line every few minutes."""

import time
from typing import Self

from inpaint_cli.progress import progress_bar

FIRST_RATE = 10.0  # seconds of training before the first rate is shown
LINE_EVERY = 300.0  # seconds between two lines off a terminal


class Progress:
    """Samples per second, loss and time left; samples per second are measured even if nothing is shown.

    Args:
        start: steps already done.
        steps: the step to stop at.
        shown: whether the user wants to see it.
    """

    def __init__(self, start: int, steps: int, *, shown: bool) -> None:
        self._shown, self._steps = shown, steps
        self._bar = progress_bar("training", shown=shown)
        self._console = self._bar.console
        self._task = self._bar.add_task("training", total=steps, completed=start, note="")
        self._begun = self._since = time.monotonic()
        self._begun_at, self._done, self._samples = start, start, 0
        self._next_line = self._begun + FIRST_RATE

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, samples: int) -> None:
        """Count one step with this many samples, of all processes together."""
        self._samples += samples
        self._done += 1
        self._bar.advance(self._task)

    @property
    def waits(self) -> bool:
        """Whether a line is due off a terminal."""
        return self._shown and not self._console.is_terminal and time.monotonic() >= self._next_line

    def show(self, step: int, losses: dict[str, float]) -> float:
        """Return the samples per second since the last call, and show them with the losses' sum."""
        now = time.monotonic()
        rate = self._samples / max(now - self._since, 1e-9)
        note = f"{rate:.1f} samples/s, loss {sum(losses.values()):.4f}"
        self._samples, self._since = 0, now
        self._bar.update(self._task, note=note)
        if self.waits:
            left = (self._steps - step) * (now - self._begun) / max(1, self._done - self._begun_at)
            self._console.print(f"step {step} of {self._steps}: {note}, {_duration(left)} left")
            self._next_line = now + LINE_EVERY
        return rate

    def tell(self, step: int, measured: dict[str, float]) -> None:
        """Print what a validation found."""
        if self._shown and measured:
            figures = ", ".join(f"{name.removeprefix('val/')} {value:.4g}" for name, value in measured.items())
            self._console.print(f"step {step}: {figures}")


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
