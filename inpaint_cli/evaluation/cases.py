"""One photo with one hole: the input of a method, also as files for another program.

`export` writes `photos/NAME.png`, the hole white, and `masks/NAME.png`, white = missing, NAME being the bin and the
photo's name: `10-20_bridge`. The other program's results are NAME with any picture's extension.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import OutputError, PhotoError, UsageError, reason
from inpaint_cli.evaluation import photos
from inpaint_cli.evaluation.mask_bins import Holes
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import load_image, pictures_below
from inpaint_cli.io.writing import write_photo

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HoledPhoto:
    """A photo and the hole that is to be filled.

    Attributes:
        photo: its path inside the data folder.
        mask: the bin of the hole.
        truth: the undamaged photo, RGB, H×W×3.
        hole: True = missing, H×W.
    """

    photo: str
    mask: str
    truth: Picture
    hole: Mask

    @property
    def damaged(self) -> Picture:
        """The photo with a white hole, H×W×3."""
        return np.where(self.hole[..., None], np.uint8(255), self.truth)


def file_names(names: Sequence[str], labels: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return the file name of each case, without extension, by the photo's name and the bin.

    Args:
        names: paths of photos inside their folder, with forward slashes.
        labels: bins.
    """
    stems: dict[str, str] = {}
    for name in names:
        stem = PurePosixPath(name).with_suffix("").as_posix().replace("/", "_")
        taken = set(stems.values())
        number = 2
        unique = stem
        while unique in taken:  # a.jpg and a.png, or b/c.jpg and b_c.jpg
            unique, number = f"{stem}-{number}", number + 1
        stems[name] = unique
    return {(name, label): f"{label}_{stem}" for name, stem in stems.items() for label in labels}


def export(folder: Path, data: Path, holes: Holes, *, overwrite: bool = False) -> list[str]:
    """Write every case as two files for another program to fill. A photo that can't be read is logged and left out.

    Args:
        folder: where `photos` and `masks` go.
        data: the folder of photos.
        holes: which photo gets which hole.
        overwrite: replace files that are there.

    Returns:
        The photos that could not be read.

    Raises:
        UsageError: there are no photos.
        OutputError: a folder holds something and may not be overwritten, or the system refuses.
    """
    pictures, masks = folder / "photos", folder / "masks"
    for target in (pictures, masks):
        if not overwrite and target.is_dir() and any(target.iterdir()):
            raise OutputError(f"{target}: is not empty; --overwrite replaces what is in it, or name another folder")
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{target}: can't be made: {reason(error)}") from error
    names, failed = photos.find(data), []
    files = file_names(names, holes.labels)
    for name in names:
        try:
            truth = photos.load(data / name, holes.size)
        except PhotoError as error:
            _log.error("%s", error)
            failed.append(name)
            continue
        for label in holes.labels:
            case = HoledPhoto(name, label, truth, holes.hole(label, name))
            mask = np.where(case.hole, np.uint8(255), np.uint8(0))[..., None]
            file = f"{files[name, label]}.png"
            write_photo(Photo(case.damaged), pictures / file, overwrite=overwrite)
            write_photo(Photo(mask), masks / file, overwrite=overwrite)
    return failed


class PictureColumn:
    """Pictures that another program made of exported cases, as a column of the table.

    Only their pixels in the hole are used; around it the photo is restored.

    Args:
        name: its heading.
        folder: where the pictures lie.
        data: the folder of photos.
        names: the photos of the evaluation.
        holes: their holes.

    Raises:
        UsageError: there is no such folder, or a picture of a photo that can be read is missing.
    """

    def __init__(self, name: str, folder: Path, data: Path, names: Sequence[str], holes: Holes) -> None:
        if not folder.is_dir():
            raise UsageError(f"--pictures {name}={folder}: not a folder")
        self.name, self.size = name, holes.size
        found = {path.stem: path for path in pictures_below(folder)}
        wanted = file_names(names, holes.labels)
        missing = {photo: file for (photo, _), file in wanted.items() if file not in found}
        for photo, file in missing.items():
            if _readable(data / photo, holes.size):  # `export` left out the others
                number = sum(file not in found for file in wanted.values())
                raise UsageError(
                    f"--pictures {name}={folder}: {number} of {len(wanted)} pictures are missing, such as {file}.png; "
                    "evaluate --export-cases DIR writes what they are to be made of"
                )
        self.paths = {key: found[file] for key, file in wanted.items() if file in found}

    def run(self, cases: Sequence[HoledPhoto]) -> list[Picture]:
        """Return the photos with their holes filled.

        Raises:
            PhotoError: a picture can't be read or has another size.
        """
        return [self._merged(case) for case in cases]

    def edge_maps(self, cases: Sequence[HoledPhoto]) -> None:
        """Return None: their edges are unknown."""

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield each file's name and size, which distinguish the pictures of two runs."""
        for path in sorted(self.paths.values()):
            yield path.name, path.stat().st_size

    def _merged(self, case: HoledPhoto) -> Picture:
        path = self.paths[case.photo, case.mask]
        picture = load_image(path)
        if picture.shape != case.truth.shape:
            height, width = picture.shape[:2]
            raise PhotoError(
                f"{path}: {width}×{height} pixels, expected {self.size}×{self.size}; --size has to be the one that "
                "the cases were exported with"
            )
        return np.where(case.hole[..., None], picture, case.truth)


def _readable(path: Path, size: int) -> bool:
    try:
        photos.load(path, size)
    except PhotoError:
        return False
    return True
