"""Writing a model as the folder that `--weights DIR` reads and a Hub repository holds."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from inpaint_cli.errors import OutputError
from inpaint_cli.weights.config import ModelConfig

MODEL_FILES = ("config.json", "edge.safetensors", "inpaint.safetensors", "README.md")


def write_model(
    folder: Path,
    edge_state: Mapping[str, Tensor],
    inpaint_state: Mapping[str, Tensor],
    config: ModelConfig,
    card: str,
    *,
    overwrite: bool = False,
) -> None:
    """Write `config.json`, `edge.safetensors`, `inpaint.safetensors` (float16) and `README.md`, all or nothing.

    Args:
        folder: where; it must not be there yet unless `overwrite`.
        edge_state: G1's weights, spectral norm folded.
        inpaint_state: G2's weights.
        config: what goes into `config.json`.
        card: the model card, Markdown.
        overwrite: replace the folder.

    Raises:
        OutputError: the folder is there already or can't be written.
    """
    with _new_folder(folder, overwrite=overwrite) as new:
        config.to_json(new / "config.json")
        for name, state in (("edge", edge_state), ("inpaint", inpaint_state)):
            halves = {key: weight.half().cpu().contiguous() for key, weight in state.items()}
            save_file(halves, new / f"{name}.safetensors", metadata={"format": "pt"})
        (new / "README.md").write_text(card, "utf-8")


@contextmanager
def _new_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary folder that takes its place when everything in it has been written."""
    _check_free(folder, overwrite=overwrite)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
            new, old = Path(temporary) / "new", Path(temporary) / "old"
            new.mkdir()  # with the usual permissions, which a TemporaryDirectory has not
            yield new
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written ({error.strerror or error})") from error


def _check_free(folder: Path, *, overwrite: bool) -> None:
    """Raise an OutputError unless the folder may be made, or replaced without losing anything but a model."""
    if not folder.exists():
        return
    if not overwrite:
        raise OutputError(f"{folder}: is there already; choose another name or give --overwrite")
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file; choose a folder")
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in MODEL_FILES)
    if others:
        raise OutputError(f"{folder}: not replaced, for it holds more than a model ({others[0]}); choose another name")
