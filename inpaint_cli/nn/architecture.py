"""The generators' layers as plain data, for checking checkpoints and building graphs without torch.

`nn.generators` are the same networks as torch modules; a test holds both against each other.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """A generator after Johnson et al. 2016, with the keys of the authors' checkpoints.

    Attributes:
        in_channels: channels of the input.
        out_channels: channels of the output.
        base_channels: width of the first layer (64 in the paper); the blocks are four times as wide.
        residual_blocks: number of residual blocks (8 in the paper).
        block_bias: whether the residual blocks' convolutions have a bias.
        activation: what follows the last convolution: `Sigmoid` or `Tanh`, by ONNX's names.
    """

    in_channels: int
    out_channels: int
    base_channels: int
    residual_blocks: int
    block_bias: bool
    activation: str

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return every key of a checkpoint and its tensor's shape, spectral norm folded.

        A convolution's weight is out × in × height × width, a transposed one's in × out × height × width.
        """
        c1, c2, c4 = self.base_channels, 2 * self.base_channels, 4 * self.base_channels
        layers = {
            "encoder.1": (c1, self.in_channels, 7, 7),
            "encoder.4": (c2, c1, 4, 4),
            "encoder.7": (c4, c2, 4, 4),
        }
        for block in range(self.residual_blocks):
            layers[f"middle.{block}.conv_block.1"] = (c4, c4, 3, 3)
            layers[f"middle.{block}.conv_block.5"] = (c4, c4, 3, 3)
        layers |= {
            "decoder.0": (c4, c2, 4, 4),
            "decoder.3": (c2, c1, 4, 4),
            "decoder.7": (self.out_channels, c1, 7, 7),
        }
        biases = {"decoder.0": c2, "decoder.3": c1}  # transposed: the second dimension is the output's
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, shape in layers.items():
            shapes[f"{layer}.weight"] = shape
            if self.block_bias or not layer.startswith("middle."):
                shapes[f"{layer}.bias"] = (biases.get(layer, shape[0]),)
        return shapes


def edge_architecture(base_channels: int, residual_blocks: int) -> Architecture:
    """Return G1: grey, edges and mask in, C_pred out."""
    return Architecture(3, 1, base_channels, residual_blocks, block_bias=False, activation="Sigmoid")


def inpaint_architecture(base_channels: int, residual_blocks: int, in_channels: int = 4) -> Architecture:
    """Return G2: R, G, B, edges and whatever else the model was trained with in, tanh in three channels out."""
    return Architecture(in_channels, 3, base_channels, residual_blocks, block_bias=True, activation="Tanh")
