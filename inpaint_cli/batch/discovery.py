"""Which photo goes with which mask and sketch: all decided before any work. Standard library only."""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from inpaint_cli.batch.job import NO_EDGES, Job, Request, resolved
from inpaint_cli.batch.manifest import Row, read_manifest
from inpaint_cli.batch.output_names import Namer, check_places, with_extras
from inpaint_cli.errors import PhotoError, UsageError
from inpaint_cli.io.formats import STREAM, is_picture

logger = logging.getLogger(__name__)

_MASK_ENDINGS = ("_mask", "-mask", "")
_SKETCH_ENDINGS = ("-edges", "_edges", "-sketch", "_sketch", "")
_OTHER_ENDINGS = (*filter(None, _MASK_ENDINGS), *filter(None, _SKETCH_ENDINGS), "-clean", "-compare")


def check_shared(request: Request) -> None:
    """Check that what serves every photo is there: said once, and not again for each.

    Raises:
        PhotoError: a mask, a sketch or another photo is not there.
    """
    edges = None if request.edges == NO_EDGES else request.edges
    for path in (*request.masks, edges, *request.not_from, *request.also_read):
        if path is not None and path != STREAM and not path.exists():
            raise PhotoError(f"{path}: no such file or directory")


def plan(request: Request) -> list[Job]:
    """Return the jobs in the order asked for.

    Raises:
        UsageError: nothing to do, two results with one name, a result in the place of an input, or an output, template
            or manifest that makes no sense.
    """
    if request.manifest is not None:
        if request.images:
            raise UsageError("--manifest names the images; give no others")
        many, rows = True, list(read_manifest(request.manifest))
    else:
        photos, many = _photos(request)
        rows = [Row(photo) for photo in photos]
    namer = Namer(request, many)
    jobs = [Job(row.photo, row.output or namer(row.photo), row.masks or request.masks, row.edges) for row in rows]
    jobs = [with_extras(job, request, len(jobs) > 1) for job in _paired(jobs, request)]
    check_places(jobs, request)
    return _share(jobs, request.shard)


def _share(jobs: list[Job], shard: tuple[int, int] | None) -> list[Job]:
    if shard is None:
        return jobs
    share, shares = shard
    # Sorted, so that every machine of a job array deals the same hand, in whatever order its shell lists the files.
    mine = {id(job) for job in sorted(jobs, key=lambda job: str(job.photo))[share - 1 :: shares]}
    return [job for job in jobs if id(job) in mine]


def _photos(request: Request) -> tuple[list[Path], bool]:
    """Return the photos that the images stand for, and whether there may be any number of them."""
    if not request.images:
        raise UsageError("no image given; name files, folders or patterns, or --manifest")
    photos: dict[Path, None] = {}  # an ordered set
    named = [Path(image) for image in request.images]
    many = len(named) > 1
    for image, path in zip(request.images, named, strict=True):
        if path.is_dir():
            found = sorted(entry for entry in path.iterdir() if is_picture(entry) and entry.is_file())
        elif path != STREAM and glob.has_magic(image) and not path.exists():
            found = sorted(Path(entry) for entry in glob.glob(image, recursive=True) if is_picture(Path(entry)))  # noqa: PTH207 - a pattern of any kind
        else:
            photos[path] = None
            continue
        many = True
        if not found:
            raise UsageError(f"{image}: no pictures there")
        photos.update(dict.fromkeys(found))
    kept = list(_originals(list(photos), request))
    left_out = [path for path in named if path in photos and path not in kept]
    if left_out:
        others = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        logger.warning("%s%s: left out, as a mask, a sketch or a result of another image", left_out[0], others)
    return kept, many


def _originals(photos: list[Path], request: Request) -> Iterator[Path]:
    """Yield the photos that are not a mask, a sketch or a result of another one among them."""
    stems: dict[tuple[Path, str], list[Path]] = {}
    for photo in photos:
        stems.setdefault((photo.parent, photo.stem), []).append(photo)
    folders = [resolved(folder) for folder in (*request.masks, *request.not_from) if folder.is_dir()]
    for photo in photos:
        bases = [photo.stem.removesuffix(ending) for ending in (*_OTHER_ENDINGS, request.ending)]
        if any(base != photo.stem and (photo.parent, base) in stems for base in bases):
            continue
        twins = [twin for twin in stems[photo.parent, photo.stem] if twin.suffix.lower() != ".png"]
        if photo.suffix.lower() == ".png" and twins and resolved(photo.parent) in folders:
            continue
        yield photo


class _Folder:
    """The pictures of a folder by stem, listed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_stem: dict[str, list[Path]] = {}
        for path in sorted(folder.iterdir(), key=lambda path: (path.suffix.lower() != ".png", path.name)):
            if is_picture(path):
                self._by_stem.setdefault(path.stem, []).append(path)

    def find(self, photo: Path, endings: Sequence[str]) -> Path | None:
        """Return the picture that belongs to a photo, or None; a PNG if there are several."""
        own = resolved(photo)
        for ending in endings:
            for path in self._by_stem.get(photo.stem + ending, []):
                if resolved(path) != own:
                    return path
        return None


def _paired(jobs: Iterable[Job], request: Request) -> Iterator[Job]:
    """Yield the jobs with each folder of masks or sketches replaced by the file in it that belongs to the photo."""
    shared = (*request.masks, request.edges, *request.not_from)
    folders = {path: _Folder(path) for path in shared if path is not None and path.is_dir()}
    for job in jobs:
        edges, problem = job.edges or request.edges, ""
        paired: list[list[Path]] = []
        for listed in (job.masks, request.not_from):
            paired.append([])
            for mask in listed:
                found = folders[mask].find(job.photo, _MASK_ENDINGS) if mask in folders else mask
                if found is None:
                    stem = job.photo.stem
                    problem = f"no mask in {mask}; its name would be {stem}.png, {stem}_mask.png or {stem}-mask.png"
                else:
                    paired[-1].append(found)
        if edges in folders:
            folder = edges
            edges = folders[folder].find(job.photo, _SKETCH_ENDINGS)
            if edges is None:
                problem = f"no sketch in {folder}; its name would be {job.photo.stem}.png"
        masks, not_from = (tuple(found) for found in paired)
        yield replace(job, masks=masks, edges=edges, not_from=not_from, problem=problem)
