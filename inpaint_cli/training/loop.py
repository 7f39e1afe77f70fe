"""The training loop, from the first step to the last, or to Ctrl-C."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import Self

import torch
from torch import nn

from inpaint_cli.errors import InterruptedRunError, TrainingError
from inpaint_cli.training.conflicts import check_options
from inpaint_cli.training.data import Batch, batches
from inpaint_cli.training.learner import Learner, make_learner
from inpaint_cli.training.objective import Losses
from inpaint_cli.training.optimisers import Optimisers, clip_gradient
from inpaint_cli.training.processes import Processes, autocast_type
from inpaint_cli.training.run_folder import Run
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.run_progress import Progress
from inpaint_cli.training.validation import Validation, picture_grid

FIRST_SAVE = 60.0  # seconds until the first checkpoint, at most


def train(options: TrainOptions, *, resume: bool = False, quiet: bool = False) -> None:
    """Train until `options.steps`, and leave everything in the run's folder.

    Args:
        options: the run's.
        resume: go on from the checkpoint in `options.out`.
        quiet: show no progress.

    Raises:
        TrainingError: the run can't start or be resumed, or a loss became NaN.
        UsageError: the options contradict each other, or the device is not available.
        InterruptedRunError: SIGINT or SIGTERM; the current step is finished and its checkpoint written.
    """
    check_options(options)
    processes = Processes(options.device)
    device, first = processes.device(options.device), processes.rank == 0
    dtype = autocast_type(options.dtype, device)

    def autocast() -> AbstractContextManager[object]:
        return nullcontext() if dtype is None else torch.autocast(device.type, dtype)

    torch.manual_seed(options.seed)  # every process starts from the same weights
    learner = make_learner(options, device, fresh=not resume)
    optimisers = Optimisers(learner.generators, learner.discriminators, options)
    run = Run(options, learner.networks, optimisers, writes=first)
    start = run.resume(device) if resume else run.begin()
    processes.wait()  # no process writes to the folder before every process has read it
    validation = Validation(options.val, options) if options.val and first else None
    progress = Progress(start, options.steps, shown=first and not quiet)

    reports = Reports(options, learner, run, progress, validation, device, shows=first)

    with Stop() as stop, progress:
        clock = SaveClock(options.save_every)
        for step, host_batch in enumerate(batches(options, start, processes.rank), start + 1):
            batch = host_batch.to(device)
            run.samples += len(batch) * processes.total
            run.broken |= batch.broken

            with autocast():
                outputs = learner.predict(batch)
                d_losses = learner.discriminator_losses(batch, outputs)
            _descend(d_losses, optimisers.discriminators, processes, step)

            with autocast(), _frozen(learner.discriminators):  # G's losses must not change D
                g_losses = learner.generator_losses(batch, outputs)
                _descend(g_losses, optimisers.generators, processes, step, optimisers.clip)
            learner.update_averages()
            optimisers.advance()
            progress.advance(len(batch) * processes.total)

            reports.after(step, batch, d_losses | g_losses, autocast)
            stopped = processes.any(stop.requested)
            if clock.due() or stopped or step == options.steps:
                run.save(step)
            if stopped and step < options.steps:
                raise InterruptedRunError(f"stopped after step {step} of {options.steps}; go on with --resume")
    processes.wait()


@dataclass(frozen=True)
class Reports:
    """The periodic reports of a run: losses, validation, sample pictures.

    Attributes:
        options: say how often.
        learner: what is validated.
        run: where the log and the pictures go.
        progress: what the user sees.
        validation: None without validation photos, or where another process validates.
        device: where the learner is.
        shows: whether this process writes sample pictures.
    """

    options: TrainOptions
    learner: Learner
    run: Run
    progress: Progress
    validation: Validation | None
    device: torch.device
    shows: bool

    def after(
        self, step: int, batch: Batch, losses: Losses, autocast: Callable[[], AbstractContextManager[object]]
    ) -> None:
        """Report what is due after a step.

        Args:
            step: its number, from 1.
            batch: what was learned from; shown where there are no validation photos.
            losses: of the step.
            autocast: the precision that forward passes compute in.
        """
        if self._due(step, self.options.log_every) or self.progress.waits:
            values = {name: loss.item() for name, loss in losses.items()}
            rate = self.progress.show(step, values)
            if self._due(step, self.options.log_every):
                self.run.log(step, values | {"broken": len(self.run.broken), "samples_per_second": rate})
        if self.validation is not None and self._due(step, self.options.val_every):
            with autocast():
                measured = self.validation.measure(self.learner.complete, self.device)
            self.run.log(step, measured)
            self.progress.tell(step, measured)
        if self.shows and self._due(step, self.options.sample_every):
            shown: Batch = self.validation.shown.to(self.device) if self.validation is not None else batch
            self.run.write_samples(step, picture_grid(shown, self.learner.complete))

    def _due(self, step: int, every: int) -> bool:
        return every > 0 and (step % every == 0 or step == self.options.steps)


class Stop:
    """Records a first SIGINT or SIGTERM, so that the current step can be finished; a second one interrupts at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True


class SaveClock:
    """Decides when a checkpoint is due.

    Args:
        minutes: between two of them; the first is due after `FIRST_SAVE` at most. 0 means after every step.
    """

    def __init__(self, minutes: float) -> None:
        self._seconds = 60 * minutes
        self._next = time.monotonic() + min(FIRST_SAVE, self._seconds)

    def due(self) -> bool:
        """Return whether it is time; if so, the next one is due an interval later."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


def _descend(
    losses: Losses,
    optimiser: torch.optim.Optimizer | None,
    processes: Processes,
    step: int,
    clip: float | None = None,
) -> None:
    """Take one step down the sum of the losses.

    Raises:
        TrainingError: one of them is not finite; the weights are still those of the step before.
    """
    if optimiser is None or not losses:
        return
    terms = torch.stack(list(losses.values()))
    if not torch.isfinite(terms).all():
        name, value = next((name, loss.item()) for name, loss in losses.items() if not torch.isfinite(loss))
        raise TrainingError(f"step {step}: the loss {name} became {value}; resume with a lower --lr")
    optimiser.zero_grad(set_to_none=True)
    terms.sum().backward()  # type: ignore[no-untyped-call]
    processes.average_gradients(optimiser)
    if clip is not None:
        clip_gradient(optimiser, clip)
    optimiser.step()


@contextmanager
def _frozen(networks: list[nn.Module]) -> Iterator[None]:
    """Compute no gradients for the networks' weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
