"""Adding a model to the user's own registry, so that `--weights NAME` finds it."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise

from inpaint_cli.errors import OutputError, UsageError, reason
from inpaint_cli.weights.entries import Entry, LocalFile, package_registry, read_registry, user_registry

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"^\[([^\[\]]+)\]", re.MULTILINE)


def check_name(name: str, *, overwrite: bool) -> None:
    """Raise a UsageError if a name is malformed or taken; `overwrite` frees what the user's own registry holds."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"--name {name}: use letters, digits, - and _ only")
    own = read_registry(package_registry()).get(name)
    if own is not None and own.edge is not None:
        raise UsageError(f"--name {name}: is a model of this tool's own; choose another name")
    if not overwrite and name in read_registry(user_registry(), missing_ok=True):
        raise UsageError(f"--name {name}: {user_registry()} has a model of that name; give --overwrite to replace it")


def register_model(entry: Entry) -> None:
    """Write a model's entry into the user's registry, in place of one of the same name.

    Args:
        entry: with both sources on this machine. What else the registry holds, comments too, stays.

    Raises:
        OutputError: the registry can't be written.
    """
    registry = user_registry()
    try:
        old = registry.read_text("utf-8") if registry.exists() else ""
        kept = _without(old, entry.name).rstrip()
        text = (kept + "\n\n" if kept else "") + _tables(entry)
        tomllib.loads(text)
        registry.parent.mkdir(parents=True, exist_ok=True)
        new = registry.with_name(f".{registry.name}-{os.getpid()}")
        new.write_text(text, "utf-8")
        new.replace(registry)
    except OSError as error:
        raise OutputError(f"{registry}: can't be written: {reason(error)}") from error
    except tomllib.TOMLDecodeError as error:
        raise OutputError(f"{registry}: {entry.name} can't be added without breaking it; add it by hand") from error


def _without(text: str, name: str) -> str:
    """Return a registry's text without the tables of one model."""
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers] + [len(text)]
    kept = [text[: ends[0]]]
    for header, (start, end) in zip(headers, pairwise(ends), strict=True):
        if header[1].strip().split(".")[0] != name:
            kept.append(text[start:end])
    return "".join(kept)


def _tables(entry: Entry) -> str:
    """Return an entry as TOML."""
    about = {key: getattr(entry, key) for key in ("title", "licence", "training_data") if getattr(entry, key)}
    text = _table(entry.name, {**about, **asdict(entry.config)})
    for kind, source in (("edge", entry.edge), ("inpaint", entry.inpaint)):
        if isinstance(source, LocalFile):
            text += "\n" + _table(f"{entry.name}.{kind}", {"path": str(source.path), "sha256": source.sha256})
    return text


def _table(header: str, values: Mapping[str, str | float]) -> str:
    # A JSON text or number is a TOML one.
    return f"[{header}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
