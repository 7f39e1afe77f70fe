"""Where a task's pictures and edge maps go: files, or standard output."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import OutputError
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.locations import Location
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.sketches import GROWTH_KEY, MAP_KEY, digest, edge_map_pixels
from inpaint_cli.io.writing import check_writable, write_photo
from inpaint_cli.options import FillOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutputWriter:
    """Where results go, beside what each job says.

    Attributes:
        overwrite: replace what is already there.
        stdout: the stream for what goes to `-`.
    """

    overwrite: bool = False
    stdout: BinaryIO | None = None

    def write(self, photo: Photo, target: Location) -> None:
        """Write a picture where a job wants it.

        Raises:
            OutputError: it can't be written there.
        """
        if target != STREAM:
            write_photo(photo, target, overwrite=self.overwrite)
        elif self.stdout is not None:
            write_photo(photo, self.stdout)
        else:
            raise OutputError("standard output: not open for pictures")

    def check(self, photo: Photo, target: Location | None) -> None:
        """Check, before the work, that a picture can be written where a job wants it, if it does.

        Raises:
            OutputError: the format has no room for so many pixels.
        """
        if target is not None:
            check_writable(photo, None if target == STREAM else target)

    def write_map(self, edges: NDArray[np.float32], target: Location, options: FillOptions | None = None) -> None:
        """Write edges, H×W in [0, 1], as a picture that is known again when it comes back.

        Args:
            edges: C_comp.
            target: where to.
            options: how its hole was filled with lines; None if it has no hole.

        Raises:
            OutputError: it can't be written there.
        """
        if target.suffix.lower() not in {"", ".png"}:
            logger.warning("%s: as a sketch its lines come back, but only a PNG comes back exactly", target)
        pixels = edge_map_pixels(edges)
        growths = {} if options is None else {GROWTH_KEY: growth(options)}
        self.write(Photo(pixels, name="edge map", text={MAP_KEY: digest(pixels), **growths}), target)


def growth(options: FillOptions) -> str:
    """Return by how much a hole is grown, as `--grow` takes it."""
    if options.plain:
        return "0"
    return "auto" if options.grow is None else str(options.grow)
