"""Everything that learns in a run, and what it learns from: generators, discriminators, optimisers, averages."""

import copy
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from inpaint_cli.errors import TrainingError
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.nn.discriminators import PatchDiscriminator
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator, edge_input, inpaint_input
from inpaint_cli.training.data import G1_LINES, NO_LINES, Batch
from inpaint_cli.training.options import CHECKPOINT, TrainOptions
from inpaint_cli.weights.checkpoints import read_generator
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.registry import CONFIG

Kind = Literal["g1", "g2"]


class TrainingNetworks(nn.Module):
    """G1, D1, G2 and D2 as far as the stage needs them, and the averages of G1 and G2 that are exported.

    Args:
        options: the run's.
        fresh: start where `options.g1` and `options.g2` say; not for a run whose checkpoint is loaded next.

    Attributes:
        g1: the edge generator; None where there is none.
        d1: its discriminator; None unless G1 learns.
        g2: the inpainting generator; None in stage edge.
        d2: its discriminator; None unless G2 learns from one.
    """

    def __init__(self, options: TrainOptions, *, fresh: bool = True) -> None:
        super().__init__()
        width, blocks = options.model.base_channels, options.residual_blocks
        self.harmonic = options.needs_harmonic_fill
        self.g1 = EdgeGenerator(width, blocks, spectral=True) if options.has_g1 else None
        self.g2 = InpaintGenerator(width, blocks, output=options.output.value) if options.trains_g2 else None
        self.d1 = PatchDiscriminator(2) if options.trains_g1 and (options.adversarial1 or options.fm1) else None
        self.d2 = PatchDiscriminator(3) if options.trains_g2 and (options.adversarial2 or options.fm2) else None
        if fresh:
            self._start(options)
        self.g1_average = _average_of(self.g1) if options.trains_g1 else None
        self.g2_average = _average_of(self.g2)
        if self.g1 is not None and not options.trains_g1:
            self.g1.requires_grad_(False).eval()

    def _start(self, options: TrainOptions) -> None:
        """Load what the run starts from.

        Raises:
            TrainingError, WeightsError: it is not there, or no generator of this size.
        """
        starts: tuple[tuple[Kind, nn.Module | None, Path | None], ...]
        starts = (("g1", self.g1, options.g1), ("g2", self.g2, options.g2))
        for kind, generator, start in starts:
            if generator is None or start is None:
                continue
            try:
                generator.load_state_dict(_starting_weights(start, kind, options, generator))
            except RuntimeError as error:
                raise TrainingError(f"{start}: its {kind.upper()} is of another size than --model says") from error

    def lines(self, batch: Batch, g1: nn.Module | None) -> tuple[Tensor | None, Tensor]:
        """Return C_pred (None without G1) and C_comp, N×1×H×W: in the hole the lines that `batch.lines` says."""
        inside = torch.where(batch.lines == NO_LINES, 0.0, batch.true_edges)
        predicted = None
        if g1 is not None:
            predicted = g1(edge_input(batch.gray, batch.known_edges, batch.mask)).float()
            inside = torch.where(batch.lines == G1_LINES, predicted, inside)
        return predicted, batch.known_edges + inside * batch.mask

    def paint(self, batch: Batch, edges: Tensor, g2: nn.Module) -> Tensor:
        """Return I_pred, N×3×H×W, for C_comp."""
        filling = self._filling(batch, edges) if self.harmonic else None
        painting: Tensor = g2(inpaint_input(batch.image, edges, batch.mask, filling)).float()
        return painting

    def _filling(self, batch: Batch, edges: Tensor) -> Tensor:
        """Return the diffused hole; where the lines are G1's no worker process could know them."""
        filling = batch.filling.clone()
        for i in (batch.lines.flatten() == G1_LINES).nonzero().flatten().tolist():
            image = batch.image[i].permute(1, 2, 0).cpu().numpy()
            hole, walls = batch.mask[i, 0].cpu().numpy() > 0.5, edges[i, 0].detach().cpu().numpy() > EDGE_THRESHOLD
            filling[i] = torch.from_numpy(harmonic_fill(image, hole, walls)).permute(2, 0, 1).to(filling)
        return filling

    @torch.no_grad()
    def update_averages(self, decay: float, step: int) -> None:
        """Move the averages towards the generators; the first steps weigh more, or the start would linger."""
        decay = min(decay, (1 + step) / (10 + step))
        for average, generator in ((self.g1_average, self.g1), (self.g2_average, self.g2)):
            if average is None or generator is None:
                continue
            for mean, now in zip(average.parameters(), generator.parameters(), strict=True):
                mean.data.lerp_(now.data, 1 - decay)
            for average_buffer, buffer in zip(average.buffers(), generator.buffers(), strict=True):
                average_buffer.copy_(buffer)


def _average_of(generator: nn.Module | None) -> nn.Module | None:
    return None if generator is None else copy.deepcopy(generator).requires_grad_(False).eval()


def _starting_weights(start: Path, kind: Kind, options: TrainOptions, fresh: nn.Module) -> dict[str, Tensor]:
    """Return the weights to start from, of a run or of a model's folder, with the keys of a fresh generator."""
    if (start / CHECKPOINT).is_file() or not (start / CONFIG).is_file():
        return read_average(start, kind)
    config = ModelConfig.from_json(start / CONFIG)
    name: Literal["edge", "inpaint"] = "edge" if kind == "g1" else "inpaint"
    state = read_generator(start / f"{name}.safetensors", name, config)
    if kind == "g1":
        plain = EdgeGenerator(config.base_channels, config.residual_blocks)
        plain.load_state_dict(state)
        for module in [n for n, m in fresh.named_modules() if hasattr(m, "parametrizations")]:
            spectral_norm(plain.get_submodule(module))
        return plain.state_dict()
    if config.output != options.output:  # all but the last layer serves another kind of output too
        state |= {key: weight for key, weight in fresh.state_dict().items() if key.startswith("decoder.7.")}
    return state


def read_average(run: Path, kind: Kind) -> dict[str, Tensor]:
    """Return the averaged weights of a run's generator, spectral norm not folded.

    Args:
        run: the run's folder.
        kind: g1 or g2. A G1 that only gave lines is taken as it is.

    Raises:
        TrainingError: there is no such run, or no such generator in it.
    """
    state = _read_checkpoint(run)["networks"]
    for prefix in (f"{kind}_average.", f"{kind}."):
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


class Optimisers:
    """Adam for the generators together and for the discriminators together, betas (0, 0.9) as in the paper."""

    def __init__(self, networks: TrainingNetworks, options: TrainOptions) -> None:
        self.options = options
        self.generators = _adam(_learning(networks.g1, networks.g2), options.lr)
        self.discriminators = _adam(_learning(networks.d1, networks.d2), options.lr * options.d_lr)

    def set_rates(self, step: int) -> None:
        """Set the learning rates of a step, counted from 1."""
        drop = self.options.lr_drop
        lr = self.options.lr * (0.1 if drop is not None and step > drop else 1.0)
        for optimiser, rate in ((self.generators, lr), (self.discriminators, lr * self.options.d_lr)):
            if optimiser is not None:
                for group in optimiser.param_groups:
                    group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Return both optimisers' states."""
        both = {"generators": self.generators, "discriminators": self.discriminators}
        return {name: optimiser.state_dict() for name, optimiser in both.items() if optimiser is not None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take both optimisers' states."""
        for name, saved in state.items():
            getattr(self, name).load_state_dict(saved)


def _learning(*networks: nn.Module | None) -> list[nn.Parameter]:
    return [p for network in networks if network is not None for p in network.parameters() if p.requires_grad]


def _adam(parameters: list[nn.Parameter], lr: float) -> torch.optim.Adam | None:
    return torch.optim.Adam(parameters, lr=lr, betas=(0.0, 0.9)) if parameters else None
