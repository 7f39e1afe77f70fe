"""Adding a model to the user's own registry, so that `--weights NAME` finds it."""

import re
from dataclasses import asdict

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from inpaint_cli.errors import OutputError, UsageError, reason
from inpaint_cli.io.atomic import replacing
from inpaint_cli.weights.entries import Entry, LocalFile, package_registry, read_registry, user_registry

_NAME = re.compile(r"[A-Za-z0-9_-]+")


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
        OutputError: the registry can't be written, or is no valid TOML.
    """
    registry = user_registry()
    try:
        document = tomlkit.parse(registry.read_text("utf-8")) if registry.exists() else tomlkit.document()
        document[entry.name] = _table(entry)
        with replacing(registry) as file:
            file.write(tomlkit.dumps(document).encode())
    except OSError as error:
        raise OutputError(f"{registry}: can't be written: {reason(error)}") from error
    except TOMLKitError as error:
        raise OutputError(f"{registry}: {entry.name} can't be added to what is there: {error}") from error


def _table(entry: Entry) -> Table:
    """Return an entry as a TOML table, its sources as tables inside it."""
    table = tomlkit.table()
    about = {key: getattr(entry, key) for key in ("title", "licence", "training_data") if getattr(entry, key)}
    table.update({**about, **{key: list(v) if isinstance(v, tuple) else v for key, v in asdict(entry.config).items()}})
    for kind, source in (("edge", entry.edge), ("inpaint", entry.inpaint)):
        if isinstance(source, LocalFile):
            table[kind] = {"path": str(source.path), "sha256": source.sha256}
    return table
