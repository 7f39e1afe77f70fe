"""The losses of the paper's rivals that EdgeConnect does not have, each a function of tensors.

Those of Contextual Attention (Yu et al. 2018, arXiv 1801.07892) and of PConv (Liu et al. 2018, arXiv 1804.07723). GLCIC
(Iizuka et al. 2017) needs none of its own: it takes `losses.l2_loss` and the non-saturating game.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return what a Wasserstein critic minimises, without its penalty: E[D(fake)] − E[D(real)].

    Args:
        real: scores of true pictures, N×1.
        fake: scores of generated ones, N×1.
    """
    return fake.mean() - real.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mask: Tensor) -> Tensor:
    """Return E[(‖∇D(x̂) ⊙ M‖ − 1)²], x̂ between a true and a generated picture (Yu et al., equation 2).

    Args:
        critic: pictures to scores, N×C×H×W to N×1.
        real: true pictures, N×C×H×W.
        fake: generated ones, taken as constants.
        mask: M, N×1×H×W, 1 = missing: the gradient counts in the hole only.
    """
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = (real + share * (fake.detach() - real)).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    # without the tiny term the root has no derivative where the gradient is 0
    norm = ((gradient * mask).square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def discount(mask: Tensor, gamma: float = 0.9) -> Tensor:
    """Return the weight gamma^l of each pixel, l its distance in pixels (chessboard) to the nearest known one.

    Known pixels weigh 1, and so does a picture without any.

    Args:
        mask: M in {0, 1}, N×1×H×W, 1 = missing.
        gamma: 0.99 in the paper, 0.9 in its authors' implementation.
    """
    weight, inside = torch.ones_like(mask), mask
    for _ in range(max(mask.shape[-2:])):
        weight = weight * (1 + (gamma - 1) * inside)
        smaller = -F.max_pool2d(-inside, 3, stride=1, padding=1)  # the picture's border does not count as known
        if torch.equal(smaller, inside):  # no hole, or pictures without a known pixel
            break
        inside = smaller
    return torch.where(mask.mean(dim=(1, 2, 3), keepdim=True) < 1, weight, torch.ones_like(weight))


def discounted_l1(predicted: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Return the mean absolute difference, each pixel weighted.

    Args:
        predicted: N×3×H×W.
        true: N×3×H×W.
        weight: N×1×H×W, of `discount`.
    """
    return ((predicted - true).abs() * weight).mean()


def hole_and_valid_l1(predicted: Tensor, true: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return L_hole and L_valid of PConv: absolute differences inside and outside the hole, over all pixels' number.

    Args:
        predicted: I_out, N×3×H×W.
        true: I_gt, N×3×H×W.
        mask: M, N×1×H×W, 1 = missing.
    """
    difference = (predicted - true).abs()
    return (difference * mask).mean(), (difference * (1 - mask)).mean()


def total_variation(composed: Tensor, mask: Tensor) -> Tensor:
    """Return L_tv of PConv: absolute differences of neighbours in the hole and one pixel around it, over all pixels.

    Args:
        composed: I_comp, N×3×H×W.
        mask: M, N×1×H×W, 1 = missing.
    """
    region = F.max_pool2d(mask, 3, stride=1, padding=1)
    right = (composed[..., 1:] - composed[..., :-1]).abs() * region[..., 1:] * region[..., :-1]
    down = (composed[..., 1:, :] - composed[..., :-1, :]).abs() * region[..., 1:, :] * region[..., :-1, :]
    return (right.sum() + down.sum()) / composed.numel()
