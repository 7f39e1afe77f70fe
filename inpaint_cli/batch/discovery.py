"""Which photo goes with which mask and sketch: all decided before any work. Standard library only."""

from __future__ import annotations

import glob
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from inpaint_cli.batch.job import NO_EDGES, Job, Request
from inpaint_cli.batch.listing import Folder, Photos, open_database
from inpaint_cli.batch.manifest import Row, read_manifest
from inpaint_cli.batch.output_names import Namer, with_extras
from inpaint_cli.batch.plan import Plan
from inpaint_cli.errors import PhotoError, UsageError
from inpaint_cli.io.formats import STREAM, is_picture
from inpaint_cli.io.locations import Location, Url, locate, resolved

logger = logging.getLogger(__name__)

_MASK_ENDINGS = ("_mask", "-mask", "")
_SKETCH_ENDINGS = ("-edges", "_edges", "-sketch", "_sketch", "")
_OTHER_ENDINGS = (*filter(None, _MASK_ENDINGS), *filter(None, _SKETCH_ENDINGS), "-clean", "-compare")


def check_shared(request: Request) -> None:
    """Check once that the files that serve every photo exist.

    Raises:
        PhotoError: a mask, a sketch or another photo is not there.
    """
    edges = None if request.edges == NO_EDGES else request.edges
    for place in (*request.masks, edges, *request.not_from, *request.also_read):
        if place is not None and place != STREAM and not place.exists():
            raise PhotoError(f"{place}: no such file or directory")


def plan(request: Request) -> Plan:
    """Return the jobs in the order asked for.

    Memory does not grow with their number: manifests and buckets are read as they come, into a table on disk.

    Raises:
        UsageError: nothing to do, two results with one name, a result in the place of an input, or an output, template
            or manifest that makes no sense.
        OSError: a folder or a bucket can't be listed.
    """
    database = open_database()
    shared = [
        *request.masks,
        *request.not_from,
        *request.also_read,
        *([] if request.edges is None else [request.edges]),
    ]
    listed = (
        place for place in (*request.masks, *request.not_from, request.edges) if place not in {None, STREAM, NO_EDGES}
    )
    folders = {place: Folder(database, place) for place in listed if place is not None and place.is_dir()}
    if request.manifest is not None:
        if request.images:
            raise UsageError("--manifest names the images; give no others")
        many, rows = True, read_manifest(request.manifest)
    else:
        photos, many = _photos(request, database)
        rows = (Row(photo) for photo in _originals(photos, request, folders))
    namer = Namer(request, many)
    jobs = Plan(database, [place for place in shared if place not in folders], steps=request.steps is not None)
    for row in rows:
        if row.problem:
            jobs.add(Job(row.photo, row.photo, problem=row.problem, nameless=True), named=False)
            continue
        job = Job(row.photo, row.output or namer(row.photo), row.masks or request.masks, row.edges or request.edges)
        job = replace(job, not_from=request.not_from) if request.not_from else job
        jobs.add(with_extras(_paired(job, folders), request, many), named=row.output is None)
    _give_own_names(jobs, namer, request, many)
    jobs.check()
    if isinstance(namer.root, Url):
        _ask_store(namer.root, jobs, request)
    if request.shard is not None:
        jobs.deal(*request.shard)
    return jobs


def _give_own_names(jobs: Plan, namer: Namer, request: Request, many: bool) -> None:
    """Name results of photos that differ in their extension only after their whole names, `x.gif.png`."""
    for rivals in jobs.rivals():
        for number, job in rivals:
            photo = job.photo
            others = [other.photo for _, other in rivals if other.photo != photo]
            if not any((other.parent, other.stem) == (photo.parent, photo.stem) for other in others):
                continue
            if job.output.suffix.lower() != photo.suffix.lower():
                job = replace(job, output=namer(photo, photo.name))  # noqa: PLW2901 - the same job, elsewhere
            jobs.replace(number, with_extras(job, request, many, photo.name))


def _ask_store(root: Url, jobs: Plan, request: Request) -> None:
    """Check that results can be written to a store, and list once which exist already."""
    from inpaint_cli.io import remote  # noqa: PLC0415 - fsspec

    found = remote.below(str(root))
    if request.skip_existing:
        jobs.note_existing(root, found)
    else:
        next(found, None)


def _photos(request: Request, database: sqlite3.Connection) -> tuple[Photos, bool]:
    """Return the photos that the images stand for, and whether there may be any number of them."""
    if not request.images:
        raise UsageError("no image given; name files, folders or patterns, or --manifest")
    photos, many = Photos(database), len(request.images) > 1
    for image in request.images:
        found = _stands_for(image)
        if found is None:
            photos.add([locate(image)])
            continue
        many = True
        if not photos.add(found):
            raise UsageError(f"{image}: no pictures there")
    return photos, many


def _stands_for(image: str) -> Iterable[Location] | None:
    """Return the pictures in a folder or behind a pattern, sorted; None for the name of a photo."""
    place = locate(image)
    if isinstance(place, Url):
        if place.is_web or (is_picture(place) and not glob.has_magic(image)):
            return None
        if glob.has_magic(image) and not place.exists():
            from inpaint_cli.io import remote  # noqa: PLC0415 - fsspec

            return filter(is_picture, map(Url, remote.expand(str(place))))
        return filter(is_picture, place.iterdir()) if place.is_dir() else None
    if place.is_dir():
        return sorted(entry for entry in place.iterdir() if is_picture(entry) and entry.is_file())
    if place != STREAM and glob.has_magic(image) and not place.exists():
        return sorted(Path(entry) for entry in glob.glob(image, recursive=True) if is_picture(Path(entry)))  # noqa: PTH207 - a pattern of any kind
    return None


def _originals(photos: Photos, request: Request, folders: Iterable[Location]) -> Iterator[Location]:
    """Yield the photos that are not a mask, a sketch or a result of another one among them."""
    masks = {resolved(folder) for folder in folders if folder in {*request.masks, *request.not_from}}
    named = {locate(image) for image in request.images}
    left_out = []
    for photo in photos:
        if _is_original(photo, photos, request, masks):
            yield photo
        elif photo in named:
            left_out.append(photo)
    if left_out:
        others = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        logger.warning("%s%s: left out, as a mask, a sketch or a result of another image", left_out[0], others)


def _is_original(photo: Location, photos: Photos, request: Request, masks: set[Location]) -> bool:
    stem = photo.stem
    bases = {stem.removesuffix(ending) for ending in (*_OTHER_ENDINGS, request.ending)} - {stem}
    if any(photos.named(photo.parent, base) or photo.with_name(base) in photos for base in bases if base):
        return False
    if photo.suffix.lower() != ".png" or resolved(photo.parent) not in masks:
        return True
    return all(twin.suffix.lower() == ".png" for twin in photos.named(photo.parent, stem))


def _paired(job: Job, folders: dict[Location, Folder]) -> Job:
    """Return a job with each folder of masks or sketches replaced by the file in it that belongs to the photo."""
    if not folders:
        return job
    edges, problem = job.edges, ""
    paired: list[list[Location]] = []
    for listed in (job.masks, job.not_from):
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
    return replace(job, masks=masks, edges=edges, not_from=not_from, problem=problem)
