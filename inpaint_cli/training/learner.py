"""The interface between a training stage and the loop, and the stages of EdgeConnect: G1, G2 or both.

Another method needs a class of this interface and a line in `make_learner`; the loop, the data, the validation, the
run's folder and the command line are the same for all.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.fillings import fill_along
from inpaint_cli.nn.generators import EdgeGenerator
from inpaint_cli.nn.inputs import InpaintInput, finish_inpaint_output, prepare_edge_input, prepare_inpaint_input
from inpaint_cli.training.data import Batch
from inpaint_cli.training.objective import Losses, NetworkOutputs, Objective
from inpaint_cli.training.option_values import EdgeChannel
from inpaint_cli.training.perceptual import load_vgg
from inpaint_cli.training.rival_learners import LEARNERS
from inpaint_cli.training.run_networks import TrainingNetworks
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.shown_lines import Kind
from inpaint_cli.training.validation import Completion


class Learner(Protocol):
    """The networks that a run trains, and their losses."""

    @property
    def networks(self) -> nn.Module:
        """Everything that a checkpoint holds."""

    @property
    def generators(self) -> list[nn.Module]:
        """The generators that learn."""

    @property
    def discriminators(self) -> list[nn.Module]:
        """The discriminators, if any."""

    def predict(self, batch: Batch) -> NetworkOutputs:
        """Return the generators' outputs for a batch."""

    def discriminator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the discriminators' losses by name; their sum is what to minimise."""

    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the generators' losses by name; their sum is what to minimise."""

    def update_averages(self) -> None:
        """Update the averages of the weights, which are validated and exported, after a step."""

    def complete(self, batch: Batch) -> Completion:
        """Return the averaged generators' outputs for a batch, without gradients."""


def make_learner(options: TrainOptions, device: torch.device, *, fresh: bool = True) -> Learner:
    """Return the learner of a run's stage.

    Args:
        options: the run's.
        device: where it runs.
        fresh: start where the options say; not for a run whose checkpoint is loaded next.

    Raises:
        TrainingError, WeightsError: the starting weights are missing, or of another size.
    """
    if options.rival is not None:
        return LEARNERS[options.rival](options, device)
    return EdgeConnectLearner(options, device, fresh=fresh)


class EdgeConnectLearner:
    """G1, G2 or both, by the run's options (arguments as of `make_learner`)."""

    def __init__(self, options: TrainOptions, device: torch.device, *, fresh: bool = True) -> None:
        self.options = options
        self._soft = options.edge_channel is EdgeChannel.SOFT
        self.networks: TrainingNetworks = TrainingNetworks(options, fresh=fresh).to(device)
        self._objective = Objective(options, self.networks, load_vgg(options, device))
        g1, g2 = self.networks.g1, self.networks.g2
        for generator in (g1, g2):
            if generator is not None and device.type == "cuda":  # slower on a CPU
                generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._logits: Callable[[Tensor], Tensor] | None = g1.logits if g1 is not None else None
        self._g2: Callable[[Tensor], Tensor] | None = g2
        if options.compiled:
            self._logits = torch.compile(self._logits) if self._logits is not None else None
            self._g2 = torch.compile(self._g2) if self._g2 is not None else None

    @property
    def generators(self) -> list[nn.Module]:
        """The generators that learn."""
        return self.networks.generators

    @property
    def discriminators(self) -> list[nn.Module]:
        """The discriminators, if any."""
        return self.networks.discriminators

    def predict(self, batch: Batch) -> NetworkOutputs:
        """Return G1's edges and G2's picture, as far as they learn."""
        logits, lines = self._lines(batch, self._logits)
        learned = logits if self.options.trains_g1 else None
        if self._g2 is None:
            return NetworkOutputs(learned, None)
        prepared, image = self._paint(batch, lines, self._g2)
        return NetworkOutputs(learned, image, prepared.deviation)

    def discriminator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the losses of D1 and D2."""
        return self._objective.of_discriminators(batch, outputs)

    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the losses of G1 and G2."""
        return self._objective.of_generators(batch, outputs)

    def update_averages(self) -> None:
        """Update the averages of the weights after a step."""
        self.networks.update_averages()

    @torch.no_grad()
    def complete(self, batch: Batch) -> Completion:
        """Return the lines and the picture of the averaged generators."""
        n = self.networks
        average: EdgeGenerator | None = n.g1_average.module if n.g1_average is not None else n.g1  # type: ignore[assignment]
        logits, lines = self._lines(batch, average.logits if average is not None else None)
        probability = torch.sigmoid(logits) if logits is not None else None
        if n.g2_average is None:
            return Completion(probability, lines, None, None)
        prepared, image = self._paint(batch, lines, n.g2_average)
        return Completion(probability, lines, image, prepared.filled)

    def _lines(self, batch: Batch, logits_of: Callable[[Tensor], Tensor] | None) -> tuple[Tensor | None, Tensor]:
        """Return G1's log-odds (None without G1) and C_comp, N×1×H×W: in the hole the lines that `batch.kind` says."""
        inside, logits = batch.channel, None
        if logits_of is not None:
            logits = logits_of(prepare_edge_input(batch.gray, batch.known_edges, batch.mask)).float()
            guessed = torch.sigmoid(logits)
            if self._soft:
                guessed = (guessed / 2).clamp_max(EDGE_THRESHOLD - 1e-4)  # as `edges.soft_levels`
            inside = torch.where(batch.kind == Kind.G1, guessed, inside)
        return logits, batch.known_edges + inside * batch.mask

    def _paint(self, batch: Batch, lines: Tensor, g2: Callable[[Tensor], Tensor]) -> tuple[InpaintInput, Tensor]:
        """Return G2's input and I_pred, N×3×H×W, for C_comp."""
        o = self.options
        prepared = prepare_inpaint_input(
            batch.image,
            lines,
            batch.mask,
            self._filling(batch, lines) if o.needs_harmonic_fill else None,
            contrast=o.contrast.value,
            mask_channel=o.mask_channel,
        )
        return prepared, finish_inpaint_output(g2(prepared.planes).float(), prepared, o.output.value)

    def _filling(self, batch: Batch, lines: Tensor) -> Tensor:
        """Return the harmonic fill of the hole; for G1's lines it is computed here, after G1."""
        filling = batch.filling.clone()
        for i in (batch.kind.flatten() == Kind.G1).nonzero().flatten().tolist():
            image = batch.image[i].permute(1, 2, 0).cpu().numpy()
            hole, levels = batch.mask[i, 0].cpu().numpy() > 0.5, lines[i, 0].detach().cpu().numpy()
            filling[i] = torch.from_numpy(fill_along(image, hole, levels, soft=self._soft)).permute(2, 0, 1).to(filling)
        return filling
