"""Writing a model as the folder that `--weights DIR` reads and a Hub repository holds."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from safetensors.numpy import save

from inpaint_cli.errors import OutputError
from inpaint_cli.weights.config import ModelConfig

PICTURE = "samples.png"  # the last sample pictures of a training run, shown in its card
MODEL_FILES = ("config.json", "edge.safetensors", "inpaint.safetensors", "generator.safetensors", "README.md", PICTURE)


def write_model(
    folder: Path,
    edge_state: Mapping[str, ArrayLike],
    inpaint_state: Mapping[str, ArrayLike],
    config: ModelConfig,
    card: str,
    *,
    half: bool = True,
    overwrite: bool = False,
) -> None:
    """Write a model, all or nothing.

    Args:
        folder: the new folder; it must not exist unless `overwrite`.
        edge_state: G1's weights, arrays or tensors on the CPU, spectral norm folded.
        inpaint_state: G2's weights.
        config: what goes into `config.json`.
        card: the model card, Markdown.
        half: write float16, otherwise float32.
        overwrite: replace the folder.

    Raises:
        OutputError: the folder exists or can't be written.
    """
    with model_folder(folder, overwrite=overwrite) as new:
        write_parts(new, edge_state, inpaint_state, config, card, half=half)


def write_parts(
    folder: Path,
    edge_state: Mapping[str, ArrayLike],
    inpaint_state: Mapping[str, ArrayLike],
    config: ModelConfig,
    card: str,
    *,
    half: bool = True,
) -> None:
    """Write `config.json`, `edge.safetensors`, `inpaint.safetensors` and `README.md` into a folder.

    Args:
        folder: an existing folder, usually that of `model_folder`.
        edge_state: G1's weights, arrays or tensors on the CPU, spectral norm folded.
        inpaint_state: G2's weights.
        config: what goes into `config.json`.
        card: the model card, Markdown.
        half: write float16, otherwise float32.
    """
    config.to_json(folder / "config.json")
    write_state(folder / "edge.safetensors", edge_state, half=half)
    write_state(folder / "inpaint.safetensors", inpaint_state, half=half)
    (folder / "README.md").write_text(card, "utf-8")


def write_state(path: Path, state: Mapping[str, ArrayLike], *, half: bool) -> None:
    """Write weights, arrays or tensors on the CPU, as safetensors in float16 or float32."""
    dtype = np.float16 if half else np.float32
    weights = {key: np.ascontiguousarray(np.asarray(weight, dtype)) for key, weight in state.items()}
    path.write_bytes(save(weights, metadata={"format": "pt"}))  # readable by all, unlike save_file's


@contextmanager
def model_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary folder, which takes a model folder's place when everything in it has been written.

    Raises:
        OutputError: the folder exists, or a file can't be written.
    """
    check_free(folder, overwrite=overwrite)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
            new, old = Path(temporary) / "new", Path(temporary) / "old"
            new.mkdir()  # with the usual permissions, unlike a TemporaryDirectory
            yield new
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written ({error.strerror or error})") from error


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Raise an OutputError unless the folder may be made, or holds nothing but a model that may be replaced."""
    if not folder.exists():
        return
    if not overwrite:
        raise OutputError(f"{folder}: is there already; choose another name or give --overwrite")
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file; choose a folder")
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in MODEL_FILES)
    if others:
        raise OutputError(f"{folder}: not replaced, for it holds more than a model ({others[0]}); choose another name")
