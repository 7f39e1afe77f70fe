"""The values that options of a training run are chosen from; standard library only."""

from enum import StrEnum

from inpaint_cli.options import Rival


class Stage(StrEnum):
    """What learns (paper, section 4.2)."""

    EDGE = "edge"  # G1
    INPAINT = "inpaint"  # G2, from Canny's edges or a G1 that stays as it is
    JOINT = "joint"  # both, G2 fed by G1
    RIVAL = "rival"  # one of the paper's rivals, by its own paper


class Recipe(StrEnum):
    """How the generators learn: initialisation, optimiser, schedule, augmentation, and the losses' default weights."""

    SHORT = "short"  # cross-entropy for G1, squared error for G2; hours on a processor
    REFINE = "refine"  # a second phase from there, with the paper's adversarial and feature-matching losses
    PAPER = "paper"  # the paper's alone


class Size(StrEnum):
    """Which networks, and how wide: EdgeConnect's or those of a rival, as in the paper or with half the channels."""

    LITE = "lite"
    FULL = "full"
    CA = "ca"
    CA_LITE = "ca-lite"
    GLCIC = "glcic"
    GLCIC_LITE = "glcic-lite"
    PCONV = "pconv"
    PCONV_LITE = "pconv-lite"

    @property
    def rival(self) -> Rival | None:
        """The rival; None for EdgeConnect."""
        name = self.removesuffix("-lite")
        return Rival(name) if name in set(Rival) else None

    @property
    def base_channels(self) -> int:
        """Width of the first layer."""
        paper = 64 if self.rival is None else self.rival.paper_channels
        return paper // 2 if self.endswith("lite") else paper


class HoleFill(StrEnum):
    """What stands in the hole of G2's input."""

    WHITE = "white"  # the paper's
    HARMONIC = "harmonic"  # the surroundings, spread along the lines


class Output(StrEnum):
    """What G2's output means."""

    PICTURE = "picture"  # the paper's
    CORRECTION = "correction"  # is added to the filling


class Contrast(StrEnum):
    """The scale of G2's colours."""

    NONE = "none"  # the paper's: as they are
    PHOTO = "photo"  # without the mean and in units of the standard deviation of the picture's known pixels


class EdgeChannel(StrEnum):
    """What G2's edge channel shows of the true lines in training."""

    BINARY = "binary"  # the paper's: all of them, as they are
    SOFT = "soft"  # of varying strength, blurred, with gaps, while only some of them hold the filling


class Target(StrEnum):
    """What the squared error compares G2's picture with."""

    PHOTO = "photo"
    LINES = "lines"  # the harmonic fill along the true lines: what lines can say, without texture that nobody can guess


class FakePatches(StrEnum):
    """Which of a generated picture's patches count as fake for D."""

    PICTURE = "picture"  # all; D sees G's whole picture
    HOLE = "hole"  # by their share of the hole; D sees the hole composited into the true picture


class Precision(StrEnum):
    """The precision of forward passes; the weights are always float32."""

    AUTO = "auto"  # bfloat16 where the processor has it
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
