"""Contextual Attention (Yu et al. 2018, "Generative Image Inpainting with Contextual Attention", arXiv 1801.07892).

A coarse network paints the hole, a refinement network paints it again, with one branch that borrows features from
outside the hole. Every convolution but the last of a decoder is followed by ELU; nothing is normalised. With
c = `base_channels` (32 in the paper), k = kernel, s = stride, d = dilation, H = the crop's side:

| network, branch | layers: channels (k3 s1 d1 unless said) | side |
|---|---|---|
| coarse, encoder | k5 c; s2 2c; 2c; s2 4c; 4c; 4c; d2, d4, d8, d16 4c; 4c; 4c | H/4 |
| refinement, convolutions | k5 c; s2 c; 2c; s2 2c; 4c; 4c; d2, d4, d8, d16 4c | H/4 |
| refinement, attention | k5 c; s2 c; 2c; s2 4c; 4c; 4c (ReLU); attention; 4c; 4c | H/4 |
| refinement, joined | both branches, 8c; 4c; 4c | H/4 |
| each decoder | ×2; 2c; 2c; ×2; c; c/2; 3, clipped | H |
| local critic (half the side) | k5 s2 2c, 4c, 8c, 16c; one unit | H/32 |
| global critic | k5 s2 2c, 4c, 8c, 8c; one unit | H/16 |

Enlarging is by nearest neighbour. Padding is by zeros, as in the authors' implementation; the paper mirrors, which a
dilation of 16 allows only for crops of more than 64 pixels. Weights start after Glorot and Bengio 2010 and biases at 0,
as in the authors' framework: without normalisation PyTorch's own start would let the signal fade. The critics use
LeakyReLU 0.2. The authors' holes are boxes, and the local critic sees the box; for holes of any shape it sees the
square that `nn.around_hole.around_hole` cuts.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DILATIONS = (2, 4, 8, 16)


def _conv(channels_in: int, channels: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel - 1) // 2
    return nn.Sequential(nn.Conv2d(channels_in, channels, kernel, stride, padding, dilation), nn.ELU())


def _dilated(channels: int) -> list[nn.Module]:
    return [_conv(channels, channels, dilation=dilation) for dilation in _DILATIONS]


def _decoder(c: int) -> list[nn.Module]:
    return [
        nn.Upsample(scale_factor=2),
        _conv(4 * c, 2 * c),
        _conv(2 * c, 2 * c),
        nn.Upsample(scale_factor=2),
        _conv(2 * c, c),
        _conv(c, c // 2),
        nn.Conv2d(c // 2, 3, 3, padding=1),
    ]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]


class ContextualAttention(nn.Module):
    """Rebuild features in the hole from 3×3 patches of features outside it (section 4 of the paper).

    Patches are compared on features at half the size, pasted at the full size. Only patches that are known everywhere
    are borrowed from; where there is none the output is 0.

    Args:
        scale: λ, how sharp the softmax over similarities is.
        spread: number of neighbours along each axis, itself included, whose similarities are summed (propagation).
    """

    def __init__(self, scale: float = 10.0, spread: int = 3) -> None:
        super().__init__()
        self.scale, self.spread = scale, spread

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return the features rebuilt, N×C×h×w.

        Args:
            features: N×C×h×w, h and w even.
            mask: N×1×h×w in {0, 1}, 1 = missing.
        """
        height, width = features.shape[-2:]
        small = (height // 2, width // 2)
        weights = self.weights(F.interpolate(features, small), F.interpolate(mask, small))
        patches = F.unfold(features, kernel_size=4, stride=2, padding=1)  # N × 16C × L, L patches
        pasted = torch.bmm(patches, weights.transpose(1, 2))
        return F.fold(pasted, (height, width), kernel_size=4, stride=2, padding=1) / 4  # four patches lie on each pixel

    def weights(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return how much each place takes from each patch, N×L×L with L = h·w; a row sums to 1, or 0 if none is known.

        Args:
            features: N×C×h×w.
            mask: N×1×h×w in {0, 1}, 1 = missing.
        """
        n, _, height, width = features.shape
        patches = F.normalize(F.unfold(features, kernel_size=3, padding=1), dim=1)  # N × 9C × L
        similarity = torch.bmm(patches.transpose(1, 2), patches)  # cosine, from place to patch
        grid = similarity.view(n, height, width, height, width)
        grid = _diagonal_sum(_diagonal_sum(grid, 1, 3, self.spread), 2, 4, self.spread)
        similarity = grid.reshape(n, height * width, height * width)
        known = (F.max_pool2d(mask, 3, stride=1, padding=1) == 0).view(n, 1, -1)
        softmax = (self.scale * similarity).masked_fill(~known, -1e4).softmax(dim=2)
        return softmax * known


def _diagonal_sum(similarity: Tensor, place: int, patch: int, spread: int) -> Tensor:
    """Return Σᵢ s(place + i, patch + i) over two axes of N×h×w×h×w, i from −spread//2 to spread//2 (equation 4)."""
    total = similarity
    length = similarity.shape[place]
    for shift in range(1, min(spread // 2, length - 1) + 1):
        for source, target in ((shift, 0), (0, shift)):
            moved = torch.zeros_like(similarity)
            kept = similarity.narrow(place, source, length - shift).narrow(patch, source, length - shift)
            moved.narrow(place, target, length - shift).narrow(patch, target, length - shift).copy_(kept)
            total = total + moved
    return total


class ContextualAttentionGenerator(nn.Module):
    """The coarse and the refinement network.

    Args:
        base_channels: c, width of the first layer (32 in the paper); even.
    """

    def __init__(self, base_channels: int = 32) -> None:
        super().__init__()
        c = base_channels
        self.coarse = nn.Sequential(
            _conv(5, c, 5),
            _conv(c, 2 * c, stride=2),
            _conv(2 * c, 2 * c),
            _conv(2 * c, 4 * c, stride=2),
            *(_conv(4 * c, 4 * c) for _ in range(2)),
            *_dilated(4 * c),
            *(_conv(4 * c, 4 * c) for _ in range(2)),
            *_decoder(c),
        )
        self.convolutions = nn.Sequential(
            _conv(5, c, 5),
            _conv(c, c, stride=2),
            _conv(c, 2 * c),
            _conv(2 * c, 2 * c, stride=2),
            _conv(2 * c, 4 * c),
            _conv(4 * c, 4 * c),
            *_dilated(4 * c),
        )
        self.before_attention = nn.Sequential(
            _conv(5, c, 5),
            _conv(c, c, stride=2),
            _conv(c, 2 * c),
            _conv(2 * c, 4 * c, stride=2),
            _conv(4 * c, 4 * c),
            nn.Conv2d(4 * c, 4 * c, 3, padding=1),
            nn.ReLU(),
        )
        self.attention = ContextualAttention()
        self.after_attention = nn.Sequential(_conv(4 * c, 4 * c), _conv(4 * c, 4 * c))
        self.joined = nn.Sequential(_conv(8 * c, 4 * c), _conv(4 * c, 4 * c), *_decoder(c))
        self.apply(_initialise)

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coarse and the refined picture, N×3×H×W in [0, 1] each.

        Args:
            image: I in [0, 1], N×3×H×W, H and W multiples of 8; its values in the hole are ignored.
            mask: M in {0, 1}, N×1×H×W, 1 = missing.
        """
        known = (2 * image - 1) * (1 - mask)  # in [-1, 1], 0 in the hole
        planes = torch.cat([torch.ones_like(mask), mask], dim=1)
        coarse = self.coarse(torch.cat([known, planes], dim=1)).clamp(-1, 1)
        x = torch.cat([known + coarse * mask, planes], dim=1)
        features = self.before_attention(x)
        borrowed = self.attention(features, F.interpolate(mask, features.shape[-2:]))
        both = torch.cat([self.convolutions(x), self.after_attention(borrowed)], dim=1)
        refined = self.joined(both).clamp(-1, 1)
        return (coarse + 1) / 2, (refined + 1) / 2


class Critic(nn.Module):
    """Four convolutions and one unit: an unbounded score of how real a picture is (Wasserstein GAN).

    Args:
        side: of the pictures it sees, a multiple of 16.
        widths: channels of the four layers.
    """

    def __init__(self, side: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        channels = (3, *widths)
        layers: list[nn.Module] = []
        for channels_in, channels_out in zip(channels, widths, strict=False):
            layers += [nn.Conv2d(channels_in, channels_out, 5, stride=2, padding=2), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * (side // 16) ** 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the score of x, N×3×side×side in [−1, 1]: N×1."""
        score: Tensor = self.layers(x)
        return score


class ContextualAttentionCritics(nn.Module):
    """The global and the local critic.

    Args:
        side: of the whole pictures, a multiple of 32.
        base_channels: c of the generator; the critics start at 2c (64 in the paper).
    """

    def __init__(self, side: int, base_channels: int = 32) -> None:
        super().__init__()
        w = 2 * base_channels
        self.whole = Critic(side, (w, 2 * w, 4 * w, 4 * w))
        self.local = Critic(side // 2, (w, 2 * w, 4 * w, 8 * w))

    def forward(self, whole: Tensor, local: Tensor) -> tuple[Tensor, Tensor]:
        """Return both scores, N×1 each, of pictures N×3×side×side in [−1, 1] and of their squares of half the side."""
        return self.whole(whole), self.local(local)
