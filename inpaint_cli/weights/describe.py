"""The facts that `weights list` and `weights show` print of a model; nothing is downloaded for them."""

from dataclasses import asdict, dataclass
from typing import Any

from inpaint_cli.weights.entries import Entry, HubFile
from inpaint_cli.weights.registry import Model, local_path


@dataclass(frozen=True)
class Summary:
    """A line of `weights list`.

    Attributes:
        name: what `--weights` calls it.
        licence: its licence.
        bytes: size of both files on this machine, or None if one of them is not there.
        where: bundled, local, missing, Hub (cached or not fetched), or convert (by `weights convert` only).
        lines: where lines come from by default.
        painter: what paints along them by default.
        drawn_painter: what paints along lines that the user gave.
        title: one line on what it is.
    """

    name: str
    licence: str
    bytes: int | None
    where: str
    lines: str
    painter: str
    drawn_painter: str
    title: str


def summary(entry: Entry) -> Summary:
    """Return a registry entry's line in the list."""
    paths = [local_path(source) for source in (entry.edge, entry.inpaint) if source is not None]
    present = [path for path in paths if path is not None]
    size = sum(path.stat().st_size for path in present) if len(present) == 2 else None
    where = _where(entry, here=size is not None)
    config = entry.config
    drawn_painter = config.painter_along(drawn=True).value
    return Summary(entry.name, entry.licence, size, where, config.lines, config.painter, drawn_painter, entry.title)


def _where(entry: Entry, *, here: bool) -> str:
    if entry.edge is None or entry.inpaint is None:
        return "convert"
    if isinstance(entry.edge, HubFile) or isinstance(entry.inpaint, HubFile):
        return "Hub, cached" if here else "Hub, not fetched"
    if not here:
        return "missing"
    return "bundled" if entry.edge.bundled else "local"


def describe_entry(entry: Entry) -> dict[str, Any]:
    """Return all that a registry knows of a model, and where its files are, as JSON can hold it."""
    facts: dict[str, Any] = {
        **asdict(summary(entry)),
        "training_data": entry.training_data,
        "registry": str(entry.registry),
    }
    if entry.home:
        facts |= {"home": entry.home, "convert": entry.convert}
    facts["config"] = asdict(entry.config)
    for kind, source in (("edge", entry.edge), ("inpaint", entry.inpaint)):
        if source is not None:
            path = local_path(source)
            facts[kind] = {**asdict(source), "path": None if path is None else str(path)}
    return facts


def describe_model(model: Model) -> dict[str, Any]:
    """Return all that is known of a model from a folder or a Hub repository."""
    facts: dict[str, Any] = {"name": model.name, "config": asdict(model.config)}
    for kind, path in (("edge", model.edge), ("inpaint", model.inpaint)):
        facts[kind] = {"path": str(path), "sha256": model.sha256[kind]}
    return facts
