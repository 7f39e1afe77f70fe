"""The inputs of G1 and G2 and the output of G2, for inference, training and evaluation alike.

Every function takes arrays of one kind, NumPy's or torch's, N×C×H×W, and returns the same kind; torch is imported only
where it is in use already. The networks themselves (`nn.generators`) are convolutions alone and need nothing but these
functions around them.
"""

from typing import Any, Literal, NamedTuple

import numpy as np

Contrast = Literal["none", "photo"]
Output = Literal["picture", "correction"]

SMALLEST_DEVIATION = 0.02  # of the known pixels; less is noise, in the photo or of its compression

Array = Any  # NDArray[np.float32] or torch.Tensor


class InpaintInput(NamedTuple):
    """G2's input for a batch, and what `finish_inpaint_output` needs.

    Attributes:
        planes: the network's input, N×4×H×W or, with a mask channel, N×5×H×W.
        filled: I with its hole filled, N×3×H×W in [0, 1].
        deviation: scale of a correction, N×1×1×1; None means 1.
    """

    planes: Array
    filled: Array
    deviation: Array | None


def prepare_edge_input(gray: Array, edges: Array, mask: Array) -> Array:
    """Return G1's input, N×3×H×W: I_gray with a white hole, C_gt with an empty hole, M.

    Args:
        gray: I_gray in [0, 1], N×1×H×W.
        edges: C_gt in {0, 1}, N×1×H×W; its values in the hole are ignored.
        mask: M in {0, 1}, N×1×H×W, 1 = missing.
    """
    return _concatenate([gray * (1 - mask) + mask, edges * (1 - mask), mask])


def prepare_inpaint_input(
    image: Array,
    edges: Array,
    mask: Array,
    filling: Array | None = None,
    *,
    contrast: Contrast = "none",
    mask_channel: bool = False,
) -> InpaintInput:
    """Return G2's input: I with its hole filled, C_comp and, where a model has that channel, M.

    Args:
        image: I in [0, 1], N×3×H×W; its values in the hole are ignored.
        edges: C_comp in [0, 1], N×1×H×W.
        mask: M in {0, 1}, N×1×H×W, 1 = missing.
        filling: what replaces the hole, N×3×H×W; None: white (the paper's).
        contrast: `photo` takes out each picture's mean colour and divides by its standard deviation, both of the known
            pixels. Instance normalisation discards contrast, so that a correction can't scale with it otherwise.
        mask_channel: whether M is a fifth channel, which a filled hole would hide.
    """
    filled = image * (1 - mask) + (mask if filling is None else filling * mask)
    colours, deviation = filled, None
    if contrast == "photo":
        mean, deviation = _statistics(image, 1 - mask)
        colours = (filled - mean) / deviation
    return InpaintInput(_concatenate([colours, edges, mask] if mask_channel else [colours, edges]), filled, deviation)


def finish_inpaint_output(given: Array, prepared: InpaintInput, output: Output) -> Array:
    """Return I_pred, N×3×H×W, for G2's output; with a correction it may leave [0, 1].

    Args:
        given: G2's tanh, N×3×H×W in [−1, 1].
        prepared: what `prepare_inpaint_input` returned.
        output: `picture`, (tanh + 1) / 2 as in the paper, or `correction`, which is added to the filling.
    """
    if output == "picture":
        return (given + 1) / 2
    return prepared.filled + (given if prepared.deviation is None else given * prepared.deviation)


def _statistics(image: Array, known: Array) -> tuple[Array, Array]:
    """Return the mean colour, N×3×1×1, and the standard deviation, N×1×1×1, of the known pixels (1 in `known`)."""
    count = known.sum((2, 3))[:, :, None, None].clip(min=1)
    mean = (image * known).sum((2, 3))[:, :, None, None] / count
    variance = (((image - mean) ** 2) * known).sum((1, 2, 3))[:, None, None, None] / (3 * count)
    return mean, (variance**0.5).clip(min=SMALLEST_DEVIATION)


def _concatenate(planes: list[Array]) -> Array:
    if isinstance(planes[0], np.ndarray):
        return np.concatenate(planes, axis=1)
    import torch  # noqa: PLC0415 - these are its tensors

    return torch.cat(planes, dim=1)
