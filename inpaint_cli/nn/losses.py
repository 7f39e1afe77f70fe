"""The losses of EdgeConnect (arXiv 1901.00212, section 3), each a function of tensors alone.

Equation numbers are those of the paper. What the paper leaves open or does not have says so.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaint_cli.nn.gan import Gan


def discriminator_loss(real: Tensor, fake: Tensor, gan: Gan, weight: Tensor | None = None) -> Tensor:
    """Return D's loss (the maximisation in equations 3 and 6), averaged over real and fake.

    Args:
        real: D's logits for true pictures, N×1×h×w.
        fake: D's logits for generated ones, N×1×h×w.
        gan: the game.
        weight: how much each fake patch counts, N×1×h×w in [0, 1] (see `patch_weights`); None: all the same.
    """
    if gan is Gan.NSGAN:
        of_real, of_fake = F.softplus(-real), F.softplus(fake)
    elif gan is Gan.LSGAN:
        of_real, of_fake = (real - 1).square(), fake.square()
    else:
        of_real, of_fake = F.relu(1 - real), F.relu(1 + fake)
    return (of_real.mean() + _weighted_mean(of_fake, weight)) / 2


def adversarial_loss(fake: Tensor, gan: Gan, weight: Tensor | None = None) -> Tensor:
    """Return G's adversarial loss (the minimisation in equations 3 and 6).

    Args:
        fake: D's logits for generated pictures, N×1×h×w.
        gan: the game.
        weight: how much each patch counts, N×1×h×w in [0, 1]; None: all the same.
    """
    if gan is Gan.NSGAN:
        loss = F.softplus(-fake)
    elif gan is Gan.LSGAN:
        loss = (fake - 1).square()
    else:
        loss = -fake
    return _weighted_mean(loss, weight)


def patch_weights(mask: Tensor, logits: Tensor) -> Tensor:
    """Return the share of the hole in each of D's patches, N×1×h×w (not in the paper, where every patch counts).

    Args:
        mask: M, N×1×H×W.
        logits: D's last layer, for its shape.
    """
    return F.adaptive_avg_pool2d(mask, (logits.shape[-2], logits.shape[-1]))


def _weighted_mean(loss: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return loss.mean()
    return (loss * weight).sum() / weight.sum().clamp_min(1e-6)


def feature_matching_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return L_FM, equation 4: the mean absolute difference of D's activations, summed over the layers.

    Args:
        real: D's activations for true pictures; taken as constants.
        fake: D's activations for generated ones.
    """
    return torch.stack([F.l1_loss(f, r.detach()) for r, f in zip(real, fake, strict=True)]).sum()


def edge_cross_entropy(
    logits: Tensor, true: Tensor, mask: Tensor, edge_weight: float = 1.0, outside_weight: float = 0.0
) -> Tensor:
    """Return the binary cross-entropy of G1's edges (not in the paper; it trains G1 much faster than D1 does).

    Args:
        logits: log-odds of C_pred, N×1×H×W.
        true: C_gt in {0, 1}, N×1×H×W.
        mask: M, N×1×H×W.
        edge_weight: how much a pixel on an edge counts against one that is on none. With 1 an edge is predicted only
            where it is more likely than not, which for a line one pixel wide is hardly anywhere; with w, from a
            probability of 1 / (1 + w) on.
        outside_weight: how much a pixel outside the hole counts against one inside.
    """
    loss = F.binary_cross_entropy_with_logits(logits, true, reduction="none", pos_weight=logits.new_tensor(edge_weight))
    return _weighted_mean(loss, mask + outside_weight * (1 - mask))


def l1_loss(predicted: Tensor, true: Tensor, mask: Tensor, hole_weight: float = 1.0) -> Tensor:
    """Return L_l1 of equation 9, divided by the mask's mean so that small holes count as much as large ones.

    Args:
        predicted: I_pred, N×3×H×W.
        true: I, N×3×H×W in [0, 1].
        mask: M, N×1×H×W.
        hole_weight: how much a pixel in the hole counts against one outside (1 in the paper).
    """
    weight = 1 + (hole_weight - 1) * mask
    return ((predicted - true).abs() * weight).mean() / mask.mean().clamp_min(1e-6)


def l2_loss(predicted: Tensor, true: Tensor, mask: Tensor, deviation: Tensor | None = None) -> Tensor:
    """Return the mean squared error in the hole (not in the paper; it is what PSNR measures).

    Args:
        predicted: I_pred, N×3×H×W.
        true: I, N×3×H×W in [0, 1].
        mask: M, N×1×H×W.
        deviation: unit of the error, N×1×1×1: each picture's standard deviation makes smooth photos count as much as
            high-contrast ones.
    """
    error = predicted - true
    if deviation is not None:
        error = error / deviation
    return _weighted_mean(error.square().mean(dim=1, keepdim=True), mask)


def perceptual_loss(predicted: Sequence[Tensor], true: Sequence[Tensor]) -> Tensor:
    """Return L_perc, equation 7: the mean absolute difference of VGG-19's activations, summed over the layers.

    Args:
        predicted: activations at relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 for I_pred.
        true: the same for I.
    """
    return torch.stack([F.l1_loss(p, t) for p, t in zip(predicted, true, strict=True)]).sum()


def style_loss(predicted: Sequence[Tensor], true: Sequence[Tensor]) -> Tensor:
    """Return L_style, equation 8: the mean absolute difference of Gram matrices, summed over the layers.

    Args:
        predicted: activations at relu2_2, relu3_4, relu4_4, relu5_2 for I_pred ⊙ M.
        true: the same for I ⊙ M.
    """
    return torch.stack([F.l1_loss(gram(p), gram(t)) for p, t in zip(predicted, true, strict=True)]).sum()


def gram(features: Tensor) -> Tensor:
    """Return the Gram matrices, N×C×C, of features, N×C×H×W, divided by C·H·W."""
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)
