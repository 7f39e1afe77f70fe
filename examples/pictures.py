"""Make every picture of the README from the examples, by the tool's own commands: `python examples/pictures.py`.

Writes `results/*.jpg` (what `inpaint remove` gives for each example), `before-after.jpg`, `sketch.jpg`,
`stages.jpg`, `joined.jpg` and `limits.jpg` beside this file; `page.py` makes `draw.png`.
"""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inpaint_cli import load_image
from inpaint_cli.cli import main
from inpaint_cli.imaging.panels import mark_hole, side_by_side
from inpaint_cli.imaging.pixels import to_float32, to_uint8
from inpaint_cli.imaging.resampling import resize
from inpaint_cli.imaging.windows import Box
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.writing import write_photo

HERE = Path(__file__).parent
NAMES = ("bird", "dune", "otter", "tunnel")
DUNE = Box(380, 240, 1040, 1230)
BIRD = Box(180, 440, 480, 890)
SMALL = (300, 450)
TOO_LARGE = "1000,500,700,600"  # half of the otter: nothing in the photo says what an otter is


def inpaint(*arguments: object) -> None:
    """Run the command line; stop if it fails."""
    code = main([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)


def remove(name: str, output: Path, *options: object) -> NDArray[np.uint8]:
    """Return an example with its object taken out."""
    photo, mask = HERE / f"{name}.jpg", HERE / f"{name}_mask.png"
    inpaint("remove", photo, "--mask", mask, "-o", output, "--overwrite", "-q", *options)
    return load_image(output)


def row(name: str, *pictures: NDArray[np.uint8]) -> None:
    """Write pictures of one size side by side."""
    photo = Photo(side_by_side(list(pictures)), format="JPEG")
    write_photo(photo, HERE / f"{name}.jpg", overwrite=True)


def main_() -> None:
    """Make all pictures."""
    (HERE / "results").mkdir(exist_ok=True)
    results = {name: remove(name, HERE / "results" / f"{name}.jpg") for name in NAMES}
    photos = {name: load_image(HERE / f"{name}.jpg") for name in NAMES}

    row("before-after", photos["dune"][DUNE.slices], results["dune"][DUNE.slices])

    drawn = remove("bird", HERE / "results" / "bird-sketch.jpg", "--edges", HERE / "bird_sketch.png")
    stroke = load_image(HERE / "bird_sketch.png")
    over = np.minimum(photos["bird"], stroke)
    row("sketch", photos["bird"][BIRD.slices], over[BIRD.slices], drawn[BIRD.slices])

    with tempfile.TemporaryDirectory() as folder:
        remove("bird", Path(folder) / "bird.png", "--save-steps", folder)
        window, edges, painting, result = (
            load_image(next(Path(folder).glob(f"*{step}.png"))) for step in ("window", "edges", "painting", "result")
        )
    row("stages", window, 255 - edges, painting, result)

    with tempfile.TemporaryDirectory() as folder:
        edges, picture = Path(folder) / "edges.png", Path(folder) / "joined.png"
        inpaint("synth-edges", HERE / "lake.jpg", HERE / "dune.jpg", "-o", edges, "--image-out", picture, "-q")
        pictures = [load_image(path) for path in (HERE / "lake.jpg", HERE / "dune.jpg", edges, picture)]
    small = [resize(to_float32(picture), SMALL) for picture in pictures]
    small[2] = 1 - np.minimum(2 * small[2], 1)  # thin lines, dark on light, that have been made smaller
    row("joined", *map(to_uint8, small))

    with tempfile.TemporaryDirectory() as folder:
        bad = Path(folder) / "otter.png"
        inpaint("inpaint", HERE / "otter.jpg", "--box", TOO_LARGE, "-o", bad, "-q")
        hole = np.zeros(photos["otter"].shape[:2], np.bool_)
        x, y, width, height = map(int, TOO_LARGE.split(","))
        hole[y : y + height, x : x + width] = True
        row("limits", mark_hole(photos["otter"], hole), load_image(bad))


if __name__ == "__main__":
    main_()
