"""PConv (Liu et al. 2018, "Image Inpainting for Irregular Holes Using Partial Convolutions", arXiv 1804.07723).

A U-Net whose convolutions see only known pixels and update the mask of known pixels (equations 1 and 2). With
c = `base_channels` (64 in the paper), n = `levels`, H = the crop's side:

| layer | kernel, stride | channels | then | side |
|---|---|---|---|---|
| encoder 1 | 7×7, 2 | c | ReLU | H/2 |
| encoder 2 | 5×5, 2 | 2c | batch norm, ReLU | H/4 |
| encoder 3 | 5×5, 2 | 4c | batch norm, ReLU | H/8 |
| encoder 4 to n | 3×3, 2 | 8c | batch norm, ReLU | H/16 to H/2ⁿ |
| decoder n to 2 | ×2, joined with encoder i − 1; 3×3 | as encoder i − 1 | batch norm, LeakyReLU 0.2 | H/2ⁱ⁻¹ |
| decoder 1 | ×2, joined with the input; 3×3 | 3 | | H |

Enlarging is by nearest neighbour, of features and of masks. As many levels as halve the training crop's side to 2:
eight at 512 pixels as in the paper, seven at 256, five at 64.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def levels_for(side: int) -> int:
    """Return how many levels halve crops of this side, in pixels, to 2, or as far as it can be halved."""
    levels = 0
    while side % 2 == 0 and side > 2:
        side, levels = side // 2, levels + 1
    return levels


class PartialConv2d(nn.Module):
    """Wᵀ(X ⊙ M)·sum(1)/sum(M) + b where sum(M) > 0, else 0 (equation 1).

    The mask is one plane for features that are known together: here one, or two that a skip connection joins, which
    count by their numbers of channels. Outside the picture nothing is known.

    Args:
        channels_in: channels of the features of each mask plane.
        channels: channels of the result.
        kernel: side of the window, odd.
        stride: of the window.
        bias: whether b is there.
    """

    def __init__(
        self, channels_in: tuple[int, ...], channels: int, kernel: int, stride: int = 1, *, bias: bool = False
    ) -> None:
        super().__init__()
        self.parts, self.kernel, self.stride = channels_in, kernel, stride
        self.conv = nn.Conv2d(sum(channels_in), channels, kernel, stride, kernel // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, features: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features and the mask after the layer, N×C'×h×w and N×1×h×w.

        Args:
            features: N×C×H×W, 0 where they are not known.
            known: N×P×H×W in {0, 1}, a plane for each of the P parts; 1 = known.
        """
        total = sum(self.parts)
        share = torch.zeros_like(known[:, :1])  # of the channels that are known at each place
        for plane, channels in enumerate(self.parts):
            share = share + known[:, plane : plane + 1] * (channels / total)
        ratio = F.avg_pool2d(share, self.kernel, self.stride, self.kernel // 2)  # sum(M) / sum(1)
        after = (ratio > 0).to(features.dtype)
        result = self.conv(features) / ratio.clamp_min(1e-8)
        if self.bias is not None:
            result = result + self.bias[:, None, None]
        return result * after, after


class PConvUNet(nn.Module):
    """The U-Net of partial convolutions.

    Args:
        base_channels: c, width of the first layer (64 in the paper).
        levels: n; pictures' sides have to be multiples of 2ⁿ.
    """

    def __init__(self, base_channels: int = 64, levels: int = 8) -> None:
        super().__init__()
        c = base_channels
        widths = [3, *(min(2**level, 8) * c for level in range(levels))]
        kernels = [7, 5, 5, *([3] * levels)][:levels]
        self.levels = levels
        self.encoder = nn.ModuleList(
            PartialConv2d((widths[i],), widths[i + 1], kernels[i], stride=2, bias=i == 0) for i in range(levels)
        )
        self.encoder_norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[2:])
        # From the deepest: the features from below and those of the skip connection to the skip connection's width.
        self.decoder = nn.ModuleList(
            PartialConv2d((widths[i + 1], widths[i]), widths[i], 3, bias=i == 0) for i in reversed(range(levels))
        )
        self.decoder_norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[levels - 1 : 0 : -1])
        self.encoder_is_fixed = False

    def fix_encoder_norms(self) -> None:
        """Keep the encoder's batch normalisation as it is from now on (the paper's second phase)."""
        self.encoder_is_fixed = True
        self.encoder_norms.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> "PConvUNet":
        """Set training or evaluation mode; fixed layers stay in evaluation mode."""
        super().train(mode)
        if self.encoder_is_fixed:
            self.encoder_norms.eval()
        return self

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the painted picture, N×3×H×W; it may leave [0, 1], the last layer being linear.

        Args:
            image: I in [0, 1], N×3×H×W, H and W multiples of 2ⁿ; its values in the hole are ignored.
            mask: M in {0, 1}, N×1×H×W, 1 = missing.
        """
        known = 1 - mask
        x = image * known
        skips = [(x, known)]
        for level, conv in enumerate(self.encoder):
            x, known = conv(x, known)
            if level:
                x = self.encoder_norms[level - 1](x)
            x = F.relu(x) * known
            skips.append((x, known))
        for step, conv in enumerate(self.decoder):
            skip, skip_known = skips[self.levels - 1 - step]
            x = torch.cat([F.interpolate(x, scale_factor=2.0), skip], dim=1)
            x, known = conv(x, torch.cat([F.interpolate(known, scale_factor=2.0), skip_known], dim=1))
            if step < self.levels - 1:
                x = F.leaky_relu(self.decoder_norms[step](x), 0.2) * known
        return x
