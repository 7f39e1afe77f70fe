"""Take the picture of the page of `inpaint draw` for the README, in Chromium: `python examples/page.py`."""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.drawing import BIRD, chromium, drawing, opened  # noqa: E402 - found by the line above

SIZE = {"width": 1200, "height": 700}


def main() -> None:
    """Draw as a user would, and write draw.png beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "bird.jpg", folder)
        with (
            chromium() as browser,
            drawing(folder, "bird.jpg") as server,
            opened(browser, server.address, (1600, 900), color_scheme="dark") as hand,
        ):
            page = hand.page
            page.set_viewport_size(SIZE)
            hand.press("l")
            hand.drag(*BIRD)
            hand.status()
            hand.press("p")
            hand.drag((546, 372), (600, 392), (660, 398), (742, 421))
            hand.status()
            hand.press("v")
            page.locator("#variants em", has_text=" s").nth(3).wait_for()
            page.mouse.move(*hand.at(742, 421))
            page.wait_for_timeout(500)
            page.screenshot(path=folder / "page.png")
        with Image.open(folder / "page.png") as picture:
            picture.convert("RGB").save(HERE / "draw.png", optimize=True)


if __name__ == "__main__":
    main()
