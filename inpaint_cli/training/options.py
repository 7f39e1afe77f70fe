"""What a training run can be told, with the paper's values as defaults; standard library only."""

import dataclasses
import json
import tomllib
import typing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from inpaint_cli.errors import TrainingError, UsageError
from inpaint_cli.options import MULTIPLE

# What lies in a run's folder.
CONFIG = "config.toml"
LOG = "log.jsonl"
CHECKPOINT = "checkpoint.pt"
SAMPLES = "samples"
BOARD = "tensorboard"

SMALLEST = 32  # side of a crop that leaves the discriminators a patch to judge


class Stage(StrEnum):
    """Which generator learns (paper, section 4.2)."""

    EDGE = "edge"  # G1
    INPAINT = "inpaint"  # G2, from Canny's edges or a G1 that stays as it is
    JOINT = "joint"  # both, G2 fed by G1


class Size(StrEnum):
    """The two widths of the generators."""

    LITE = "lite"
    FULL = "full"

    @property
    def base_channels(self) -> int:
        """Width of the first layer."""
        return 32 if self is Size.LITE else 64


class HoleFill(StrEnum):
    """What stands in the hole of G2's input."""

    WHITE = "white"  # the paper's
    HARMONIC = "harmonic"  # the surroundings, spread along the lines


class Output(StrEnum):
    """What G2's output means."""

    PICTURE = "picture"  # the paper's
    CORRECTION = "correction"  # is added to the filling


class Gan(StrEnum):
    """The adversarial game, as in `nn.losses`."""

    NSGAN = "nsgan"
    LSGAN = "lsgan"
    HINGE = "hinge"


class FakePatches(StrEnum):
    """Which of a generated picture's patches D takes for fake."""

    PICTURE = "picture"  # all; D sees all that G made
    HOLE = "hole"  # as far as they lie in the hole; D sees the hole's part in its true surroundings


class Precision(StrEnum):
    """What forward passes compute in; the weights are float32 always."""

    AUTO = "auto"  # bfloat16 where the processor has it
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class TrainOptions:
    """A training run.

    Attributes:
        data: folder of photos, searched in depth.
        out: the run's folder.
        stage: which generator learns.
        val: folder of photos to validate with.
        masks: folder of mask files; None makes masks on the fly.
        g1: run or model whose G1 is the start; in stage inpaint it gives lines and stays as it is.
        g2: run or model whose G2 is the start.
        model: width of the generators.
        residual_blocks: residual blocks of each generator.
        hole_fill: what stands in the hole of G2's input.
        output: what G2's output means.
        size: side of the square crops, a multiple of 4.
        batch: samples per step and process.
        steps: the step to stop at.
        lr: learning rate of the generators.
        d_lr: that of the discriminators, as a share of lr.
        lr_drop: step after which all learning rates are a tenth.
        ema: decay of the average of the generators' weights that is exported.
        gan: the adversarial game.
        fake: which patches of a generated picture count as fake.
        adversarial1: weight of G1's adversarial loss.
        fm1: weight of feature matching on D1.
        bce: weight of the cross-entropy of G1's edges in the hole.
        edge_weight: how much a pixel on an edge counts in it against one on none.
        l1: weight of the l1 loss.
        l2: weight of the mean squared error in the hole.
        hole_weight: how much a pixel in the hole counts in it against one outside.
        adversarial2: weight of G2's adversarial loss.
        fm2: weight of feature matching on D2.
        perceptual: VGG-19 weights of the perceptual and style losses: vgg19 (from the Hub), random, none or a file.
        perceptual_weight: weight of the perceptual loss.
        style_weight: weight of the style loss.
        canny_share: share of the samples in which G2 gets the true lines though there is a G1.
        blank_share: share of the samples in which G2 gets no lines in the hole.
        seed: seed of everything random.
        workers: processes that read photos and make samples; 0 does it in the main process.
        cache: megabytes of decoded photos kept in memory.
        device: where it runs.
        dtype: what forward passes compute in.
        compiled: whether torch.compile compiles the generators.
        log_every: steps between lines of the log.
        save_every: steps between checkpoints.
        sample_every: steps between picture grids; 0 for none.
        val_every: steps between validations.
        val_size: side of the validation pictures; None takes `size`.
        licence: what the weights may be used under, for the model card.
    """

    data: Path
    out: Path
    stage: Stage = Stage.JOINT
    val: Path | None = None
    masks: Path | None = None
    g1: Path | None = None
    g2: Path | None = None
    model: Size = Size.LITE
    residual_blocks: int = 8
    hole_fill: HoleFill = HoleFill.WHITE
    output: Output = Output.PICTURE
    size: int = 256
    batch: int = 8
    steps: int = 100_000
    lr: float = 1e-4
    d_lr: float = 0.1
    lr_drop: int | None = None
    ema: float = 0.999
    gan: Gan = Gan.NSGAN
    fake: FakePatches = FakePatches.PICTURE
    adversarial1: float = 1.0
    fm1: float = 10.0
    bce: float = 0.0
    edge_weight: float = 1.0
    l1: float = 1.0
    l2: float = 0.0
    hole_weight: float = 1.0
    adversarial2: float = 0.1
    fm2: float = 0.0
    perceptual: str = "vgg19"
    perceptual_weight: float = 0.1
    style_weight: float = 250.0
    canny_share: float = 0.0
    blank_share: float = 0.0
    seed: int = 0
    workers: int = 1
    cache: int = 2048
    device: str = "auto"
    dtype: Precision = Precision.AUTO
    compiled: bool = False
    log_every: int = 20
    save_every: int = 500
    sample_every: int = 1000
    val_every: int = 1000
    val_size: int | None = None
    licence: str = "not stated"

    @property
    def trains_g1(self) -> bool:
        """Whether G1 learns."""
        return self.stage is not Stage.INPAINT

    @property
    def trains_g2(self) -> bool:
        """Whether G2 learns."""
        return self.stage is not Stage.EDGE

    @property
    def has_g1(self) -> bool:
        """Whether there is a G1 at all: one that learns, or one that only gives lines."""
        return self.trains_g1 or self.g1 is not None

    @property
    def needs_harmonic_fill(self) -> bool:
        """Whether samples need a harmonic fill of their hole."""
        return self.trains_g2 and self.hole_fill is HoleFill.HARMONIC

    def check(self) -> None:
        """Raise a UsageError if these options can't go together."""
        if self.size < SMALLEST or self.size % MULTIPLE or (self.val_size or SMALLEST) % MULTIPLE:
            raise UsageError(f"--size {self.size}: a multiple of {MULTIPLE}, at least {SMALLEST}; --val-size likewise")
        if self.canny_share + self.blank_share > 1:
            raise UsageError("--canny-share and --blank-share add up to more than 1")
        if self.output is Output.CORRECTION and self.hole_fill is HoleFill.WHITE:
            raise UsageError("--output correction corrects a filling: it needs --hole-fill harmonic")
        if self.stage is Stage.EDGE and not (self.adversarial1 or self.fm1 or self.bce):
            raise UsageError("stage edge without any loss; one of --adversarial1, --fm1 and --bce has to be above 0")

    def as_table(self) -> dict[str, Any]:
        """Return the options as a TOML table has them; what is None is left out."""
        values = dataclasses.asdict(self).items()
        return {name: str(value) if isinstance(value, Path) else value for name, value in values if value is not None}

    def write(self, path: Path) -> None:
        """Write `config.toml`."""
        # A JSON string, number or boolean is the same in TOML.
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in self.as_table().items()]
        path.write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, path: Path, **changes: Any) -> Self:
        """Read `config.toml`, with changes.

        Raises:
            TrainingError: the file is missing, is no TOML, or names an option that does not exist.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8")) | changes
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise TrainingError(f"{path}: can't be read as a run's options ({error}); give a run's folder") from error
        kinds: dict[str, Any] = typing.get_type_hints(cls)
        if unknown := sorted(values.keys() - kinds.keys()):
            raise TrainingError(f"{path}: unknown option {unknown[0]}")
        try:
            return cls(**{name: _converted(value, kinds[name]) for name, value in values.items()})
        except (TypeError, ValueError) as error:
            raise TrainingError(f"{path}: {error}") from error


def _converted(value: Any, kind: Any) -> Any:
    """Return a value of a TOML file as the path or choice that its field holds."""
    if value is not None and (kind is Path or Path in typing.get_args(kind)):
        return Path(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, StrEnum) else value
