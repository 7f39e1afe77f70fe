"""CA, GLCIC and PConv as learners: each with its paper's losses, optimiser and phases, scaled to the run's steps.

- CA: Adam, 1e-4, β (0.5, 0.9). One phase; the critics take a step with each of the generator's.
- GLCIC: Adadelta for both players. Squared error alone for 18 % of the steps, the discriminator alone for 2 %, both for
  80 %: the paper's 90,000, 10,000 and 400,000.
- PConv: Adam, 2e-4; for the last 10 % of the steps a quarter of it, with the encoder's batch normalisation fixed. The
  paper gives days, ten and one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Adadelta, Adam, Optimizer

from inpaint_cli.nn import losses, rival_losses
from inpaint_cli.nn.around_hole import around_hole
from inpaint_cli.nn.contextual_attention import ContextualAttentionCritics
from inpaint_cli.nn.gan import Gan
from inpaint_cli.nn.glcic import ContextDiscriminator
from inpaint_cli.nn.pconv import PConvUNet
from inpaint_cli.nn.rivals import build_generator, paint
from inpaint_cli.options import Rival
from inpaint_cli.training.data import Batch
from inpaint_cli.training.objective import Losses, NetworkOutputs
from inpaint_cli.training.perceptual import load_vgg16
from inpaint_cli.training.run_networks import average_of
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.validation import Completion

GLCIC_ALONE, GLCIC_BOTH = 0.18, 0.2  # shares of the steps: the squared error's end, the discriminator's warm-up's end
PCONV_FIXED = 0.9  # share of the steps after which the encoder's batch normalisation is fixed
PCONV_LOWER = 0.25  # of the learning rate from there on: 5e-5 after 2e-4

# The papers' weights.
CA_L1, CA_COARSE, CA_ADVERSARIAL, CA_PENALTY = 1.2, 1.2, 1e-3, 10.0
GLCIC_ADVERSARIAL = 4e-4
PCONV_VALID, PCONV_HOLE, PCONV_PERCEPTUAL, PCONV_STYLE, PCONV_VARIATION = 1.0, 6.0, 0.05, 120.0, 0.1


def rival_optimiser(rival: Rival, parameters: Iterable[nn.Parameter], lr: float) -> Optimizer:
    """Return the optimiser of a rival's paper."""
    if rival is Rival.GLCIC:
        return Adadelta(parameters, lr=lr)
    return Adam(parameters, lr=lr, betas=(0.5, 0.9) if rival is Rival.CA else (0.9, 0.999))


def rival_rate(rival: Rival, progress: float) -> float:
    """Return the share of the learning rate that a step takes after this share of all steps."""
    return PCONV_LOWER if rival is Rival.PCONV and progress >= PCONV_FIXED else 1.0


class RivalNetworks(nn.Module):
    """A rival's generator, its average and its discriminators.

    Args:
        options: the run's.

    Attributes:
        generator: what learns.
        generator_average: the average of its weights.
        judges: the discriminators; None for PConv.
    """

    def __init__(self, options: TrainOptions) -> None:
        super().__init__()
        rival, width, side = _rival(options), options.width, options.largest
        self.generator = build_generator(rival, width, side)
        self.generator_average = average_of(self.generator, options.ema, buffers=True)
        self.judges: ContextualAttentionCritics | ContextDiscriminator | None = None
        if rival is Rival.CA:
            self.judges = ContextualAttentionCritics(side, width)
        elif rival is Rival.GLCIC:
            self.judges = ContextDiscriminator(side, width)


class _RivalLearner(ABC):
    """What all rivals have in common: no lines, one generator.

    Args:
        options: the run's.
        device: where it runs.
    """

    def __init__(self, options: TrainOptions, device: torch.device) -> None:
        self.options = options
        self.networks: RivalNetworks = RivalNetworks(options).to(device)
        self.generators: list[nn.Module] = [self.networks.generator]
        self._generator: nn.Module = self.networks.generator
        if options.compiled:
            self._generator = torch.compile(self.networks.generator)  # type: ignore[assignment]
        self.discriminators: list[nn.Module] = [] if self.networks.judges is None else [self.networks.judges]

    @property
    def progress(self) -> float:
        """The share of the run's steps that are done; a resumed run has it from its checkpoint."""
        return int(self.networks.generator_average.n_averaged) / self.options.steps

    def predict(self, batch: Batch) -> NetworkOutputs:
        """Return the generator's picture."""
        return NetworkOutputs(None, paint(self._generator, batch.image, batch.mask).float())

    def discriminator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return no losses: there is no discriminator."""
        return {}

    @abstractmethod
    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the generator's losses by name; their sum is what to minimise."""

    def update_averages(self) -> None:
        """Update the average of the weights after a step."""
        self.networks.generator_average.update_parameters(self.networks.generator)

    @torch.no_grad()
    def complete(self, batch: Batch) -> Completion:
        """Return the averaged generator's picture; what it is compared with is the mean colour of the known pixels."""
        image = paint(self.networks.generator_average.module, batch.image, batch.mask).float()
        known = 1 - batch.mask
        mean = (batch.image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp_min(1)
        filled = batch.image * known + mean * batch.mask
        return Completion(None, torch.zeros_like(batch.mask), image, filled)

    def _local(self, pictures: Tensor, mask: Tensor) -> Tensor:
        return around_hole(pictures, mask, self.options.largest // 2)


class ContextualAttentionLearner(_RivalLearner):
    """CA: a discounted l1 loss on both pictures, and a Wasserstein game with a gradient penalty; all in [−1, 1]."""

    def predict(self, batch: Batch) -> NetworkOutputs:
        """Return the coarse and the refined picture."""
        coarse, refined = self._generator(batch.image, batch.mask)
        return NetworkOutputs(None, refined.float(), coarse=coarse.float())

    def discriminator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the critics' losses and their penalties, of the whole picture and of the square around the hole."""
        whole, local = self._pictures(batch, outputs)
        terms: Losses = {}
        judges = self._judges
        with torch.autocast(batch.image.device.type, enabled=False):  # second derivatives need float32
            for name, critic, (real, fake), mask in (
                ("whole", judges.whole, whole, batch.mask),
                ("local", judges.local, local, self._local(batch.mask, batch.mask)),
            ):
                terms[f"d_{name}"] = rival_losses.critic_loss(critic(real), critic(fake.detach()))
                terms[f"penalty_{name}"] = CA_PENALTY * rival_losses.gradient_penalty(critic, real, fake, mask)
        return terms

    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the generator's losses."""
        (_, whole), (_, local) = self._pictures(batch, outputs)
        weight, true = rival_losses.discount(batch.mask), _signed(batch.image)
        with torch.autocast(batch.image.device.type, enabled=False):
            scores = self._judges(whole, local)
        return {
            "adversarial": -CA_ADVERSARIAL * torch.stack([score.mean() for score in scores]).sum(),
            "l1": CA_L1 * rival_losses.discounted_l1(_signed(_made(outputs.image)), true, weight),
            "l1_coarse": CA_L1 * CA_COARSE * rival_losses.discounted_l1(_signed(_made(outputs.coarse)), true, weight),
        }

    @property
    def _judges(self) -> ContextualAttentionCritics:
        judges = self.networks.judges
        if not isinstance(judges, ContextualAttentionCritics):
            raise TypeError("Contextual Attention without its critics")
        return judges

    def _pictures(self, batch: Batch, outputs: NetworkOutputs) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Return the true picture and the composite, whole and around the hole."""
        true, fake = _signed(batch.image), _signed(_composite(batch, outputs))
        return (true, fake), (self._local(true, batch.mask), self._local(fake, batch.mask))


class GlcicLearner(_RivalLearner):
    """GLCIC: the squared error in the hole, then a game with one discriminator that sees globally and locally."""

    def discriminator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the discriminator's loss, from the second phase on."""
        if self.progress < GLCIC_ALONE:
            return {}
        real, fake = self._judge(batch, batch.image), self._judge(batch, _composite(batch, outputs).detach())
        return {"d": 2 * losses.discriminator_loss(real, fake, Gan.NSGAN)}

    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the squared error, except in the second phase, and in the third the adversarial loss."""
        if GLCIC_ALONE <= self.progress < GLCIC_BOTH:
            return {}
        terms = {"l2": losses.l2_loss(_made(outputs.image), batch.image, batch.mask)}
        if self.progress >= GLCIC_BOTH:
            logits = self._judge(batch, _composite(batch, outputs))
            terms["adversarial"] = GLCIC_ADVERSARIAL * losses.adversarial_loss(logits, Gan.NSGAN)
        return terms

    def _judge(self, batch: Batch, pictures: Tensor) -> Tensor:
        judge = self.networks.judges
        if judge is None:
            raise TypeError("GLCIC without its discriminator")
        logits: Tensor = judge(pictures, self._local(pictures, batch.mask))
        return logits.float()


class PConvLearner(_RivalLearner):
    """PConv: six losses and no game; the batch normalisation of the encoder is fixed for the last phase.

    The perceptual and style losses take VGG-16 as `options.perceptual` says, or are left out with `none`.
    """

    def __init__(self, options: TrainOptions, device: torch.device) -> None:
        super().__init__(options, device)
        self._vgg = load_vgg16(options, device)

    def predict(self, batch: Batch) -> NetworkOutputs:
        """Return the generator's picture; in the last phase the encoder's batch normalisation is fixed."""
        generator = self.networks.generator
        if isinstance(generator, PConvUNet) and self.progress >= PCONV_FIXED:
            generator.fix_encoder_norms()
        return super().predict(batch)

    def generator_losses(self, batch: Batch, outputs: NetworkOutputs) -> Losses:
        """Return the six losses."""
        painted, composed = _made(outputs.image), _composite(batch, outputs)
        hole, valid = rival_losses.hole_and_valid_l1(painted, batch.image, batch.mask)
        terms = {
            "valid": PCONV_VALID * valid,
            "hole": PCONV_HOLE * hole,
            "variation": PCONV_VARIATION * rival_losses.total_variation(composed, batch.mask),
        }
        if self._vgg is None:
            return terms
        with torch.no_grad():
            true = self._vgg.pooled(batch.image)
        both: Sequence[list[Tensor]] = [self._vgg.pooled(picture) for picture in (painted, composed)]
        perceptual = torch.stack([losses.perceptual_loss(features, true) for features in both]).sum()
        style = torch.stack([losses.style_loss(features, true) for features in both]).sum()
        return terms | {"perceptual": PCONV_PERCEPTUAL * perceptual, "style": PCONV_STYLE * style}


LEARNERS: dict[Rival, type[ContextualAttentionLearner | GlcicLearner | PConvLearner]] = {
    Rival.CA: ContextualAttentionLearner,
    Rival.GLCIC: GlcicLearner,
    Rival.PCONV: PConvLearner,
}


def _rival(options: TrainOptions) -> Rival:
    if options.rival is None:
        raise ValueError("no rival; `TrainOptions.check` comes before this")
    return options.rival


def _composite(batch: Batch, outputs: NetworkOutputs) -> Tensor:
    """Return I ⊙ (1 − M) + I_pred ⊙ M, N×3×H×W."""
    return batch.image * (1 - batch.mask) + _made(outputs.image) * batch.mask


def _made(picture: Tensor | None) -> Tensor:
    """Return a picture of `predict`, which is not None."""
    if picture is None:
        raise ValueError("losses without a picture: they take what `predict` returned")
    return picture


def _signed(x: Tensor) -> Tensor:
    """Return values in [0, 1] as values in [−1, 1]."""
    return 2 * x - 1
