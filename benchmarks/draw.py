"""How long `inpaint draw` lets one wait: `python benchmarks/draw.py` prints times beside their bars.

Needs the extras `draw` and `test`, and Chromium.
"""

import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from inpaint_cli import EdgeConnect, load_image, load_mask  # noqa: E402 - found by the line above
from inpaint_cli.options import FillOptions  # noqa: E402
from tests.drawing import Hand, Server, chromium, drawing, opened  # noqa: E402

EXAMPLES = CHECKOUT / "examples"
ROUNDS = 7
TICKS = "() => { window.times = []; const tick = (now) => { times.push(now); requestAnimationFrame(tick); }; tick(0); }"


def open_page(folder: Path) -> float:
    """Return the seconds from the command to all that the page needs to be painted on, without the browser's own."""
    begin = time.perf_counter()
    with drawing(folder, "bird.jpg") as server:
        server.enter()
        for path in ("/page/main.js", "/api/session", "/api/photos/0", "/api/photos/0/preview"):
            server.ask("GET", path)
        return time.perf_counter() - begin


def fill(server: Server, seed: int) -> float:
    """Return the seconds until a new fill of the bird's hole is there as a picture."""
    begin = time.perf_counter()
    done = server.events("/api/photos/0/fill", {"seed": seed, "turn": seed})[-1]
    server.ask("GET", f"/api/results/{done['result']}/picture")
    return time.perf_counter() - begin


def pipeline(model: EdgeConnect, seed: int) -> float:
    """Return the seconds that the pipeline alone takes for it."""
    image, mask = load_image(EXAMPLES / "bird.jpg"), load_mask(EXAMPLES / "bird_mask.png")
    begin = time.perf_counter()
    model.fill(image, mask, replace(FillOptions(grow=None, feather=None), seed=seed))
    return time.perf_counter() - begin


def frames(hand: Hand) -> float:
    """Return the frames a second while a brush paints."""
    page = hand.page
    page.evaluate(TICKS)
    x, y = hand.at(1000, 1000)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("() => { times.length = 0; }")
    for step in range(120):
        page.mouse.move(x + 2 * step, y + step)
    times = np.array(page.evaluate("() => times"))
    page.mouse.up()
    return float(1000 / np.diff(times).mean())


def report(what: str, value: str, bar: str) -> None:
    """Print one line."""
    print(f"{what:<44}{value:>12}   bar: {bar}")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        shutil.copy(EXAMPLES / "bird.jpg", folder)
        opening = min(open_page(folder) for _ in range(ROUNDS))
        report("command to page", f"{opening:.2f} s", "1.5 s")

        with drawing(folder, "bird.jpg", "--mask", EXAMPLES / "bird_mask.png") as server:
            server.enter()
            model = EdgeConnect.load()
            both = [(fill(server, seed), pipeline(model, seed)) for seed in range(1, ROUNDS + 1)]
            drawn, alone = np.min(both[1:], axis=0)  # the first warms up
            report("fill of the bird's hole", f"{drawn:.2f} s", f"pipeline alone {alone:.2f} s + 0.15 s")

        with Image.open(EXAMPLES / "otter.jpg") as photo:
            photo.resize((6000, 4000)).save(folder / "large.jpg")
        with drawing(folder, "large.jpg") as server, opened(browser, server.address, (6000, 4000)) as hand:
            report("strokes on 24 megapixels", f"{frames(hand):.0f} / s", "30 / s")


if __name__ == "__main__":
    main()
