"""The networks of a run: generators, discriminators, the averages that are exported, and what a run starts from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim.swa_utils import AveragedModel

from inpaint_cli.errors import TrainingError
from inpaint_cli.nn.discriminators import PatchDiscriminator
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.training.option_values import Output, Recipe
from inpaint_cli.training.run_options import CHECKPOINT, TrainOptions
from inpaint_cli.weights.checkpoints import fold_spectral_norm, read_generator
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.registry import CONFIG

Kind = Literal["g1", "g2", "generator"]  # the last is a rival's

EDGES_ARE_RARE = -2.5  # log-odds of an edge in each pixel at the start: 8 %
_ENTRANCE, _EXIT = "encoder.1.weight", "decoder.7."


class TrainingNetworks(nn.Module):
    """G1, D1, G2 and D2 as far as the stage needs them, and the averages of G1 and G2 that are exported.

    Args:
        options: the run's.
        fresh: start where `options.g1` and `options.g2` say; not for a run whose checkpoint is loaded next.

    Attributes:
        g1: the edge generator; None where there is none.
        d1: its discriminator; None unless G1 learns from one.
        g2: the inpainting generator; None in stage edge.
        d2: its discriminator; None unless G2 learns from one.
        g1_average: the average of g1; None unless G1 learns.
        g2_average: that of g2.
    """

    def __init__(self, options: TrainOptions, *, fresh: bool = True) -> None:
        super().__init__()
        width, blocks = options.width, options.residual_blocks
        d_width = options.base_channels or 64
        self.g1 = EdgeGenerator(width, blocks) if options.has_g1 else None
        self.g2 = InpaintGenerator(width, blocks, mask_channel=options.mask_channel) if options.trains_g2 else None
        judged1 = options.trains_g1 and (options.adversarial1 or options.fm1)
        judged2 = options.trains_g2 and (options.adversarial2 or options.fm2)
        self.d1 = PatchDiscriminator(2, d_width) if judged1 else None
        self.d2 = PatchDiscriminator(3, d_width) if judged2 else None
        if fresh:
            if options.recipe is not Recipe.PAPER:
                initialise(self.g1, self.g2)
            if options.output is Output.CORRECTION:
                begin_at_zero(self.g2)
            self._start(options)
        if self.g1 is not None and options.trains_g1 and options.recipe is Recipe.PAPER:
            add_spectral_norm(self.g1)
        self.g1_average = average_of(self.g1, options.ema) if self.g1 is not None and options.trains_g1 else None
        self.g2_average = average_of(self.g2, options.ema) if self.g2 is not None else None
        if self.g1 is not None and not options.trains_g1:
            self.g1.requires_grad_(False).eval()

    def _start(self, options: TrainOptions) -> None:
        """Load the weights that the run starts from.

        Raises:
            TrainingError, WeightsError: they are missing, or of another size.
        """
        starts: tuple[tuple[Kind, nn.Module | None, Path | None], ...]
        starts = (("g1", self.g1, options.g1), ("g2", self.g2, options.g2))
        for kind, generator, start in starts:
            if generator is None or start is None:
                continue
            try:
                generator.load_state_dict(_starting_weights(start, kind, options, generator.state_dict()))
            except RuntimeError as error:
                raise TrainingError(f"{start}: its {kind.upper()} is of another size than --model says") from error

    @property
    def generators(self) -> list[nn.Module]:
        """The generators that learn."""
        return [network for network in (self.g1, self.g2) if network is not None and _learns(network)]

    @property
    def discriminators(self) -> list[nn.Module]:
        """The discriminators."""
        return [network for network in (self.d1, self.d2) if network is not None]

    def update_averages(self) -> None:
        """Move the averages towards the generators."""
        for average, generator in ((self.g1_average, self.g1), (self.g2_average, self.g2)):
            if average is not None and generator is not None:
                average.update_parameters(generator)


def _learns(network: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in network.parameters())


def initialise(g1: nn.Module | None, g2: nn.Module | None) -> None:
    """Initialise all layers but the last after He et al. 2015; G1 starts with a low probability of edges."""
    for generator in (g1, g2):
        convolutions = (nn.Conv2d, nn.ConvTranspose2d)
        layers = [m for m in (generator.modules() if generator else ()) if isinstance(m, convolutions)]
        for layer in layers[:-1]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        if generator is g1 and layers:
            nn.init.normal_(layers[-1].weight, std=0.01)
            nn.init.constant_(layers[-1].bias, EDGES_ARE_RARE)  # type: ignore[arg-type]


def begin_at_zero(g2: InpaintGenerator | None) -> None:
    """Initialise G2's last layer with zeros, a correction that changes nothing."""
    if g2 is not None:
        last = g2.decoder[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]


def add_spectral_norm(g1: EdgeGenerator) -> None:
    """Normalise every convolution but the last spectrally (Miyato et al. 2018), as the paper does.

    Each is followed by instance normalisation, so G1's output stays the same.
    """
    convolutions = [m for m in g1.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    for module in convolutions[:-1]:
        spectral_norm(module)


def average_of(generator: nn.Module, decay: float, *, buffers: bool = False) -> AveragedModel:
    """Return the moving average of a generator's weights; with a shorter memory in the first steps.

    Args:
        generator: what learns.
        decay: share of the average that is left after a step.
        buffers: average batch normalisation's means and variances too, which belong to the weights; False copies them.
    """

    def move(averages: Sequence[Tensor], now: Sequence[Tensor], number: Tensor | int) -> None:
        step = int(number)
        if averages[0].is_floating_point():
            torch._foreach_lerp_(list(averages), list(now), 1 - min(decay, (1 + step) / (10 + step)))

    average = AveragedModel(generator, multi_avg_fn=move, use_buffers=buffers)
    return average.requires_grad_(False).eval()


def _starting_weights(start: Path, kind: Kind, options: TrainOptions, fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights to start from, of a run or of a model's folder, in the shapes of a fresh generator.

    A G2 with another kind of output starts with all but its last layer; one without a mask channel gets a fresh one.
    """
    if (start / CHECKPOINT).is_file() or not (start / CONFIG).is_file():
        state = fold_spectral_norm(read_average(start, kind))
        output = TrainOptions.read(start / "config.toml").output.value
    else:
        config = ModelConfig.from_json(start / CONFIG)
        name: Literal["edge", "inpaint"] = "edge" if kind == "g1" else "inpaint"
        state = read_generator(start / f"{name}.safetensors", name, config)
        output = config.output
    if kind == "g2":
        if output != options.output.value:
            state |= {key: weight for key, weight in fresh.items() if key.startswith(_EXIT)}
        missing = fresh[_ENTRANCE].shape[1] - state[_ENTRANCE].shape[1]
        if missing > 0:
            added = fresh[_ENTRANCE][:, -missing:]
            state[_ENTRANCE] = torch.cat([state[_ENTRANCE], added * (state[_ENTRANCE].std() / added.std())], dim=1)
    return state


def read_average(run: Path, kind: Kind) -> dict[str, Tensor]:
    """Return the averaged weights of a run's generator, spectral norm not folded.

    Args:
        run: the run's folder.
        kind: which. A G1 that only gave lines is taken as it is.

    Raises:
        TrainingError: there is no such run, or no such generator in it.
    """
    state = _read_checkpoint(run)["networks"]
    for prefix in (f"{kind}_average.module.", f"{kind}."):
        if weights := {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}:
            return weights
    raise TrainingError(f"{run}: this run has no {kind.upper()}; a later stage gets one with --{kind} RUN")


def steps_done(run: Path) -> int:
    """Return the number of steps behind a run's checkpoint.

    Raises:
        TrainingError: there is no such run.
    """
    step: int = _read_checkpoint(run)["step"]
    return step


def _read_checkpoint(run: Path) -> dict[str, Any]:
    path = run / CHECKPOINT
    if not path.is_file():
        raise TrainingError(f"{run}: neither a run (it has no {CHECKPOINT}) nor a model (it has no {CONFIG})")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
