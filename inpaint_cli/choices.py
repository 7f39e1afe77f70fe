"""What the options stand for with a model: `auto` resolved, and what is not said taken from its configuration."""

from dataclasses import dataclass

from inpaint_cli.options import FillOptions, Lines, Painter
from inpaint_cli.weights.config import ModelConfig

_MAX_WORKING_SIZE = 512  # pixels, longest side: what a processor paints in a second


@dataclass(frozen=True)
class Choices:
    """The options of one fill with one model.

    Attributes:
        options: what the user said.
        config: what the model says.
    """

    options: FillOptions
    config: ModelConfig

    @property
    def lines(self) -> Lines:
        """The source of lines."""
        if self.options.lines is not Lines.AUTO:
            return self.options.lines
        return Lines.G1 if self.options.plain else Lines(self.config.lines)

    @property
    def painter(self) -> Painter:
        """What paints along them."""
        if self.options.painter is not Painter.AUTO:
            return self.options.painter
        return Painter.G2 if self.options.plain else Painter(self.config.painter)

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
        """Return the longer side of the working size, in pixels: for a network about twice what it was trained on.

        Args:
            of_lines: what suits the lines (`io.sketches.EdgeSource`); None: guessed ones.
        """
        if self.options.size is not None:
            return self.options.size
        if self.painter is Painter.G2 or (self.lines is Lines.G1 and self.raw_map):
            return min(_MAX_WORKING_SIZE, 2 * self.config.train_size)
        return of_lines or self.config.line_size
