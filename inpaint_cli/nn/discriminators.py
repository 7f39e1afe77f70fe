"""D1 and D2 of EdgeConnect (section 3 and appendix A): the 70×70 PatchGAN of Isola et al. 2017, spectral-normalised.

Sub-modules carry the names of the authors' checkpoints (`conv1.0`, ..., `conv5.0`).
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """Classifies each overlapping patch as real or fake.

    Args:
        in_channels: 2 for D1, which sees (grey, edges); 3 for D2, which sees RGB.
        base_channels: width of the first layer (64 in the paper).
    """

    def __init__(self, in_channels: int, base_channels: int = 64) -> None:
        super().__init__()
        widths = [in_channels, base_channels, 2 * base_channels, 4 * base_channels, 8 * base_channels, 1]

        def conv(layer: int, stride: int) -> nn.Module:
            return spectral_norm(nn.Conv2d(widths[layer - 1], widths[layer], 4, stride, padding=1, bias=False))

        self.conv1 = nn.Sequential(conv(1, 2), nn.LeakyReLU(0.2))
        self.conv2 = nn.Sequential(conv(2, 2), nn.LeakyReLU(0.2))
        self.conv3 = nn.Sequential(conv(3, 2), nn.LeakyReLU(0.2))
        self.conv4 = nn.Sequential(conv(4, 1), nn.LeakyReLU(0.2))
        self.conv5 = nn.Sequential(conv(5, 1))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the activations of all five layers for x, N×C×H×W in [0, 1]; the last, N×1×h×w, are the logits."""
        activations = []
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            x = layer(x)
            activations.append(x)
        return activations
