"""Which photo goes with which mask, and where its result goes: all decided before any work. Standard library only."""

from __future__ import annotations

import glob
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inpaint_cli.errors import OutputError, UsageError
from inpaint_cli.imaging.formats import STREAM, format_of, is_picture, output_suffix, stem_of
from inpaint_cli.manifest import read_manifest

_MASK_ENDINGS = ("_mask", "-mask", "")
_SKETCH_ENDINGS = ("-edges", "_edges", "-sketch", "_sketch", "")
_OTHER_ENDINGS = (*filter(None, _MASK_ENDINGS), *filter(None, _SKETCH_ENDINGS), "-clean", "-compare")
_FIELDS = ("stem", "ext", "name", "parent")


@dataclass(frozen=True)
class Job:
    """One photo to work on.

    Attributes:
        photo: its file, or `-`.
        output: the file to write, or `-`.
        masks: the masks to unite.
        edges: a sketch for it.
        problem: why it can't be done, found while pairing; empty if nothing stands against it.
        picture: a second result, or `-`.
        panel: the file for a comparison of before and after.
        steps: the folder of its intermediate pictures and what their names begin with.
    """

    photo: Path
    output: Path
    masks: tuple[Path, ...] = ()
    edges: Path | None = None
    problem: str = ""
    picture: Path | None = None
    panel: Path | None = None
    steps: Path | None = None

    @property
    def results(self) -> tuple[Path, ...]:
        """The files that it writes, or `-`; the pictures in `steps` aside."""
        return tuple(path for path in (self.output, self.picture, self.panel) if path is not None)

    def step(self, window: int | None, number: int, name: str) -> Path | None:
        """Return where an intermediate picture goes: `bird-1-window.png`, `bird-2-1-window.png` in the second window.

        Args:
            window: from 1 up; None if there is only one.
            number: of the step, from 1 up.
            name: of the step.
        """
        which = "" if window is None else f"-{window}"
        return self.steps and self.steps.with_name(f"{self.steps.name}{which}-{number}-{name}.png")

    def is_step(self, path: Path) -> bool:
        """Whether a resolved path is one that `step` may return."""
        if self.steps is None or path.parent != self.steps.parent.resolve():
            return False
        return re.fullmatch(re.escape(self.steps.name) + r"(-\d+)?-\d+-[a-z]+\.png", path.name) is not None


@dataclass(frozen=True)
class Request:
    """What the command line says about files.

    Attributes:
        images: files, folders, patterns, or `-`.
        manifest: a table of jobs instead of `images`: CSV or JSON lines.
        masks: files that serve every photo, or folders that hold one for each.
        edges: a sketch for every photo, or a folder that holds one for each.
        output: a file, a folder, a template, `-`, or None for a name beside the photo.
        ending: what the name of a result beside its photo ends in.
        suffix: the extension of results; None keeps that of the photo.
        shard: which share of the jobs to do, (2, 8) for the second of eight.
        also_read: other inputs of the run, which no result may replace.
        picture: where each job's second result goes.
        compare: whether each job writes a panel beside its result.
        steps: a folder for the intermediate pictures of every job.
    """

    images: tuple[str, ...] = ()
    manifest: Path | None = None
    masks: tuple[Path, ...] = ()
    edges: Path | None = None
    output: str | None = None
    ending: str = "-clean"
    suffix: str | None = None
    shard: tuple[int, int] | None = None
    also_read: tuple[Path, ...] = ()
    picture: Path | None = None
    compare: bool = False
    steps: Path | None = None


def plan(request: Request) -> list[Job]:
    """Return the jobs in the order asked for.

    Raises:
        UsageError: nothing to do, two results with one name, a result in the place of an input, or an output, template
            or manifest that makes no sense.
    """
    if request.manifest is not None:
        if request.images:
            raise UsageError("--manifest names the images; give no others")
        many = True
        jobs = [
            Job(row.photo, row.output or STREAM, row.masks or request.masks, row.edges)
            for row in read_manifest(request.manifest)
        ]
    else:
        photos, many = _photos(request)
        jobs = [Job(photo, STREAM, request.masks) for photo in photos]
    namer = _Namer(request, many)
    jobs = [job if job.output != STREAM else replace(job, output=namer(job.photo)) for job in jobs]
    jobs = [_with_extras(job, request) for job in _paired(jobs, request)]
    _check_outputs(jobs, request)
    return _share(jobs, request.shard)


def parse_shard(text: str) -> tuple[int, int]:
    """Return I and N of `--shard I/N`.

    Raises:
        UsageError: not two whole numbers with 1 ≤ I ≤ N.
    """
    try:
        share, shares = (int(part) for part in text.split("/"))
    except ValueError:
        raise UsageError(f"--shard {text}: two whole numbers, 2/8 for the second of eight shares") from None
    if not 1 <= share <= shares:
        raise UsageError(f"--shard {text}: the share lies between 1 and their number")
    return share, shares


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
    many = len(request.images) > 1
    for image in request.images:
        path = Path(image)
        if path.is_dir():
            found = sorted(entry for entry in path.iterdir() if is_picture(entry) and entry.is_file())
        elif image != str(STREAM) and glob.has_magic(image) and not path.exists():
            found = sorted(Path(entry) for entry in glob.glob(image, recursive=True) if is_picture(Path(entry)))  # noqa: PTH207 - a pattern of any kind
        else:
            photos[path] = None
            continue
        many = True
        if not found:
            raise UsageError(f"{image}: no pictures there")
        photos.update(dict.fromkeys(found))
    return list(_originals(list(photos), request)), many


def _originals(photos: list[Path], request: Request) -> Iterator[Path]:
    """Yield the photos that are not a mask, a sketch or a result of another one among them."""
    stems: dict[tuple[Path, str], list[Path]] = {}
    for photo in photos:
        stems.setdefault((photo.parent, photo.stem), []).append(photo)
    folders = [folder.resolve() for folder in request.masks if folder.is_dir()]
    for photo in photos:
        bases = [photo.stem.removesuffix(ending) for ending in (*_OTHER_ENDINGS, request.ending)]
        if any(base != photo.stem and (photo.parent, base) in stems for base in bases):
            continue
        twins = [twin for twin in stems[photo.parent, photo.stem] if twin.suffix.lower() != ".png"]
        if photo.suffix.lower() == ".png" and twins and photo.parent.resolve() in folders:
            continue
        yield photo


class _Namer:
    """Names results as `-o` asks."""

    def __init__(self, request: Request, many: bool) -> None:
        self._request = request
        output = request.output
        self._template = output if output is not None and ("{" in output or "}" in output) else None
        if self._template is not None:
            _check_template(self._template)
        is_folder = (
            output is not None and self._template is None and (output.endswith(("/", "\\")) or Path(output).is_dir())
        )
        if output is not None and many and self._template is None and not is_folder:
            if Path(output).suffix or output == str(STREAM):
                advice = "give a folder, or a template such as out/{stem}{ext}"
                raise UsageError(f"-o {output}: one file for several images; {advice}")
            is_folder = True
        self._folder = Path(output) if output is not None and is_folder else None

    def __call__(self, photo: Path) -> Path:
        request = self._request
        suffix = request.suffix or output_suffix(photo)
        beside = photo.with_name(f"{photo.stem}{request.ending}{suffix}")
        if photo == STREAM:
            if self._template is not None or self._folder is not None:
                raise UsageError(f"-o {request.output}: an image from standard input has no name; give a file or -")
            return STREAM if request.output is None else Path(request.output)
        if self._template is not None:
            fields = {
                "stem": photo.stem,
                "ext": suffix,
                "name": photo.stem + suffix,
                "parent": photo.absolute().parent.name,
            }
            return Path(self._template.format(**fields))
        if self._folder is not None:
            target = self._folder / f"{photo.stem}{suffix}"
            return self._folder / beside.name if target.resolve() == photo.resolve() else target
        return beside if request.output is None else Path(request.output)


def _check_template(template: str) -> None:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
        template.format(**dict.fromkeys(_FIELDS, ""))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        fields = [""]
    if any(field not in _FIELDS for field in fields):
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"-o {template}: a template knows {known}")


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
        own = photo.resolve()
        for ending in endings:
            for path in self._by_stem.get(photo.stem + ending, []):
                if path.resolve() != own:
                    return path
        return None


def _paired(jobs: Iterable[Job], request: Request) -> Iterator[Job]:
    """Yield the jobs with each folder of masks or sketches replaced by the file in it that belongs to the photo."""
    folders = {path: _Folder(path) for path in (*request.masks, request.edges) if path is not None and path.is_dir()}
    for job in jobs:
        masks, edges, problem = [], job.edges or request.edges, ""
        for mask in job.masks:
            found = folders[mask].find(job.photo, _MASK_ENDINGS) if mask in folders else mask
            if found is None:
                stem = job.photo.stem
                problem = f"no mask in {mask}; its name would be {stem}.png, {stem}_mask.png or {stem}-mask.png"
            else:
                masks.append(found)
        if edges in folders:
            folder = edges
            edges = folders[folder].find(job.photo, _SKETCH_ENDINGS)
            if edges is None:
                problem = f"no sketch in {folder}; its name would be {job.photo.stem}.png"
        yield replace(job, masks=tuple(masks), edges=edges, problem=problem)


def _with_extras(job: Job, request: Request) -> Job:
    """Return a job with the places of what it writes beside its result."""
    beside = job.photo if job.output == STREAM else job.output
    return replace(
        job,
        picture=request.picture,
        panel=beside.with_name(f"{stem_of(beside)}-compare.png") if request.compare else None,
        steps=request.steps / stem_of(job.photo) if request.steps is not None else None,
    )


def _check_outputs(jobs: list[Job], request: Request) -> None:
    inputs = _inputs(jobs, request)
    taken: dict[Path, Path] = {}
    for job in jobs:
        for place in job.results:
            _claim(place, job.photo, inputs, taken)
            if place.suffix and place.suffix != job.photo.suffix:
                try:
                    format_of(place)
                except OutputError as error:
                    raise UsageError(str(error)) from error
        if job.steps is not None:
            _claim(job.steps, job.photo, set(), taken)
            if any(map(job.is_step, inputs)):
                raise UsageError(f"--save-steps {request.steps}: would replace an input; choose another folder")


def _inputs(jobs: list[Job], request: Request) -> set[Path]:
    """Return every file that is read, resolved."""
    files = list(request.also_read)
    for job in jobs:
        read = [path for path in (job.photo, *job.masks, job.edges) if path is not None]
        if read.count(STREAM) > 1:
            raise UsageError("standard input can be one picture only")
        files += read
    return {path.resolve() for path in files if path != STREAM}


def _claim(place: Path, photo: Path, inputs: set[Path], taken: dict[Path, Path]) -> None:
    """Give a place to what one photo's job writes; raise if an input or another result stands there."""
    key = place if place == STREAM else place.resolve()
    if key in inputs:
        raise UsageError(f"{place}: would replace an input; choose another name")
    if key in taken:
        if place == STREAM:
            raise UsageError("standard output takes one picture only")
        if taken[key] == photo:
            raise UsageError(f"{place}: two results of {photo} would be written there; choose another name")
        raise UsageError(
            f"{taken[key]} and {photo} would both be written to {place}; "
            "tell them apart with a template such as -o 'out/{parent}/{stem}{ext}'"
        )
    taken[key] = photo
