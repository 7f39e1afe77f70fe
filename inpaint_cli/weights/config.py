"""The configuration of a model: `config.json` in its folder, or its entry in a registry."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from inpaint_cli.errors import WeightsError
from inpaint_cli.fields import FieldError, Limits, OneOf, from_table
from inpaint_cli.options import OLD_HARMONIC, Lines, Painter
from inpaint_cli.weights.untrusted import read_object

logger = logging.getLogger(__name__)

MODEL_TYPE = "edgeconnect"


@dataclass(frozen=True)
class ModelConfig:
    """The configuration of a pair of generators and the defaults that were measured for them.

    Attributes:
        base_channels: width of the generators' first layer; 64 in the paper.
        residual_blocks: number of residual blocks; 8 in the paper.
        sigma: σ of the Canny edges that the generators were trained with, in pixels.
        hole_fill: what stands in the hole of G2's input: white (the paper's), or the harmonic fill of its surroundings.
        output: whether G2 gives a picture (the paper's) or a correction that is added to the filling.
        contrast: whether G2 sees colours as they are (`none`, the paper's) or without the mean and in units of the
            standard deviation of the known pixels (`photo`), its correction being in these units too.
        mask_channel: whether G2's input has the mask as a fifth channel.
        edge_channel: what G2's edge channel showed in training: the true lines as they are (`binary`, the paper's), or
            soft ones, not all of which held the filling (`soft`); then what G1 only supposes is a soft wall of the
            filling (`imaging.fillings`).
        train_size: side of the training crops in pixels.
        lines: the source of lines that `auto` stands for with this model.
        painter: the painter that `auto` stands for with this model.
        drawn_painter: the same along lines that the user gave; `auto`: the same one.
        look_sizes: the sizes, longer side in pixels, at which G1 looks at a window; its map is the mean of its looks,
            lines are found in it, and what is left of it are soft walls. Empty is the paper's way: G1 looks at the
            working size, and its output is taken as it is.
        line_size: the working size, longer side in pixels, where lines are found and no network paints.
        wall_strength: resistance of a soft wall where G1 is certain of an edge, for the harmonic painter; 0 for none.
        wall_exponent: power of G1's probability that the resistance grows with.
        guide_weight: how much the painting counts in the search for patches, ≥ 0.
    """

    # The limits are what any machine can hold and any photo needs: a stranger's file asks for no more.
    base_channels: Annotated[int, Limits(min=1, max=512)] = 64
    residual_blocks: Annotated[int, Limits(min=1, max=64)] = 8
    sigma: Annotated[float, Limits(min=0, max=20)] = 2.0
    hole_fill: Literal["white", "harmonic"] = "white"
    output: Literal["picture", "correction"] = "picture"
    contrast: Literal["none", "photo"] = "none"
    mask_channel: bool = False
    edge_channel: Literal["binary", "soft"] = "binary"
    train_size: Annotated[int, Limits(min=4, max=4096)] = 256
    lines: Annotated[str, OneOf(tuple(choice for choice in Lines if choice != Lines.AUTO))] = "g1"
    painter: Annotated[str, OneOf(tuple(choice for choice in Painter if choice != Painter.AUTO))] = "g2"
    drawn_painter: Annotated[str, OneOf(tuple(Painter))] = "auto"
    look_sizes: Annotated[tuple[int, ...], Limits(min=16, max=4096, multiple=4)] = ()
    line_size: Annotated[int, Limits(min=16, max=4096)] = 256
    wall_strength: Annotated[float, Limits(min=0, max=1e6)] = 0.0
    wall_exponent: Annotated[float, Limits(min=0, max=100)] = 1.0
    guide_weight: Annotated[float, Limits(min=0, max=1000)] = 0.05

    def painter_along(self, *, drawn: bool) -> Painter:
        """Return the painter that `auto` stands for along lines that the user gave, or along guessed ones."""
        return Painter(self.painter if not drawn or self.drawn_painter == Painter.AUTO else self.drawn_painter)

    @classmethod
    def from_table(cls, table: Mapping[str, object], where: str) -> "ModelConfig":
        """Return the configuration in a JSON object or TOML table; keys that it leaves out have the paper's values.

        Args:
            table: keys are this class's attributes.
            where: what to call the table in an error, usually its file.

        Raises:
            WeightsError: a key is unknown or its value is invalid.
        """
        table = dict(table)
        for key in ("hole_fill", "painter"):
            if table.get(key) == OLD_HARMONIC:
                logger.warning("%s: %s = %r is called %r now", where, key, OLD_HARMONIC, Painter.HARMONIC.value)
                table[key] = Painter.HARMONIC.value
        try:
            config = from_table(cls, table)
        except FieldError as error:
            raise WeightsError(f"{where}: {error}") from error
        if config.contrast == "photo" and config.output != "correction":
            raise WeightsError(f"{where}: contrast = 'photo' scales a correction; it needs output = 'correction'")
        return config

    @classmethod
    def from_json(cls, path: Path) -> "ModelConfig":
        """Read a model folder's `config.json`.

        Raises:
            WeightsError: the file can't be read, is not about a model of this kind, or states an invalid value.
        """
        table = read_object(path)
        model = table.pop("model", None)
        if model != MODEL_TYPE:
            raise WeightsError(f'{path}: not a model for this tool: "model" is {model!r}, expected {MODEL_TYPE!r}')
        return cls.from_table(table, str(path))

    def to_json(self, path: Path) -> None:
        """Write `config.json` so that `from_json` gives this configuration back."""
        path.write_text(json.dumps({"model": MODEL_TYPE, **asdict(self)}, indent=2) + "\n", "utf-8")
