"""What a user can choose, and every default of the pipeline: one dataclass, standard library only.

The command line fills it, the pipeline reads it, the tests and benchmarks vary it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from inpaint_cli.errors import UsageError

DEFAULT_WEIGHTS = "open-lite"
STAGES = "inpaint_cli.stages"  # the logger of what a photo is going through
LARGEST_OBJECT = 0.5  # share of a photo that `remove` fills without --large-hole
MULTIPLE = 4  # of every working size and crop, in pixels: the networks halve them twice


class Method(StrEnum):
    """What fills the hole."""

    EDGECONNECT = "edgeconnect"
    TELEA = "telea"
    NAVIER_STOKES = "navier-stokes"
    PATCHMATCH = "patchmatch"


class Rival(StrEnum):
    """The systems that the paper's Table 1 compares with EdgeConnect."""

    CA = "ca"  # Contextual Attention, Yu et al. 2018
    GLCIC = "glcic"  # Iizuka et al. 2017
    PCONV = "pconv"  # Liu et al. 2018

    @property
    def paper_channels(self) -> int:
        """Width of the first layer in its paper."""
        return 32 if self is Rival.CA else 64


class Lines(StrEnum):
    """Where the lines inside the hole come from when the user gives none."""

    AUTO = "auto"  # what the model's registry entry says
    G1 = "g1"
    CONTINUE = "continue"
    NONE = "none"


class Painter(StrEnum):
    """What paints colours along the lines."""

    AUTO = "auto"  # what the model's registry entry says
    G2 = "g2"
    HARMONIC = "harmonic"
    BOTH = "both"  # the mean of the two


OLD_HARMONIC = "diffusion"  # the word for `harmonic` before version 0.2: still accepted, with a warning


class EdgesMode(StrEnum):
    """How a sketch is combined with the lines that the tool finds."""

    REPLACE = "replace"
    ADD = "add"


class Ink(StrEnum):
    """Which shade of a sketch is the stroke."""

    AUTO = "auto"
    DARK = "dark"
    LIGHT = "light"


class Dtype(StrEnum):
    """The arithmetic of the networks."""

    AUTO = "auto"  # the fastest that the device supports
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class Backend(StrEnum):
    """What runs the networks."""

    AUTO = "auto"  # see `inference.backends.choose_backend`
    OPENCV = "opencv"
    TORCH = "torch"


class Side(StrEnum):
    """Which half of a photo."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True)
class FillOptions:
    """How one photo's holes are filled; lengths are in pixels of the photo unless said otherwise.

    Attributes:
        method: EdgeConnect or one of the classical fills.
        lines: the source of lines where no sketch is given.
        painter: what paints along them.
        sigma: Canny's σ in pixels of the working size; None takes the model's.
        edges_mode: whether a sketch replaces the lines found or is added to them.
        ink: which shade of a sketch is the stroke.
        size: longest side of the working size, a multiple of 4; None takes 256 for guessed lines, 512 for drawn
            ones, and for a network twice what it was trained on, at most 512.
        context: what a window shows around its holes on each side, as a share of their extent.
        grow: by how much the mask is grown; None takes a share of the object's size.
        feather: width of the blend inside the grown rim; None blends the outer half.
        harmonise: match the painting's border to the photo.
        texture: finish with patches of the photo itself.
        guide: weight of the painting in the search for patches; None takes the model's.
        plain: the networks alone on the whole photo at its own size, as papers measure.
        seed: of the search for patches.
        keep_steps: keep every intermediate picture in the result.
    """

    method: Method = Method.EDGECONNECT
    lines: Lines = Lines.AUTO
    painter: Painter = Painter.AUTO
    sigma: float | None = None
    edges_mode: EdgesMode = EdgesMode.REPLACE
    ink: Ink = Ink.AUTO
    size: int | None = None
    context: float = 1.0
    grow: int | None = 0
    feather: int | None = 0
    harmonise: bool = True
    texture: bool = True
    guide: float | None = None
    plain: bool = False
    seed: int = 0
    keep_steps: bool = False


def check_dtype(name: str) -> str:
    """Return the precision of this name.

    Raises:
        UsageError: it is none.
    """
    if name not in set(Dtype):
        raise UsageError(f"--dtype {name}: one of {', '.join(Dtype)}")
    return name


def check_backend(name: str) -> Backend:
    """Return the backend of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in set(Backend):
        raise UsageError(f"--backend {name}: one of {', '.join(Backend)}")
    return Backend(name)


def check_device(name: str) -> str:
    """Return a device's name if it is well-formed.

    Raises:
        UsageError: it is none.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        raise UsageError(f"--device {name}: not a device; one of auto, cpu, cuda, cuda:N, mps")
    return name
