"""A run's folder: `config.toml`, `log.jsonl`, `checkpoint.pt`, `samples/`, and `tensorboard/` if that is installed."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inpaint_cli.errors import TrainingError
from inpaint_cli.io.atomic import replacing
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.writing import write_photo
from inpaint_cli.training.optimisers import Optimisers
from inpaint_cli.training.run_options import BOARD, CHECKPOINT, CONFIG, LOG, SAMPLES, TrainOptions


class Run:
    """A run in progress, and its folder.

    Args:
        options: say which folder, and are saved in it.
        networks: what a checkpoint holds.
        optimisers: likewise.
        writes: whether this process is the one that writes.

    Attributes:
        samples: how many samples the steps so far took, all processes together.
        broken: numbers of the photos that could not be read so far and were replaced.
    """

    def __init__(self, options: TrainOptions, networks: nn.Module, optimisers: Optimisers, *, writes: bool) -> None:
        self.options, self.networks, self.optimisers, self.writes = options, networks, optimisers, writes
        self.folder, self.checkpoint = options.out, options.out / CHECKPOINT
        self.samples = 0
        self.broken: set[int] = set()
        self._started, self._board = time.monotonic(), None

    def begin(self) -> int:
        """Make the folder and return 0, the number of steps done.

        Raises:
            TrainingError: it holds a run already.
        """
        if self.checkpoint.exists():
            raise TrainingError(f"{self.folder}: holds a run already; go on with --resume or choose another folder")
        self._open()
        if self.writes:
            (self.folder / LOG).unlink(missing_ok=True)  # of a run that was killed before its first checkpoint
        return 0

    def resume(self, device: torch.device) -> int:
        """Load the checkpoint, drop log lines after it, and return the number of steps done.

        Raises:
            TrainingError: there is no checkpoint, or one of other networks.
        """
        if not self.checkpoint.is_file():
            raise TrainingError(f"{self.folder}: nothing to resume, it has no {CHECKPOINT}")
        state = torch.load(self.checkpoint, map_location=device, weights_only=True)
        try:
            self.networks.load_state_dict(state["networks"])
            self.optimisers.load_state_dict(state["optimisers"], state["step"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(f"{self.checkpoint}: holds other networks than these options make") from error
        torch.set_rng_state(state["random"].cpu())
        self.samples, self.broken = state["samples"], set(state["broken"])
        self._started -= state["seconds"]
        step: int = state["step"]
        if self.writes and (self.folder / LOG).is_file():
            kept = [json.dumps(line) + "\n" for line in read_log(self.folder) if line["step"] <= step]
            (self.folder / LOG).write_text("".join(kept), encoding="utf-8")
        self._open()
        return step

    def _open(self) -> None:
        if self.writes:
            (self.folder / SAMPLES).mkdir(parents=True, exist_ok=True)
            self.options.write(self.folder / CONFIG)
            self._board = _tensorboard(self.folder / BOARD)

    def save(self, step: int) -> None:
        """Write the checkpoint after `step` steps; if the process is killed, the old or the new one remains, whole."""
        if not self.writes:
            return
        state = {
            "step": step,
            "samples": self.samples,
            "broken": sorted(self.broken),
            "seconds": self._seconds(),
            "networks": self.networks.state_dict(),
            "optimisers": self.optimisers.state_dict(),
            "random": torch.get_rng_state(),  # the data's randomness follows from the seed and the step
        }
        with replacing(self.checkpoint) as file:
            torch.save(state, file)

    def log(self, step: int, values: dict[str, float]) -> None:
        """Add a line to the log and the same to TensorBoard.

        `samples` and `seconds` count from the run's first step, however often it was resumed, and with what batch.
        """
        if not self.writes:
            return
        rounded = {name: round(value, 6) for name, value in values.items()}
        line = json.dumps({"step": step, "samples": self.samples, "seconds": round(self._seconds(), 1)} | rounded)
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def write_samples(self, step: int, grid: NDArray[np.uint8]) -> None:
        """Write a picture grid."""
        write_photo(Photo(grid), self.folder / SAMPLES / f"{step:07}.png", overwrite=True)

    def _seconds(self) -> float:
        return time.monotonic() - self._started


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - a part of the extra `train`
    except ImportError:
        return None
    return SummaryWriter(str(folder))


def read_log(folder: Path) -> list[dict[str, float]]:
    """Return the lines of a run's log; an incomplete last line of a killed run is skipped.

    Raises:
        TrainingError: there is no log.
    """
    path = folder / LOG
    if not path.is_file():
        raise TrainingError(f"{folder}: has no {LOG}; give the folder of a run")
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def read_options(out: Path, **changes: Any) -> TrainOptions:
    """Return the options of the run in a folder, with changes."""
    return TrainOptions.read(out / CONFIG, **changes | {"out": out})
