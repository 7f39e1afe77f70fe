"""VGG-19 up to relu5_2 and VGG-16 up to pool3, for perceptual and style losses (Simonyan and Zisserman 2014)."""

from collections.abc import Collection
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

_CONTENT = ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1))
_STYLE = ((2, 2), (3, 4), (4, 4), (5, 2))


class _Vgg(nn.Module):
    """The convolutions of a VGG, fixed; positions in `features` are those of torchvision's and timm's checkpoints."""

    widths: ClassVar[tuple[tuple[int, int], ...]]  # channels and convolutions used of each block
    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.positions: dict[tuple[int, int], int] = {}  # of the ReLU after each convolution, by block and number
        self.pools: list[int] = []
        channels = 3
        for block, (width, convolutions) in enumerate(self.widths, start=1):
            for number in range(1, convolutions + 1):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                self.positions[block, number] = len(layers) - 1
                channels = width
            layers.append(nn.MaxPool2d(2))
            self.pools.append(len(layers) - 1)
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    @classmethod
    def random(cls, seed: int = 0) -> Self:
        """Return the network with fixed random weights (He initialisation), the same for the same seed."""
        network, generator = cls(), torch.Generator().manual_seed(seed)
        for layer in network.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        return network

    def _activations(self, x: Tensor, positions: Collection[int]) -> list[Tensor]:
        x = (x - self.mean) / self.std
        found = []
        for position in range(max(positions) + 1):
            x = self.features[position](x)
            if position in positions:
                found.append(x.float())
        return found


class Vgg19(_Vgg):
    """VGG-19 up to relu5_2: what EdgeConnect's losses need."""

    widths = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 2))

    def content(self, x: Tensor) -> list[Tensor]:
        """Return relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of x, N×3×H×W in [0, 1]."""
        return self._activations(x, {self.positions[layer] for layer in _CONTENT})

    def style(self, x: Tensor) -> list[Tensor]:
        """Return relu2_2, relu3_4, relu4_4 and relu5_2 of x, N×3×H×W in [0, 1]."""
        return self._activations(x, {self.positions[layer] for layer in _STYLE})


class Vgg16(_Vgg):
    """VGG-16 up to pool3: what PConv's losses need."""

    widths = ((64, 2), (128, 2), (256, 3))

    def pooled(self, x: Tensor) -> list[Tensor]:
        """Return pool1, pool2 and pool3 of x, N×3×H×W in [0, 1]."""
        return self._activations(x, self.pools)
