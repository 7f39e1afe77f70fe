"""The settings of an evaluation; standard library only, because the command line reads them."""

import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, Dtype, Rival

SIGMA_STEP = 0.5  # between the values of a sweep


class Candidate(StrEnum):
    """What can be measured; the first four need a model."""

    EDGECONNECT = "edgeconnect"  # G1 and G2, plain
    CANNY = "canny"  # G2 along the edges of the true photo: the last column of Table 1
    NO_EDGES = "no-edges"  # G2 without edges in the hole: the last row of figure 7
    PIPELINE = "pipeline"  # what `inpaint inpaint` does by default
    TELEA = "telea"
    NAVIER_STOKES = "navier-stokes"
    PATCHMATCH = "patchmatch"

    @property
    def needs_model(self) -> bool:
        """Whether each model gives a column of its own."""
        return self in (Candidate.EDGECONNECT, Candidate.CANNY, Candidate.NO_EDGES, Candidate.PIPELINE)


ALL = tuple(Candidate)


@dataclass(frozen=True)
class Settings:
    """One evaluation.

    Attributes:
        data: the folder of photos, searched with its sub-folders.
        report: the folder that the report is written to.
        masks: a folder of masks to sort into the ratio bins; None makes irregular ones from the seed.
        methods: what is compared, in the order of the columns.
        rivals: trained rivals of the paper's table and their folders; columns after the methods.
        pictures: results of other programs, their headings and folders; the last columns.
        weights: models, as `--weights` names them; each gives columns of its own.
        weights_file: a registry of the user's own.
        sigmas: Canny's σ of figure 6; empty for no sweep.
        size: side of the square that photos are cropped and scaled to, in pixels.
        seed: of the masks and of PatchMatch.
        batch: photos that go through a network together.
        device: where the networks run.
        dtype: their arithmetic; float32 by default, so that the numbers are the same everywhere.
        backend: what runs the networks; `auto` is torch.
        threads: of the processor, None for all cores.
        offline: load no Inception and AlexNet that is not on this machine.
        fid_weights: a TorchScript Inception for FID; None takes torch-fidelity's.
        resume: go on with the stopped run whose journal is in the report folder.
        overwrite: replace the report that is in the report folder.
    """

    data: Path
    report: Path
    masks: Path | None = None
    methods: tuple[Candidate, ...] = ALL
    rivals: tuple[tuple[Rival, Path], ...] = ()
    pictures: tuple[tuple[str, Path], ...] = ()
    weights: tuple[str, ...] = (DEFAULT_WEIGHTS,)
    weights_file: Path | None = None
    sigmas: tuple[float, ...] = ()
    size: int = 256
    seed: int = 0
    batch: int = 8
    device: str = "auto"
    dtype: Dtype = Dtype.FLOAT32
    backend: Backend = Backend.AUTO
    threads: int | None = None
    offline: bool = False
    fid_weights: Path | None = None
    resume: bool = False
    overwrite: bool = False

    @property
    def settled_backend(self) -> Backend:
        """The backend, torch with `auto`: the measures import it anyway."""
        return Backend.TORCH if self.backend is Backend.AUTO else self.backend

    @property
    def needs_model(self) -> bool:
        """Whether any network is to be measured."""
        return bool(self.sigmas) or any(method.needs_model for method in self.methods)

    @property
    def command(self) -> str:
        """The command line that gives these numbers; absolute paths are shortened to their last part."""
        words = ["inpaint", "evaluate", "--data", _shown(self.data), "-o", _shown(self.report)]
        words += ["--masks", _shown(self.masks)] if self.masks else []
        words += [word for method in self.methods for word in ("--method", method)] if self.methods != ALL else []
        words += [word for rival, folder in self.rivals for word in ("--method", f"{rival}={_shown(folder)}")]
        words += [word for name, folder in self.pictures for word in ("--pictures", f"{name}={_shown(folder)}")]
        if self.needs_model:
            words += [word for weights in self.weights for word in ("--weights", _shown(weights))]
        words += ["--weights-file", _shown(self.weights_file)] if self.weights_file else []
        words += ["--sweep-sigma", f"{self.sigmas[0]:g}..{self.sigmas[-1]:g}"] if self.sigmas else []
        for name in ("size", "seed", "batch", "device", "dtype", "backend"):
            value = getattr(self, name)
            words += [f"--{name}", str(value)] if value != getattr(Settings, name) else []
        words += ["--offline"] if self.offline else []
        words += ["--fid-weights", _shown(self.fid_weights)] if self.fid_weights else []
        return shlex.join(words)


def _shown(path: Path | str) -> str:
    return Path(path).name if Path(path).is_absolute() else str(path)
