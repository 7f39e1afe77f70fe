"""The losses of one step, weighted and by name: those of the discriminators, and those of the generators."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inpaint_cli.nn import losses
from inpaint_cli.nn.vgg import Vgg19
from inpaint_cli.training.data import Batch
from inpaint_cli.training.option_values import FakePatches
from inpaint_cli.training.run_networks import TrainingNetworks
from inpaint_cli.training.run_options import TrainOptions

Losses = dict[str, Tensor]


@dataclass
class NetworkOutputs:
    """The generators' outputs for a batch.

    Attributes:
        logits: log-odds of C_pred, N×1×H×W; None where G1 does not learn.
        image: I_pred, N×3×H×W; None where G2 does not learn.
        deviation: scale of each picture's colours, N×1×1×1; None means 1.
        coarse: the first picture of Contextual Attention, N×3×H×W; None for others.
    """

    logits: Tensor | None
    image: Tensor | None
    deviation: Tensor | None = None
    coarse: Tensor | None = None


class Objective:
    """The losses of a run.

    Args:
        options: the run's weights and variants.
        networks: for their discriminators.
        vgg: for the perceptual and style losses; None leaves these out.
    """

    def __init__(self, options: TrainOptions, networks: TrainingNetworks, vgg: Vgg19 | None) -> None:
        self.options, self.gan, self.vgg = options, options.gan, vgg
        self.d1, self.d2 = networks.d1, networks.d2

    def of_discriminators(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the losses of D1 and D2; their sum is what to minimise."""
        terms: Losses = {}
        for name, d, real, fake in self._games(batch, outputs):
            of_real, of_fake = _activations(d, real)[-1], _activations(d, fake.detach())[-1]
            terms[name] = losses.discriminator_loss(of_real, of_fake, self.gan, self._weight(batch, of_fake))
        return terms

    def of_generators(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the weighted losses of G1 (equation 2) and G2 (equation 9); their sum is what to minimise.

        In stage joint G2's losses reach G1 through C_comp (section 4.2). The paper removes D1 there; here it stays, so
        that G1's lines remain lines that a user can read and correct.
        """
        o, terms = self.options, dict[str, Tensor]()
        weights = {"d1": (o.adversarial1, o.fm1), "d2": (o.adversarial2, o.fm2)}
        for name, d, real, fake in self._games(batch, outputs):
            adversarial, feature_matching = weights[name]
            activations = _activations(d, fake)
            if adversarial:
                weight = self._weight(batch, activations[-1])
                terms[f"adversarial_{name}"] = adversarial * losses.adversarial_loss(activations[-1], self.gan, weight)
            if feature_matching:
                with torch.no_grad():
                    wanted = _activations(d, real)
                terms[f"fm_{name}"] = feature_matching * losses.feature_matching_loss(wanted, activations)
        if outputs.logits is not None and o.bce:
            terms["bce"] = o.bce * losses.edge_cross_entropy(
                outputs.logits, batch.true_edges, batch.mask, o.edge_weight, o.outside_weight
            )
        if outputs.image is not None:
            if o.l1:
                terms["l1"] = o.l1 * losses.l1_loss(outputs.image, batch.image, batch.mask, o.hole_weight)
            if o.l2:
                terms["l2"] = o.l2 * losses.l2_loss(outputs.image, batch.target, batch.mask, outputs.deviation)
            terms |= self._perceptual(batch, outputs.image)
        return terms

    def _perceptual(self, batch: Batch, painting: Tensor) -> Losses:
        if self.vgg is None:
            return {}
        o = self.options
        with torch.no_grad():
            content, style = self.vgg.content(batch.image), self.vgg.style(batch.image * batch.mask)
        return {
            "perceptual": o.perceptual_weight * losses.perceptual_loss(self.vgg.content(painting), content),
            "style": o.style_weight * losses.style_loss(self.vgg.style(painting * batch.mask), style),
        }

    def _games(self, batch: Batch, outputs: NetworkOutputs) -> list[tuple[str, nn.Module, Tensor, Tensor]]:
        """Return the name, the discriminator, the true and the generated picture of each adversarial game."""
        games: list[tuple[str, nn.Module, Tensor, Tensor]] = []
        if self.d1 is not None and outputs.logits is not None:
            real = torch.cat([batch.gray, batch.true_edges], dim=1)
            predicted = self._seen(torch.sigmoid(outputs.logits), batch.true_edges, batch.mask)
            fake = torch.cat([batch.gray, predicted], dim=1)
            games.append(("d1", self.d1, real, fake))
        if self.d2 is not None and outputs.image is not None:
            games.append(("d2", self.d2, batch.image, self._seen(outputs.image, batch.image, batch.mask)))
        return games

    def _seen(self, predicted: Tensor, true: Tensor, mask: Tensor) -> Tensor:
        """Return D's input for a prediction: all of it, or only its hole, composited into the true picture."""
        return predicted if self.options.fake is FakePatches.PICTURE else predicted * mask + true * (1 - mask)

    def _weight(self, batch: Batch, logits: Tensor) -> Tensor | None:
        return None if self.options.fake is FakePatches.PICTURE else losses.patch_weights(batch.mask, logits)


def _activations(discriminator: nn.Module, x: Tensor) -> list[Tensor]:
    return [activation.float() for activation in discriminator(x)]
