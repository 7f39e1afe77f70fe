"""GLCIC (Iizuka et al. 2017, "Globally and Locally Consistent Image Completion", ACM Transactions on Graphics 36).

A completion network of dilated convolutions, judged by a discriminator that sees the whole picture and a square around
the hole. Every convolution of the completion network but the last is followed by batch normalisation and ReLU. With
c = `base_channels` (64 in the paper), k = kernel, s = stride, d = dilation, H = the crop's side:

| network | layers: channels (k3 s1 d1 unless said) | side |
|---|---|---|
| completion, encoder | k5 c; s2 2c; 2c; s2 4c; 4c; 4c; d2, d4, d8, d16 4c; 4c; 4c | H/4 |
| completion, decoder | transposed k4 s2 2c; 2c; transposed k4 s2 c; c/2; 3, sigmoid | H |
| local discriminator (half the side) | k5 s2 c, 2c, 4c, 8c, 8c; 16c units | 4 |
| global discriminator | k5 s2 c, 2c, 4c, 8c, 8c, 8c; 16c units | 4 |
| both together | 32c; one unit | |

The paper's crops are 256×256; for smaller ones each discriminator leaves out its last layers, so that as in the paper
it ends in 4×4. The hole of the input is filled with the mean colour of the known pixels (the paper's is that of its
training photos).
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

_FINAL_SIDE = 4  # of a discriminator's last feature map
_DILATIONS = (2, 4, 8, 16)


def _conv(channels_in: int, channels: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel - 1) // 2
    conv = nn.Conv2d(channels_in, channels, kernel, stride, padding, dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def _enlarging(channels_in: int, channels: int) -> nn.Sequential:
    conv = nn.ConvTranspose2d(channels_in, channels, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class CompletionNetwork(nn.Module):
    """Paints the hole.

    Args:
        base_channels: c, width of the first layer (64 in the paper); even.
    """

    def __init__(self, base_channels: int = 64) -> None:
        super().__init__()
        c = base_channels
        self.layers = nn.Sequential(
            _conv(4, c, 5),
            _conv(c, 2 * c, stride=2),
            _conv(2 * c, 2 * c),
            _conv(2 * c, 4 * c, stride=2),
            *(_conv(4 * c, 4 * c) for _ in range(2)),
            *(_conv(4 * c, 4 * c, dilation=dilation) for dilation in _DILATIONS),
            *(_conv(4 * c, 4 * c) for _ in range(2)),
            _enlarging(4 * c, 2 * c),
            _conv(2 * c, 2 * c),
            _enlarging(2 * c, c),
            _conv(c, c // 2),
            nn.Conv2d(c // 2, 3, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the completed picture, N×3×H×W in [0, 1].

        Args:
            image: I in [0, 1], N×3×H×W, H and W multiples of 4; its values in the hole are ignored.
            mask: M in {0, 1}, N×1×H×W, 1 = missing.
        """
        known = 1 - mask
        total = (image * known).sum(dim=(2, 3), keepdim=True)
        mean = total / known.sum(dim=(2, 3), keepdim=True).clamp_min(1)
        picture: Tensor = self.layers(torch.cat([image * known + mean * mask, mask], dim=1))
        return picture


class _Branch(nn.Module):
    """Convolutions that halve a picture until its side is 4, and a fully connected layer."""

    def __init__(self, side: int, base_channels: int, most: int) -> None:
        super().__init__()
        c = base_channels
        number = max(1, min(most, round(math.log2(side / _FINAL_SIDE))))
        widths = [3, c, 2 * c, 4 * c, *([8 * c] * (most - 3))][: number + 1]
        layers: list[nn.Module] = []
        for channels_in, channels in pairwise(widths):
            layers += [_conv(channels_in, channels, 5, stride=2)]
        last = math.ceil(side / 2**number)
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * last**2, 16 * c), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y


class ContextDiscriminator(nn.Module):
    """Classifies a picture together with the square around its hole as real or fake.

    Args:
        side: of the whole pictures, in pixels.
        base_channels: c of the completion network.
    """

    def __init__(self, side: int, base_channels: int = 64) -> None:
        super().__init__()
        self.whole = _Branch(side, base_channels, most=6)
        self.local = _Branch(side // 2, base_channels, most=5)
        self.verdict = nn.Linear(32 * base_channels, 1)

    def forward(self, whole: Tensor, local: Tensor) -> Tensor:
        """Return logits, N×1, for pictures N×3×side×side in [0, 1] and their squares of half the side."""
        logits: Tensor = self.verdict(torch.cat([self.whole(whole), self.local(local)], dim=1))
        return logits
