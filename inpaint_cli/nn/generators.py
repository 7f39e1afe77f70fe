"""G1 and G2 of EdgeConnect (Nazeri et al. 2019, arXiv 1901.00212, section 3 and appendix A).

Both are the same network after Johnson et al. 2016: an encoder that halves the picture twice, residual blocks with
dilated convolutions, a decoder. Sub-modules carry the names and positions of the authors' checkpoints
(`encoder.1.weight`, `middle.0.conv_block.1.weight`, `decoder.7.bias`, ...), so that these load by key.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def _plain(module: nn.Module) -> nn.Module:
    return module


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions, the first dilated by 2, added to their input; no ReLU after the sum."""

    def __init__(self, channels: int, norm: Callable[[nn.Module], nn.Module], *, bias: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(2),
            norm(nn.Conv2d(channels, channels, 3, dilation=2, bias=bias)),
            nn.InstanceNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            norm(nn.Conv2d(channels, channels, 3, bias=bias)),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus its correction, N×C×H×W."""
        correction: Tensor = self.conv_block(x)
        return x + correction


class _Generator(nn.Module):
    """Encoder, residual blocks and decoder; `forward` returns the last convolution's output.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        base_channels: width of the first layer (64 in the paper); the blocks are four times as wide.
        residual_blocks: number of residual blocks (8 in the paper).
        spectral: train with spectral normalisation (Miyato et al. 2018) of every convolution but the last.
        block_bias: whether the residual blocks' convolutions have a bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        base_channels: int,
        residual_blocks: int,
        *,
        spectral: bool,
        block_bias: bool,
    ) -> None:
        super().__init__()
        norm = spectral_norm if spectral else _plain
        c1, c2, c4 = base_channels, 2 * base_channels, 4 * base_channels

        def normed(conv: nn.Module, channels: int) -> list[nn.Module]:
            return [norm(conv), nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]

        self.encoder = nn.Sequential(
            nn.ReflectionPad2d(3),
            *normed(nn.Conv2d(in_channels, c1, 7), c1),
            *normed(nn.Conv2d(c1, c2, 4, stride=2, padding=1), c2),
            *normed(nn.Conv2d(c2, c4, 4, stride=2, padding=1), c4),
        )
        self.middle = nn.Sequential(*(ResidualBlock(c4, norm, bias=block_bias) for _ in range(residual_blocks)))
        self.decoder = nn.Sequential(
            *normed(nn.ConvTranspose2d(c4, c2, 4, stride=2, padding=1), c2),
            *normed(nn.ConvTranspose2d(c2, c1, 4, stride=2, padding=1), c1),
            nn.ReflectionPad2d(3),
            nn.Conv2d(c1, out_channels, 7),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the last convolution's output for x, N×C×H×W with H and W multiples of 4."""
        y: Tensor = self.decoder(self.middle(self.encoder(x)))
        return y


class EdgeGenerator(_Generator):
    """G1: completes the edges of the hole.

    Args:
        base_channels: width of the first layer.
        residual_blocks: number of residual blocks.
        spectral: for training; a model made for inference takes folded weights.
    """

    def __init__(self, base_channels: int = 64, residual_blocks: int = 8, *, spectral: bool = False) -> None:
        super().__init__(3, 1, base_channels, residual_blocks, spectral=spectral, block_bias=False)

    def logits(self, x: Tensor) -> Tensor:
        """Return the log-odds of C_pred, N×1×H×W, for an input that `prepare_edge_input` made."""
        return super().forward(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return C_pred in [0, 1], N×1×H×W, for an input that `prepare_edge_input` made."""
        return torch.sigmoid(self.logits(x))


class InpaintGenerator(_Generator):
    """G2: paints the hole along the edges.

    Args:
        base_channels: width of the first layer.
        residual_blocks: number of residual blocks.
        mask_channel: whether the input's fifth channel is the mask.
    """

    def __init__(
        self,
        base_channels: int = 64,
        residual_blocks: int = 8,
        *,
        mask_channel: bool = False,
    ) -> None:
        in_channels = 5 if mask_channel else 4
        super().__init__(in_channels, 3, base_channels, residual_blocks, spectral=False, block_bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tanh of the last convolution, N×3×H×W in [−1, 1]; `finish_inpaint_output` makes I_pred of it."""
        return torch.tanh(super().forward(x))
