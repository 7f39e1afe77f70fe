"""The training loop, from the first step to the last."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from inpaint_cli.errors import TrainingError
from inpaint_cli.training.data import Batch, batches
from inpaint_cli.training.networks import Optimisers, TrainingNetworks
from inpaint_cli.training.objective import Losses, Objective, Outputs
from inpaint_cli.training.options import TrainOptions
from inpaint_cli.training.perceptual import load_vgg
from inpaint_cli.training.processes import Processes, autocast_type
from inpaint_cli.training.progress import Progress
from inpaint_cli.training.run import Run
from inpaint_cli.training.validation import Validation, picture_grid


def train(options: TrainOptions, *, resume: bool = False, quiet: bool = False) -> None:
    """Train until `options.steps`, and leave everything in the run's folder.

    Args:
        options: the run's.
        resume: go on from the checkpoint in `options.out`.
        quiet: show no progress.

    Raises:
        TrainingError: the run can't start or be resumed, or a loss became NaN.
        UsageError: the options contradict each other, or the device is not to be had.
    """
    options.check()
    processes = Processes(options.device)
    device, first = processes.device(options.device), processes.rank == 0
    dtype = autocast_type(options.dtype, device)

    def autocast() -> AbstractContextManager[object]:
        return nullcontext() if dtype is None else torch.autocast(device.type, dtype)

    torch.manual_seed(options.seed)  # every process starts from the same weights
    networks = TrainingNetworks(options, fresh=not resume).to(device)
    optimisers = Optimisers(networks, options)
    objective = Objective(options, networks, load_vgg(options, device))
    run = Run(options, networks, optimisers, writes=first)
    start = run.resume(device) if resume else run.begin()
    processes.wait()  # until every process has looked at the folder, none writes to it
    validation = Validation(options.val, options) if options.val and first else None
    g1, g2 = (_prepared(generator, options, device) for generator in (networks.g1, networks.g2))

    with Progress(start, options.steps, options.batch * processes.total, shown=first and not quiet) as progress:
        data = batches(options, start, run.samples, processes.rank, processes.total)
        for step, host_batch in enumerate(data, start + 1):
            batch = host_batch.to(device)
            run.samples += options.batch * processes.total
            run.broken |= batch.broken
            optimisers.set_rates(step)

            with autocast():
                predicted, edges = networks.lines(batch, g1)
                painting = networks.paint(batch, edges, g2) if g2 is not None else None
            outputs = Outputs(predicted if options.trains_g1 else None, painting)

            with autocast():
                d_losses = objective.of_discriminators(batch, outputs)
            _descend(d_losses, optimisers.discriminators, processes, step)

            with autocast(), _frozen(networks.d1, networks.d2):  # G learns from D, not D from G's mistakes
                g_losses = objective.of_generators(batch, outputs)
                _descend(g_losses, optimisers.generators, processes, step)
            networks.update_averages(options.ema, step)
            progress.advance()

            def due(every: int, step: int = step) -> bool:
                return every > 0 and (step % every == 0 or step == options.steps)

            if due(options.log_every):
                values = {name: loss.item() for name, loss in (d_losses | g_losses).items()}
                rate = progress.speed(step, sum(values.values()))
                run.log(step, values | {"broken": len(run.broken), "samples_per_second": rate})
            if validation is not None and due(options.val_every):
                with autocast():
                    run.log(step, validation.measure(networks, device))
            if first and due(options.sample_every):
                shown: Batch = validation.shown.to(device) if validation is not None else batch
                run.write_samples(step, picture_grid(shown, networks))
            if due(options.save_every):
                run.save(step)
    processes.wait()


def _prepared(generator: nn.Module | None, options: TrainOptions, device: torch.device) -> nn.Module | None:
    """Return the generator as its device runs it fastest; the weights are the same object's."""
    if generator is None:
        return None
    if device.type == "cuda":  # on a CPU the backward pass is faster in the usual layout
        generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    compiled: nn.Module = torch.compile(generator) if options.compiled else generator  # type: ignore[assignment]
    return compiled


def _descend(losses: Losses, optimiser: torch.optim.Optimizer | None, processes: Processes, step: int) -> None:
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
    optimiser.step()


@contextmanager
def _frozen(*networks: nn.Module | None) -> Iterator[None]:
    """Compute no gradients for the networks' weights."""
    present = [network for network in networks if network is not None]
    for network in present:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in present:
            network.requires_grad_(True)
