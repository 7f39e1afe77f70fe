"""The devices of a run: one, or one for each process that `accelerate launch` started."""

import os

import torch

from inpaint_cli.devices import choose_device, computes_bfloat16
from inpaint_cli.errors import TrainingError
from inpaint_cli.training.option_values import Precision


def autocast_type(dtype: Precision, device: torch.device) -> torch.dtype | None:
    """Return the type that forward passes run in, or None for float32.

    Args:
        dtype: auto is bfloat16 where the processor supports it natively.
        device: where.
    """
    if dtype is Precision.AUTO:
        return torch.bfloat16 if computes_bfloat16(device) else None
    return torch.bfloat16 if dtype is Precision.BFLOAT16 else None


class Processes:
    """This process among the processes of a run: one, unless `accelerate launch` started more.

    Attributes:
        rank: this process's number; 0 writes the run.
        total: how many there are.
    """

    def __init__(self, device: str) -> None:
        self.rank, self.total, self._accelerator = 0, 1, None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            try:
                from accelerate import Accelerator  # noqa: PLC0415 - a part of the extra `train`
            except ImportError as error:
                raise TrainingError("several processes need accelerate; pip install 'inpaint-cli[train]'") from error
            self._accelerator = Accelerator(cpu=device == "cpu")
            self.rank, self.total = self._accelerator.process_index, self._accelerator.num_processes

    def device(self, name: str) -> torch.device:
        """Return this process's device."""
        if self._accelerator is None:
            return choose_device(name)
        chosen: torch.device = self._accelerator.device
        return chosen

    def average_gradients(self, optimiser: torch.optim.Optimizer) -> None:
        """Replace each gradient by its mean over the processes.

        All gradients travel as one tensor. DistributedDataParallel expects one forward and one backward pass per step,
        which two networks that call each other do not have.
        """
        if self._accelerator is None:
            return
        gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        mean = self._accelerator.reduce(flat, reduction="mean")
        for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def any(self, wish: bool) -> bool:
        """Return whether the value is true in any process; every process has to call this."""
        if self._accelerator is None:
            return wish
        wishes = torch.tensor(float(wish), device=self._accelerator.device)
        return bool(self._accelerator.reduce(wishes, reduction="sum") > 0)

    def wait(self) -> None:
        """Wait for the other processes."""
        if self._accelerator is not None:
            self._accelerator.wait_for_everyone()
