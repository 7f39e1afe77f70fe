"""The names of results. Standard library only."""

from __future__ import annotations

import string
from dataclasses import replace

from inpaint_cli.batch.job import Job, Request
from inpaint_cli.errors import UsageError
from inpaint_cli.io.formats import STREAM, is_suffix, output_suffix, stem_of
from inpaint_cli.io.locations import Location, Url, locate, resolved

_FIELDS = ("stem", "ext", "name", "parent")


class Namer:
    """Names results as `-o` asks.

    Args:
        request: with `-o`.
        many: whether there may be any number of photos.

    Raises:
        UsageError: that `-o` makes no sense for them.
    """

    def __init__(self, request: Request, many: bool) -> None:
        self._request = request
        output = request.output
        self._template = output if output is not None and ("{" in output or "}" in output) else None
        if self._template is not None:
            _check_template(self._template)
        self.folder = None if output is None or self._template is not None else _folder(output, many)

    def __call__(self, photo: Location, stem: str | None = None) -> Location:
        """Return where a photo's result goes.

        Args:
            photo: the photo.
            stem: what the result is named after instead of the photo's stem.
        """
        if not photo.name:
            raise UsageError(f"{photo}: is a folder, not a picture")
        request = self._request
        suffix = request.suffix or output_suffix(photo)
        stem = stem or photo.stem
        if photo == STREAM:
            if self._template is not None or self.folder is not None:
                raise UsageError(f"-o {request.output}: an image from standard input has no name; give a file or -")
            return STREAM if request.output is None else locate(request.output)
        if self._template is not None:
            fields = {"stem": stem, "ext": suffix, "name": stem + suffix, "parent": photo.absolute().parent.name}
            return locate(self._template.format(**fields))
        beside = f"{stem}{request.ending}{suffix}"
        if self.folder is not None:
            target = self.folder / f"{stem}{suffix}"
            if target.name == photo.name and resolved(target) == resolved(photo):
                return self.folder / beside
            return target
        return photo.with_name(beside) if request.output is None else locate(request.output)

    @property
    def root(self) -> Location | None:
        """The folder below which all results lie that `-o` names; None if it names no such folder."""
        if self._template is None:
            return self.folder
        fixed = self._template.partition("{")[0].rpartition("/")[0]
        return locate(fixed) if fixed and not fixed.endswith((":", ":/")) else None


def _folder(output: str, many: bool) -> Location | None:
    """Return the folder that `-o` names, None if it names a file."""
    place = locate(output)
    if output.endswith(("/", "\\")) or (place != STREAM and place.is_dir()):
        return place
    if many:
        if place.suffix or place == STREAM:
            advice = "give a folder, or a template such as out/{stem}{ext}"
            raise UsageError(f"-o {output}: one file for several images; {advice}")
        return place
    if place.suffix or place == STREAM:
        return None
    if isinstance(place, Url):
        return place
    if is_suffix(place.name):
        raise UsageError(f"-o {output}: an extension without a name; is a variable of the shell not set?")
    if not place.parent.exists():
        raise UsageError(
            f"-o {output}: a file has an extension, as in {output}.png, a folder a slash at its end, as in {output}/"
        )
    return None


def _check_template(template: str) -> None:
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
        fields = ["" if "{" in (spec or "") else field or "" for _, field, spec, _ in parts]
        template.format(**dict.fromkeys(_FIELDS, ""))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        fields = [""]
    if any(field not in _FIELDS for field in fields):
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"-o {template}: a template knows {known}")


def with_extras(job: Job, request: Request, many: bool, stem: str | None = None) -> Job:
    """Return a job with the places of what it writes beside its result.

    Args:
        job: with its output.
        request: what is asked for.
        many: whether each job has a folder of steps of its own.
        stem: what panel and steps are named after instead of the photo's stem.
    """
    if request.picture is None and request.steps is None and not request.compare:
        return job
    beside = job.photo if job.output == STREAM else job.output
    steps = request.steps
    return replace(
        job,
        picture=request.picture,
        panel=beside.with_name(f"{stem or stem_of(beside)}-compare.png") if request.compare else None,
        steps=steps / (stem or stem_of(job.photo)) if steps is not None and many else steps,
    )
