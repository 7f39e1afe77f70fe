"""inpaint: fill the holes of photos, lines first, colour next, texture last (EdgeConnect, arXiv 1901.00212).

from inpaint_cli import EdgeConnect, load_image, load_mask

model = EdgeConnect.load("open-lite")
result = model.inpaint(load_image("photo.jpg"), load_mask("mask.png"))
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inpaint_cli.io.reading import load_image as load_image
    from inpaint_cli.io.reading import load_mask as load_mask
    from inpaint_cli.pipeline import EdgeConnect as EdgeConnect

    __version__: str

__all__ = ["EdgeConnect", "__version__", "load_image", "load_mask"]

_HOMES = {
    "EdgeConnect": "inpaint_cli.pipeline",
    "load_image": "inpaint_cli.io.reading",
    "load_mask": "inpaint_cli.io.reading",
}


def __getattr__(name: str) -> object:
    # Imported when first used: the command line imports this package too, and `--help` must not wait for numpy.
    if name == "__version__":
        from importlib import metadata  # noqa: PLC0415 - half as slow as numpy

        return metadata.version("inpaint-cli")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
