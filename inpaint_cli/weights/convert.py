"""Converting checkpoints of any form to a model folder, and exporting a model to another folder."""

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import WeightsError
from inpaint_cli.weights import register
from inpaint_cli.weights.card import model_card
from inpaint_cli.weights.checkpoints import check_state, infer_size, read_state, read_weights
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.entries import Entry, LocalFile, read_entries, user_registry
from inpaint_cli.weights.model_folder import check_free, write_model
from inpaint_cli.weights.registry import CONFIG, Model, digest
from inpaint_cli.weights.untrusted import read_text

_FILES = """\
G1 (`edge.safetensors`) and G2 (`inpaint.safetensors`) of EdgeConnect (Nazeri et al. 2019, arXiv 1901.00212), with the
keys of the authors' checkpoints and spectral norm folded into the weights."""


def convert(
    edge: Path, inpaint: Path, folder: Path, *, name: str | None = None, half: bool = False, overwrite: bool = False
) -> None:
    """Write a model folder from two checkpoints of any form, and register it under a name if one is given.

    What a registry knows of the name (licence, training data, σ, ...) becomes the folder's and the new entry's; but the
    configuration is that of a `config.json` that lies beside G1's checkpoint.

    Args:
        edge: G1's checkpoint.
        inpaint: G2's checkpoint.
        folder: where to write.
        name: what `--weights` shall call it.
        half: write float16 instead of float32.
        overwrite: replace the folder, and the entry of that name in the user's registry.

    Raises:
        WeightsError: a checkpoint can't be read or is not the generator that it has to be.
        OutputError: the folder or the registry can't be written.
        UsageError: the name is malformed or taken.
    """
    check_free(folder, overwrite=overwrite)
    if name is not None:
        register.check_name(name, overwrite=overwrite)
    states = {"edge": read_state(edge), "inpaint": read_state(inpaint)}
    size = infer_size(states["edge"], edge)
    known = read_entries().get(name or "")
    config = known.config if known else ModelConfig()
    beside = edge.with_name(CONFIG)
    if beside.is_file():
        config = ModelConfig.from_json(beside)
    config = dataclasses.replace(config, base_channels=size[0], residual_blocks=size[1])
    check_state(states["edge"], edge, "edge", config)
    check_state(states["inpaint"], inpaint, "inpaint", config)

    about = (known.title, known.licence, known.training_data) if known else ("", "", "")
    entry = Entry(name or folder.name, config, user_registry(), *about)
    card = _card(entry.name, entry, config)
    write_model(folder, states["edge"], states["inpaint"], config, card, half=half, overwrite=overwrite)
    if name is not None:
        files = [folder.resolve() / f"{kind}.safetensors" for kind in states]
        sources = [LocalFile(file, digest(file)) for file in files]
        register.register_model(dataclasses.replace(entry, edge=sources[0], inpaint=sources[1]))


def export_model(model: Model, folder: Path, entry: Entry | None, *, overwrite: bool = False) -> None:
    """Write a resolved model as a folder of its own, in the precision that its files have.

    Args:
        model: whose files.
        folder: where to write.
        entry: what a registry says about it, for the model card; a card beside its files takes precedence.
        overwrite: replace the folder.

    Raises:
        WeightsError: a file is not the generator that it has to be.
        OutputError: the folder can't be written.
    """
    check_free(folder, overwrite=overwrite)
    states = {"edge": read_weights(model.edge, "edge", model.config)}
    states["inpaint"] = read_weights(model.inpaint, "inpaint", model.config)
    written = model.edge.with_name("README.md")
    if written.is_file():
        try:
            card = read_text(written)
        except (OSError, ValueError) as error:
            raise WeightsError(f"{written}: can't be read as text") from error
    else:
        card = _card(entry.name if entry else folder.name, entry, model.config)
    half = _is_half(states["edge"]) and _is_half(states["inpaint"])
    write_model(folder, states["edge"], states["inpaint"], model.config, card, half=half, overwrite=overwrite)


def _card(name: str, entry: Entry | None, config: ModelConfig) -> str:
    """Return the model card of a model that comes without one, from what a registry says about it."""
    title = entry.title if entry and entry.title else "Both generators of EdgeConnect."
    data = f"Training data: {entry.training_data}." if entry and entry.training_data else ""
    licence = entry.licence if entry else ""
    return model_card(name, [title, data, _FILES], dataclasses.asdict(config), licence=licence)


def _is_half(state: dict[str, NDArray[np.float32]]) -> bool:
    """Whether float16 loses nothing of these weights."""
    return all(np.array_equal(weight, weight.astype(np.float16).astype(np.float32)) for weight in state.values())
