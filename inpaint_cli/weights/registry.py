"""From `--weights` to two verified files on this machine, downloaded if need be."""

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inpaint_cli.errors import UsageError, WeightsError, reason
from inpaint_cli.weights import hub
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.entries import Entry, LocalFile, Source, read_entries
from inpaint_cli.weights.untrusted import check_regular

CONFIG = "config.json"
_LAYOUTS = (("edge.safetensors", "inpaint.safetensors"), ("EdgeModel_gen.pth", "InpaintingModel_gen.pth"))


@dataclass(frozen=True)
class Model:
    """A model whose files are on this machine.

    Attributes:
        name: what the user called it.
        config: its configuration.
        edge: G1's weights.
        inpaint: G2's weights.
        sha256: of `edge` and of `inpaint`.
    """

    name: str
    config: ModelConfig
    edge: Path
    inpaint: Path
    sha256: dict[str, str]


def resolve(weights: str, *, weights_file: Path | None = None, refresh: bool = False) -> Model:
    """Find a model, download what is not there yet, and verify its files.

    Args:
        weights: a registry's name, a folder, or `hf:USER/REPO[@REVISION]`.
        weights_file: a registry to add to the package's and the user's.
        refresh: ask the Hub for a newer version of what is cached.

    Raises:
        UsageError: there is no such name or folder.
        WeightsError: the model can't be obtained, or a file does not match the registry.
    """
    if weights.startswith("hf:"):
        return _from_hub(weights, refresh=refresh)
    entries = read_entries(weights_file)
    if weights in entries:
        return _from_entry(entries[weights], refresh=refresh)
    folder = Path(weights).expanduser()
    if folder.is_dir():
        return _from_folder(folder)
    guess = difflib.get_close_matches(weights, entries, n=1)
    raise UsageError(
        f"{weights}: no such model or folder; "
        + (f"did you mean {guess[0]}?" if guess else f"known names are {', '.join(entries)}")
    )


def local_path(source: Source) -> Path | None:
    """Return where a source's file lies on this machine, or None if it has not been downloaded; no network access."""
    if isinstance(source, LocalFile):
        return source.path if source.path.exists() else None
    return hub.Repository(source.repo_id, source.revision, source.filename).cached(source.filename)


def digest(path: Path) -> str:
    """Return a file's sha256 in hexadecimal.

    Raises:
        WeightsError: it can't be read, or is no file.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error


def _from_entry(entry: Entry, *, refresh: bool) -> Model:
    if entry.edge is None or entry.inpaint is None:
        raise WeightsError(
            f"{entry.name}: these weights ({entry.licence}) are not passed on by this tool; "
            f"download them from {entry.home}, then run `{entry.convert}`"
        )
    edge, edge_sha256 = _file(entry.edge, entry, refresh=refresh)
    inpaint, inpaint_sha256 = _file(entry.inpaint, entry, refresh=refresh)
    return Model(entry.name, entry.config, edge, inpaint, {"edge": edge_sha256, "inpaint": inpaint_sha256})


def _file(source: Source, entry: Entry, *, refresh: bool) -> tuple[Path, str]:
    """Return a source's local path and verified sha256."""
    if isinstance(source, LocalFile):
        if not source.path.exists():
            raise WeightsError(f"{source.path}: is missing; {entry.registry} names it for {entry.name}")
        found = digest(source.path)
        if found != source.sha256:
            raise WeightsError(
                f"{source.path}: has sha256 {found}, but {entry.registry} expects {source.sha256}; the file was changed"
            )
        return source.path, found
    repository = hub.Repository(source.repo_id, source.revision, entry.name, refresh=refresh)
    path = repository.find(source.filename)
    if path is None:
        raise WeightsError(
            f"{repository}: has no file {source.filename}, which {entry.registry} names for {entry.name}"
        )
    return path, _verified(path, source.sha256, str(repository))


def _verified(path: Path, expected: str | None, where: str) -> str:
    """Return the sha256 of a downloaded file; a wrong one is removed from the cache and an error."""
    found = digest(path)
    if expected is not None and found != expected:
        hub.forget(path)
        raise WeightsError(
            f"{where}: {path.name} has sha256 {found}, expected {expected}; "
            "the download was thrown away, run the command again"
        )
    return found


def _from_folder(folder: Path) -> Model:
    def lookup(name: str) -> Path | None:
        return folder / name if (folder / name).is_file() else None

    config, edge, inpaint = _assemble(lookup, str(folder))
    return Model(str(folder), config, edge, inpaint, {"edge": digest(edge), "inpaint": digest(inpaint)})


def _from_hub(weights: str, *, refresh: bool) -> Model:
    repo_id, revision = hub.parse(weights)
    repository = hub.Repository(repo_id, revision, weights, refresh=refresh)
    config, edge, inpaint = _assemble(repository.find, weights)
    sha256 = {
        "edge": _verified(edge, hub.known_sha256(edge), weights),
        "inpaint": _verified(inpaint, hub.known_sha256(inpaint), weights),
    }
    return Model(weights, config, edge, inpaint, sha256)


def _assemble(lookup: Callable[[str], Path | None], where: str) -> tuple[ModelConfig, Path, Path]:
    """Return a model's configuration and two files from a folder or repository that holds either layout.

    The authors' layout needs no `config.json`: without one it has the paper's configuration.
    """
    config = lookup(CONFIG)
    for edge_name, inpaint_name in _LAYOUTS:
        edge = lookup(edge_name)
        if edge is None:
            continue
        inpaint = lookup(inpaint_name)
        if inpaint is None:
            raise WeightsError(f"{where}: has {edge_name} but no {inpaint_name}")
        if config is None and edge.suffix != ".pth":
            raise WeightsError(f"{where}: has {edge_name} but no {CONFIG} that says what it is")
        return ModelConfig() if config is None else ModelConfig.from_json(config), edge, inpaint
    wanted = ", nor ".join(" and ".join(names) for names in _LAYOUTS)
    raise WeightsError(f"{where}: holds no model; there is neither {wanted}")
