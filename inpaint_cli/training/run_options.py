"""The options of a training run, each with its default and description; standard library only.

The command line is made from these fields, a run's `config.toml` holds their values. The defaults are those of the
recipe `short`; `RECIPES` says where the others differ.
"""

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from inpaint_cli.errors import TrainingError, UsageError
from inpaint_cli.fields import FieldError, Limits, from_table
from inpaint_cli.nn.gan import Gan
from inpaint_cli.options import Rival
from inpaint_cli.training.option_values import (
    Contrast,
    EdgeChannel,
    FakePatches,
    HoleFill,
    Output,
    Precision,
    Recipe,
    Size,
    Stage,
    Target,
)
from inpaint_cli.training.recipes import OF_EDGECONNECT, RECIPES, RIVALS

# What lies in a run's folder.
CONFIG = "config.toml"
LOG = "log.jsonl"
CHECKPOINT = "checkpoint.pt"
SAMPLES = "samples"
BOARD = "tensorboard"


_RUN, _DATA, _START = "The run", "Data", "Generators"
_LOSSES, _RATES, _OFTEN, _SPEED = "Losses", "Steps and rates", "How often", "Speed"


@dataclass(frozen=True)
class Option(Limits):
    """The limits of a field, and how the command line shows it.

    Attributes:
        panel: the group of options that it stands in.
        help: its description.
        metavar: what stands for its value; None leaves that to its type.
        name: the option's name where it is not the field's.
    """

    panel: str
    help: str
    metavar: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class TrainOptions:
    """A training run; each field's `Option` describes it."""

    data: Annotated[Path, Option(_DATA, "Photos to learn from, of any size; sub-folders are searched too.", "DIR")]
    out: Annotated[Path, Option(_RUN, "The run's folder: options, log, checkpoint, sample pictures.", "RUN")]
    stage: Annotated[
        Stage,
        Option(
            _RUN,
            "What is trained. edge: G1. inpaint: G2 from Canny's edges, or from the lines of a fixed --g1. "
            "joint: both, G2 fed by G1. rival: one of the systems that the paper compares itself with, by its own "
            "paper; --model says which.",
        ),
    ] = Stage.JOINT
    recipe: Annotated[
        Recipe,
        Option(
            _RUN,
            "How it is trained; options not given have the recipe's values. short: cross-entropy for G1, squared error "
            "for G2. refine: a second phase from a --g1 or --g2, with the paper's adversarial and feature-matching "
            "losses added. paper: the paper's losses, optimiser, networks and masks alone.",
        ),
    ] = Recipe.SHORT
    val: Annotated[Path | None, Option(_DATA, "Photos to validate with; at most 48 are used.", "DIR")] = None
    masks: Annotated[
        Path | None,
        Option(
            _DATA,
            "Mask files, white = missing. Not given: made on the fly, strokes, blobs and boxes of 4 to 50 %; with "
            "--recipe paper strokes, boxes and halves of 0 to 60 %.",
            "DIR",
        ),
    ] = None
    g1: Annotated[
        Path | None, Option(_START, "A run or model whose G1 is the start; in stage inpaint it gives the lines.", "RUN")
    ] = None
    g2: Annotated[Path | None, Option(_START, "A run or model whose G2 is the start.", "RUN")] = None
    model: Annotated[
        Size,
        Option(
            _START,
            "Which networks. full: EdgeConnect's, 64 channels in the first layer as in the paper. lite: half of that, "
            "a quarter of the cost. With --stage rival ca, glcic or pconv, or with -lite likewise.",
        ),
    ] = Size.LITE
    base_channels: Annotated[
        int | None,
        Option(
            _START,
            "Channels of the generators' first layer where --model's are not meant; discriminators begin as wide.",
            "N",
            min=4,
        ),
    ] = None
    residual_blocks: Annotated[int, Option(_START, "Residual blocks of each generator.", "N", min=1)] = 8
    hole_fill: Annotated[
        HoleFill,
        Option(_START, "What stands in the hole of G2's input: white, or its surroundings spread along the lines."),
    ] = HoleFill.HARMONIC
    output: Annotated[Output, Option(_START, "What G2 gives: the picture, or a correction to the filling.")] = (
        Output.CORRECTION
    )
    contrast: Annotated[
        Contrast,
        Option(
            _START,
            "The scale of G2's colours: as they are (none), or relative to the mean and the standard deviation of the "
            "picture's known pixels, which instance normalisation would forget (photo).",
        ),
    ] = Contrast.PHOTO
    mask_channel: Annotated[
        bool, Option(_START, "Give G2 the mask as a fifth channel, where a filling hides the hole.")
    ] = True
    edge_channel: Annotated[
        EdgeChannel,
        Option(
            _START,
            "What G2's edge channel shows of the true lines: all as they are (binary), or lines of varying strength, "
            "blurred and with gaps, only some of which hold the filling (soft).",
        ),
    ] = EdgeChannel.SOFT
    size: Annotated[
        tuple[int, ...],
        Option(
            _DATA,
            "Side of the square crops, a multiple of 4. Given several times, each step draws one of them, with as many "
            "samples as make the pixels of --batch crops of the first.",
            "PIXELS",
        ),
    ] = (96,)
    batch: Annotated[int, Option(_RATES, "Samples per step and process.", "N", min=1)] = 16
    reuse: Annotated[
        int,
        Option(
            _RATES,
            "How often each sample is used, each time turned, mirrored and with its colours in another order: the "
            "harmonic fills of small crops take longer than the network.",
            "N",
            min=1,
        ),
    ] = 1
    steps: Annotated[int, Option(_RATES, "The step to stop at.", "N", min=1)] = 20_000
    lr: Annotated[
        float,
        Option(
            _RATES,
            "Learning rate of the generators. It warms up over 200 steps and falls along half a cosine to --steps; "
            "with --recipe paper it is constant.",
            min=0,
        ),
    ] = 1e-3
    d_lr: Annotated[float, Option(_RATES, "That of the discriminators, as a share of --lr.", min=0)] = 0.1
    lr_drop: Annotated[
        int | None,
        Option(_RATES, "With --recipe paper, the step after which both rates are a tenth.", "STEP", min=0),
    ] = None
    ema: Annotated[
        float,
        Option(
            _RATES,
            "Decay of the average of the generators' weights; the average is what is exported.",
            min=0,
            max=1,
        ),
    ] = 0.998
    gan: Annotated[Gan, Option(_LOSSES, "The adversarial game: non-saturating, least squares or hinge.")] = Gan.NSGAN
    fake: Annotated[
        FakePatches,
        Option(_LOSSES, "Which patches of a generated picture count as fake: all, or those in the hole."),
    ] = FakePatches.PICTURE
    adversarial1: Annotated[float, Option(_LOSSES, "Weight of G1's adversarial loss.", min=0)] = 0.0
    fm1: Annotated[float, Option(_LOSSES, "Weight of feature matching on D1.", min=0)] = 0.0
    bce: Annotated[
        float, Option(_LOSSES, "Weight of the cross-entropy of G1's edges, which the paper does not have.", min=0)
    ] = 1.0
    edge_weight: Annotated[
        float, Option(_LOSSES, "How much a pixel on an edge counts in the cross-entropy against one on none.", min=0)
    ] = 3.0
    outside_weight: Annotated[
        float,
        Option(_LOSSES, "How much a pixel outside the hole counts in the cross-entropy against one inside.", min=0),
    ] = 0.1
    l1: Annotated[float, Option(_LOSSES, "Weight of the l1 loss, which is divided by the mask's mean.", min=0)] = 0.0
    hole_weight: Annotated[
        float, Option(_LOSSES, "How much a pixel in the hole counts in the l1 loss against one outside.", min=0)
    ] = 1.0
    l2: Annotated[
        float,
        Option(
            _LOSSES,
            "Weight of the mean squared error in the hole, which the paper does not have; with --contrast photo it is "
            "divided by the picture's variance.",
            min=0,
        ),
    ] = 1.0
    target: Annotated[
        Target,
        Option(
            _LOSSES,
            "What the squared error compares with: the photo, or its harmonic fill along the true lines, the part "
            "of it that lines determine, without texture that can't be predicted.",
        ),
    ] = Target.LINES
    photo_share: Annotated[
        float,
        Option(_LOSSES, "With --target lines, the share of the photo that is mixed into that fill.", min=0, max=1),
    ] = 0.0
    adversarial2: Annotated[float, Option(_LOSSES, "Weight of G2's adversarial loss.", min=0)] = 0.0
    fm2: Annotated[
        float, Option(_LOSSES, "Weight of feature matching on D2, which the paper does not have.", min=0)
    ] = 0.0
    perceptual: Annotated[
        str,
        Option(
            _LOSSES,
            "VGG-19 (PConv's is VGG-16) of the perceptual and style losses: from the Hub, with random weights, left "
            "out, or a file.",
            "vgg19|vgg16|random|none|FILE",
        ),
    ] = "none"
    perceptual_weight: Annotated[float, Option(_LOSSES, "Weight of the perceptual loss.", min=0)] = 0.1
    style_weight: Annotated[float, Option(_LOSSES, "Weight of the style loss.", min=0)] = 250.0
    canny_share: Annotated[
        float,
        Option(
            _LOSSES,
            "Share of the samples in which G2 gets the true lines and not G1's, so that sketches keep working.",
            min=0,
            max=1,
        ),
    ] = 0.5
    blank_share: Annotated[
        float, Option(_LOSSES, "Share of the samples in which G2 gets no lines in the hole.", min=0, max=1)
    ] = 0.1
    workers: Annotated[
        int, Option(_SPEED, "Processes that read photos and prepare samples; 0 does it between the steps.", "N", min=0)
    ] = 1
    cache: Annotated[
        int, Option(_SPEED, "Memory for decoded photos; what does not fit is decoded again each time.", "MB", min=0)
    ] = 2048
    dtype: Annotated[
        Precision, Option(_SPEED, "What forward passes compute in; auto takes bfloat16 where the processor has it.")
    ] = Precision.AUTO
    compiled: Annotated[
        bool,
        Option(
            _SPEED,
            "Compile the generators with torch.compile: slow to start, faster on a GPU.",
            name="--compile/--no-compile",
        ),
    ] = False
    log_every: Annotated[int, Option(_OFTEN, "Steps between lines of the log.", "STEPS", min=1)] = 20
    save_every: Annotated[
        float,
        Option(
            _OFTEN, "Minutes between checkpoints, the first after one at most; 0 saves each step.", "MINUTES", min=0
        ),
    ] = 5.0
    sample_every: Annotated[
        int,
        Option(
            _OFTEN,
            "Steps between picture grids (input, true edges, edges in use, result, truth); 0 for none.",
            "STEPS",
            min=0,
        ),
    ] = 1000
    val_every: Annotated[
        int,
        Option(
            _OFTEN,
            "Steps between validations: precision, recall and F1 of G1's lines within 2 pixels; PSNR in the hole of "
            "G2, without lines, with G1's, with the true ones.",
            "STEPS",
            min=1,
        ),
    ] = 1000
    val_size: Annotated[
        int | None, Option(_OFTEN, "Side of the validation pictures; the largest --size if not given.", "PIXELS")
    ] = None
    licence: Annotated[str, Option(_RUN, "What the weights may be used under, for the model card.", "TEXT")] = (
        "not stated"
    )
    device: str = "auto"
    seed: int = 0

    @classmethod
    def of(cls, **given: Any) -> Self:
        """Return the options of the recipe in `given`, with the other values given."""
        stage, rival = given.get("stage", cls.stage), given.get("model", cls.model).rival
        if stage is Stage.RIVAL:
            given = {"recipe": Recipe.PAPER, **given}
            idle = sorted(given.keys() & (OF_EDGECONNECT - ({"perceptual"} if rival is Rival.PCONV else set())))
            if idle:
                raise UsageError(f"--{idle[0].replace('_', '-')}: not with --stage rival, which has its own paper's")
        values = RECIPES[given.get("recipe", cls.recipe)] | (RIVALS[rival] if rival else {})
        return cls(**values | given)

    @property
    def width(self) -> int:
        """Channels of the generators' first layer."""
        return self.base_channels or self.model.base_channels

    @property
    def rival(self) -> Rival | None:
        """The rival that learns; None for EdgeConnect."""
        return self.model.rival

    @property
    def largest(self) -> int:
        """Side of the largest crops."""
        return max(self.size)

    @property
    def trains_g1(self) -> bool:
        """Whether G1 learns."""
        return self.stage in {Stage.EDGE, Stage.JOINT}

    @property
    def trains_g2(self) -> bool:
        """Whether G2 learns."""
        return self.stage in {Stage.INPAINT, Stage.JOINT}

    @property
    def has_g1(self) -> bool:
        """Whether there is a G1 at all: one that learns, or one that only gives lines."""
        return self.trains_g1 or self.g1 is not None

    @property
    def needs_harmonic_fill(self) -> bool:
        """Whether samples need a harmonic fill of their hole."""
        return self.trains_g2 and self.hole_fill is HoleFill.HARMONIC

    def as_table(self) -> dict[str, Any]:
        """Return the options as a TOML table has them; what is None is left out."""
        values = dataclasses.asdict(self).items()
        return {name: str(value) if isinstance(value, Path) else value for name, value in values if value is not None}

    def write(self, path: Path) -> None:
        """Write `config.toml`."""
        # A JSON string, number, boolean or list is the same in TOML.
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in self.as_table().items()]
        path.write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, path: Path, **changes: Any) -> Self:
        """Read `config.toml`, with changes.

        Raises:
            TrainingError: the file is missing, is no TOML, or holds an unknown option or an invalid value.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8")) | changes
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise TrainingError(f"{path}: can't be read as a run's options ({error}); give a run's folder") from error
        try:
            return from_table(cls, values)
        except FieldError as error:
            raise TrainingError(f"{path}: {error}") from error
