"""The square around a hole, which local discriminators look at."""

import torch
from torch import Tensor


def around_hole(pictures: Tensor, mask: Tensor, side: int) -> Tensor:
    """Return the square of each picture whose centre is the hole's, moved inside the picture where it would stick out.

    Args:
        pictures: N×C×H×W.
        mask: M in {0, 1}, N×1×H×W, 1 = missing; not empty.
        side: of the square, at most H and W.

    Returns:
        N×C×side×side.
    """
    height, width = mask.shape[-2:]
    weight = mask[:, 0] / mask.sum(dim=(1, 2, 3)).clamp_min(1)[:, None, None]
    rows = (weight.sum(dim=2) * torch.arange(height, device=mask.device)).sum(dim=1)
    columns = (weight.sum(dim=1) * torch.arange(width, device=mask.device)).sum(dim=1)
    squares = []
    for picture, row, column in zip(pictures, rows.tolist(), columns.tolist(), strict=True):
        top = min(max(0, round(row - side / 2)), height - side)
        left = min(max(0, round(column - side / 2)), width - side)
        squares.append(picture[:, top : top + side, left : left + side])
    return torch.stack(squares)
