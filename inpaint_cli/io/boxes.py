"""Rectangles that the command line names. Standard library only: a usage error must not wait for numpy."""

from typing import NamedTuple

from inpaint_cli.errors import UsageError


class Rectangle(NamedTuple):
    """A rectangle of the upright photo: its left and top edge, width and height in pixels; it may stick out."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


def parse_box(text: str) -> Rectangle:
    """Return the rectangle that `--box X,Y,W,H` names.

    Raises:
        UsageError: not four whole numbers, or no area.
    """
    try:
        box = Rectangle(*(int(part) for part in text.split(",")))
    except (ValueError, TypeError):
        raise UsageError(f"--box {text}: four whole numbers X,Y,W,H") from None
    if box.width < 1 or box.height < 1:
        raise UsageError(f"--box {text}: width and height are at least 1")
    return box
