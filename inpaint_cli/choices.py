"""The options of a fill resolved with a model: `auto` and missing values are taken from its configuration."""

from dataclasses import dataclass

from inpaint_cli.options import FillOptions, Lines, Painter
from inpaint_cli.weights.config import ModelConfig

_MAX_WORKING_SIZE = 512  # pixels, longest side: a processor paints it in about a second


@dataclass(frozen=True)
class Choices:
    """The options of one fill with one model.

    Attributes:
        options: the user's.
        config: the model's.
    """

    options: FillOptions
    config: ModelConfig

    @property
    def lines(self) -> Lines:
        """The source of lines."""
        if self.options.lines is not Lines.AUTO:
            return self.options.lines
        return Lines.G1 if self.options.plain else Lines(self.config.lines)

    def painter(self, *, drawn: bool) -> Painter:
        """What paints along lines that the user gave, or along guessed ones."""
        if self.options.painter is not Painter.AUTO:
            return self.options.painter
        return Painter.G2 if self.options.plain else self.config.painter_along(drawn=drawn)

    @property
    def sigma(self) -> float:
        """Canny's σ, in pixels."""
        return self.config.sigma if self.options.sigma is None else self.options.sigma

    @property
    def guide(self) -> float:
        """The weight of the painting in the search for patches."""
        return self.config.guide_weight if self.options.guide is None else self.options.guide

    @property
    def raw_map(self) -> bool:
        """Whether the edge map is the paper's: G1 looks at the working size, and its output itself is in the hole."""
        return self.options.plain or not self.config.look_sizes

    def longest(self, of_lines: int | None = None) -> int:
        """Return the longer side of the working size, in pixels.

        Args:
            of_lines: what suits the lines (`io.sketches.EdgeSource`); None: guessed ones.
        """
        painter = self.painter(drawn=of_lines is not None)
        by_network = painter is Painter.G2 or (painter is Painter.BOTH and of_lines is None)
        if by_network or (self.lines is Lines.G1 and self.raw_map):
            return self.longest_of_network
        return self.options.size or of_lines or self.config.line_size

    @property
    def longest_of_network(self) -> int:
        """The longer side that suits a network, in pixels: about twice what it was trained on."""
        return self.options.size or min(_MAX_WORKING_SIZE, 2 * self.config.train_size)
