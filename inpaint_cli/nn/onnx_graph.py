"""A generator as an ONNX graph, for the runtime that OpenCV brings; numpy arrays in, bytes out.

The layers are those of `nn.generators`, with two differences that change no value:

- A transposed convolution of 4×4 and stride 2 is four convolutions of 2×2, one for each position of an output pixel in
  its 2×2 block, interleaved by DepthToSpace: OpenCV takes less than half the time for it.
- Weights of any precision are written as float32, which is what OpenCV computes in on a processor.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.nn.architecture import Architecture
from inpaint_cli.nn.onnx_model import OnnxModel

_EPSILON = 1e-5  # torch's, of instance normalisation

Floats = NDArray[np.float32]


def onnx_generator(weights: Mapping[str, NDArray[np.floating]], architecture: Architecture) -> bytes:
    """Return a generator as an ONNX model: N×C×H×W float32 in and out, H and W any multiple of 4 from 12 up.

    Args:
        weights: a checkpoint's tensors with the keys and shapes of `architecture`.
        architecture: the generator's layers. Its output is that of the last activation: a sigmoid's C_pred for G1, a
            tanh for G2, whose meaning (picture or correction) is the caller's.
    """
    graph = _Generator(weights, architecture)
    y = graph.conv(graph.pad(graph.input, 3), "encoder.1")
    y = graph.conv(y, "encoder.4", strides=[2, 2], pads=[1, 1, 1, 1])
    y = graph.conv(y, "encoder.7", strides=[2, 2], pads=[1, 1, 1, 1])
    for block in range(architecture.residual_blocks):
        layers = f"middle.{block}.conv_block"
        z = graph.conv(graph.pad(y, 2), f"{layers}.1", dilations=[2, 2])
        z = graph.conv(graph.pad(z, 1), f"{layers}.5", relu=False)
        y = graph.add("Add", [y, z])
    y = graph.doubled(y, "decoder.0")
    y = graph.doubled(y, "decoder.3")
    y = graph.last(graph.pad(y, 3), "decoder.7")
    return graph.serialize(graph.add(architecture.activation, [y]), architecture.out_channels)


class _Generator(OnnxModel):
    """A graph that takes its constants from a checkpoint."""

    def __init__(self, weights: Mapping[str, NDArray[np.floating]], architecture: Architecture) -> None:
        super().__init__(architecture.in_channels)
        self._weights = weights

    def pad(self, x: str, width: int) -> str:
        """Reflect the border of H and W."""
        widths = np.array([0, 0, width, width, 0, 0, width, width])
        return self.add("Pad", [x, self.constant(f"pad{width}", widths)], mode="reflect")

    def conv(self, x: str, layer: str, *, relu: bool = True, **attributes: list[int]) -> str:
        """Convolve, normalise, and apply ReLU."""
        weight, bias = self._parameters(layer)
        y = self._convolved(x, layer, weight, bias, **attributes)
        return self._normalised(y, weight.shape[0], relu=relu)

    def doubled(self, x: str, layer: str) -> str:
        """Convolve, transposed, to twice the height and width; normalise, and apply ReLU.

        With stride 2 and padding 1, output pixel 2i + a sees input pixel j through tap 2(i − j) + 1 + a of four: for
        a = 0 pixels i − 1 and i through taps 3 and 1, for a = 1 pixels i and i + 1 through taps 2 and 0.
        """
        weight, bias = self._parameters(layer)
        taps = ((3, 1), (2, 0))
        parts = []
        for a in range(2):
            for b in range(2):
                part = weight[:, :, taps[a]][:, :, :, taps[b]].transpose(1, 0, 2, 3)
                parts.append(self._convolved(x, f"{layer}.{a}{b}", part, bias, pads=[1 - a, 1 - b, a, b]))
        y = self.add("Concat", parts, axis=1)
        return self._normalised(self.add("DepthToSpace", [y], blocksize=2, mode="DCR"), weight.shape[1], relu=True)

    def last(self, x: str, layer: str) -> str:
        """Convolve alone."""
        return self._convolved(x, layer, *self._parameters(layer))

    def _parameters(self, layer: str) -> tuple[Floats, Floats | None]:
        """Return a layer's weight and its bias, if it has one."""
        bias = self._weights.get(f"{layer}.bias")
        return self._weights[f"{layer}.weight"].astype(np.float32), None if bias is None else bias.astype(np.float32)

    def _convolved(self, x: str, name: str, weight: Floats, bias: Floats | None, **attributes: list[int]) -> str:
        inputs = [x, self.constant(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.constant(f"{name}.bias", bias))
        return self.add("Conv", inputs, kernel_shape=weight.shape[2:], **attributes)

    def _normalised(self, x: str, channels: int, *, relu: bool) -> str:
        """Return instance normalisation without parameters of its own: scale 1, bias 0."""
        scale = self.constant(f"scale{channels}", np.ones(channels, np.float32))
        bias = self.constant(f"bias{channels}", np.zeros(channels, np.float32))
        y = self.add("InstanceNormalization", [x, scale, bias], epsilon=_EPSILON)
        return self.add("Relu", [y]) if relu else y
