"""CA, GLCIC and PConv behind one interface: a picture and a mask in, a picture out."""

from torch import Tensor, nn

from inpaint_cli.nn.contextual_attention import ContextualAttentionGenerator
from inpaint_cli.nn.glcic import CompletionNetwork
from inpaint_cli.nn.pconv import PConvUNet, levels_for
from inpaint_cli.options import Rival


def build_generator(rival: Rival, base_channels: int, side: int) -> nn.Module:
    """Return a fresh generator.

    Args:
        rival: which.
        base_channels: width of its first layer.
        side: of the training crops, which decides how deep PConv is.
    """
    if rival is Rival.CA:
        return ContextualAttentionGenerator(base_channels)
    if rival is Rival.GLCIC:
        return CompletionNetwork(base_channels)
    return PConvUNet(base_channels, levels_for(side))


def size_multiple(rival: Rival, side: int) -> int:
    """Return the number of which both sides of a picture have to be multiples, for a generator trained on this side."""
    if rival is Rival.PCONV:
        return 1 << levels_for(side)
    return 8 if rival is Rival.CA else 4


def paint(generator: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
    """Return I_pred, N×3×H×W, a generator's picture; for Contextual Attention the refined one.

    Args:
        generator: of `build_generator`.
        image: I in [0, 1], N×3×H×W; its values in the hole are ignored.
        mask: M in {0, 1}, N×1×H×W, 1 = missing.
    """
    painted = generator(image, mask)
    picture: Tensor = painted[-1] if isinstance(painted, tuple) else painted
    return picture
