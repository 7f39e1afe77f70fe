"""Optimisers and learning rates: the paper's Adam, or AdamW with a warm-up and a cosine."""

import math
import warnings
from typing import Any

import torch
from torch import nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from inpaint_cli.training.option_values import Recipe
from inpaint_cli.training.rival_learners import rival_optimiser, rival_rate
from inpaint_cli.training.run_options import TrainOptions

WARM_UP = 200  # steps, or a tenth of the run if that is less
FLOOR = 0.02  # share of the learning rate that is left at the end
LARGEST_GRADIENT = 1.0  # norm that the generators' gradient is clipped to


class Optimisers:
    """One optimiser for the generators together and one for the discriminators together, with their learning rates.

    Both rates are functions of the step alone, so a resumed run goes on exactly, or, with another --lr or --steps, as
    if it had had them from the start.

    Args:
        generators: those that learn.
        discriminators: likewise.
        options: the run's.

    Attributes:
        clip: the norm that the generators' gradient is clipped to; None leaves it as it is, as the paper does.
    """

    def __init__(self, generators: list[nn.Module], discriminators: list[nn.Module], options: TrainOptions) -> None:
        self.options = options
        self.clip = None if options.recipe is Recipe.PAPER else LARGEST_GRADIENT
        adversarial = bool(discriminators)
        self.generators = _optimiser(generators, options.lr, options, adversarial=adversarial)
        self.discriminators = _optimiser(discriminators, self._d_lr, options, adversarial=adversarial)
        self._schedulers = self._schedule(0)

    def _schedule(self, step: int) -> list[LambdaLR]:
        """Return the schedulers of a run that has done so many steps."""
        schedulers = []
        for optimiser, lr in ((self.generators, self.options.lr), (self.discriminators, self._d_lr)):
            if optimiser is None:
                continue
            for group in optimiser.param_groups:
                group["initial_lr"] = lr
            # a scheduler takes its first step as it is made
            schedulers.append(LambdaLR(optimiser, self._factor, last_epoch=step - 1))
        return schedulers

    @property
    def _d_lr(self) -> float:
        return self.options.lr * self.options.d_lr

    def _factor(self, step: int) -> float:
        """Return the share of the learning rate that a step, counted from 0, takes."""
        options = self.options
        if options.rival is not None:
            return rival_rate(options.rival, step / options.steps)
        if options.recipe is Recipe.PAPER:
            return 0.1 if options.lr_drop is not None and step >= options.lr_drop else 1.0
        warm_up = max(1, min(WARM_UP, options.steps // 10))
        progress = min(1.0, step / options.steps)
        return min(1.0, (step + 1) / warm_up) * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))

    def advance(self) -> None:
        """Set the learning rates of the next step."""
        with warnings.catch_warnings():  # torch warns of optimisers that have not taken a step yet
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
            for scheduler in self._schedulers:
                scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Return both optimisers' states."""
        both = {"generators": self.generators, "discriminators": self.discriminators}
        return {name: optimiser.state_dict() for name, optimiser in both.items() if optimiser is not None}

    def load_state_dict(self, state: dict[str, Any], step: int) -> None:
        """Load both optimisers' states after this many steps."""
        for name, saved in state.items():
            getattr(self, name).load_state_dict(saved)
        self._schedulers = self._schedule(step)


def _optimiser(networks: list[nn.Module], lr: float, options: TrainOptions, *, adversarial: bool) -> Optimizer | None:
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    if not parameters:
        return None
    if options.rival is not None:
        return rival_optimiser(options.rival, parameters, lr)
    if options.recipe is Recipe.PAPER:
        return Adam(parameters, lr=lr, betas=(0.0, 0.9))
    # an adversarial game is unstable with momentum: the target moves
    return AdamW(parameters, lr=lr, betas=(0.0 if adversarial else 0.9, 0.99), weight_decay=1e-4)


def clip_gradient(optimiser: torch.optim.Optimizer, largest: float) -> None:
    """Scale the gradient of all of an optimiser's parameters so that its norm is at most `largest`."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    nn.utils.clip_grad_norm_(parameters, largest)
