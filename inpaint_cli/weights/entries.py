"""Registries: the TOML files that say which models there are and where their files come from.

Three are read, each adding to or overriding the one before: `weights.toml` of this package, the user's own, and the
one given with `--weights-file`. Their form is described at the top of the package's.
"""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

from platformdirs import user_config_path

from inpaint_cli.errors import WeightsError, reason
from inpaint_cli.fields import FieldError, Text, check_values, from_table
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.hub_answers import is_plain_path
from inpaint_cli.weights.untrusted import read_text

_PACKAGE = Path(__file__).parents[1]
_BUNDLED = _PACKAGE / "bundled"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = {"title", "licence", "training_data", "home", "convert"}
_Sha256 = Annotated[str, Text(lambda text: _SHA256.fullmatch(text) is not None, "64 hexadecimal digits")]
_PlainPath = Annotated[str, Text(is_plain_path, "plain names between slashes; this leads out of its folder")]


@dataclass(frozen=True)
class LocalFile:
    """Weights on this machine, in the package or the user's own."""

    path: Path
    sha256: str
    bundled: bool = False


@dataclass(frozen=True)
class HubFile:
    """Weights on the Hugging Face Hub."""

    repo_id: str
    revision: _PlainPath
    filename: _PlainPath
    sha256: _Sha256


@dataclass(frozen=True)
class _Bundled:
    """A source as a registry states it: a file inside the package."""

    bundled: _PlainPath
    sha256: _Sha256


@dataclass(frozen=True)
class _OnDisk:
    """A source as a registry states it: a file on this machine, relative to the registry."""

    path: Path
    sha256: _Sha256


Source = LocalFile | HubFile


@dataclass(frozen=True)
class Entry:
    """What a registry says about a model.

    Attributes:
        name: what `--weights` calls it.
        config: its configuration.
        registry: the file that the entry stands in.
        title: one line on what it is.
        licence: an SPDX identifier where there is one.
        training_data: what it was trained on.
        edge: where G1's weights come from; None if they are not distributed.
        inpaint: the same for G2.
        home: where weights that may not be redistributed are kept.
        convert: the command that makes them usable under this name.
    """

    name: str
    config: ModelConfig
    registry: Path
    title: str = ""
    licence: str = ""
    training_data: str = ""
    edge: Source | None = None
    inpaint: Source | None = None
    home: str = ""
    convert: str = ""


def package_registry() -> Path:
    """Return the package's own registry: inside an installed package, at the top of a checkout."""
    installed = _PACKAGE / "weights.toml"
    return installed if installed.exists() else _PACKAGE.parent / "weights.toml"


def user_registry() -> Path:
    """Return the path of the user's own registry, which need not exist."""
    return user_config_path("inpaint") / "weights.toml"


def read_entries(weights_file: Path | None = None) -> dict[str, Entry]:
    """Return every known model by name.

    Args:
        weights_file: a registry to add to the package's and the user's.

    Raises:
        WeightsError: a registry can't be read or is invalid.
    """
    entries = read_registry(package_registry()) | read_registry(user_registry(), missing_ok=True)
    if weights_file is not None:
        entries |= read_registry(weights_file)
    return entries


def read_registry(path: Path, *, missing_ok: bool = False) -> dict[str, Entry]:
    """Return the models of one registry by name, none if it may be missing and is; raises what `read_entries` does."""
    try:
        tables = tomllib.loads(read_text(path))
    except OSError as error:
        if missing_ok and isinstance(error, FileNotFoundError):
            return {}
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path}: not valid TOML ({error})") from error
    return {name: _entry(name, table, path) for name, table in tables.items()}


def _entry(name: str, table: object, registry: Path) -> Entry:
    where = f"{registry}: [{name}]"
    if not isinstance(table, dict):
        raise WeightsError(f"{where}: not a table")
    of_config = {field.name for field in fields(ModelConfig)}
    about = {key: value for key, value in table.items() if key not in of_config | {"edge", "inpaint"}}
    if unknown := sorted(about.keys() - _TEXTS):
        raise WeightsError(f"{where}: unknown key {unknown[0]!r:.40}")
    if not {"edge", "inpaint"} <= table.keys() and not {"home", "convert"} <= table.keys():
        raise WeightsError(f"{where}: says neither where edge and inpaint come from, nor home and convert")
    try:
        texts = check_values(Entry, about)
    except FieldError as error:
        raise WeightsError(f"{where}: {error}") from error
    return Entry(
        name=name,
        config=ModelConfig.from_table({key: value for key, value in table.items() if key in of_config}, where),
        registry=registry,
        edge=_source(table.get("edge"), registry, f"{name}.edge"),
        inpaint=_source(table.get("inpaint"), registry, f"{name}.inpaint"),
        **texts,
    )


def _source(table: object, registry: Path, name: str) -> Source | None:
    where = f"{registry}: [{name}]"
    if table is None:
        return None
    if not isinstance(table, dict):
        raise WeightsError(f"{where}: not a table")
    kinds: tuple[type[_Bundled | _OnDisk | HubFile], ...] = (_Bundled, _OnDisk, HubFile)
    kind = next((kind for kind in kinds if table.keys() == {field.name for field in fields(kind)}), None)
    if kind is None:
        raise WeightsError(f"{where}: expected bundled, or path, or repo_id with revision and filename, and sha256")
    try:
        source = from_table(kind, table)
    except FieldError as error:
        raise WeightsError(f"{where}: {error}") from error
    if isinstance(source, _Bundled):
        return LocalFile(_BUNDLED / source.bundled, source.sha256, bundled=True)
    if isinstance(source, _OnDisk):
        return LocalFile(registry.parent / source.path.expanduser(), source.sha256)
    return source
