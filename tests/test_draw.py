"""`inpaint draw` in a real browser: what is drawn is filled, and what is saved is what `inpaint remove` makes of it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_cli.io.reading import load_image, load_mask, read_photo
from tests.conftest import Run, command
from tests.drawing import BIRD, drawing, opened
from tests.pictures import EXAMPLES, deep

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.posix]

DETAILS = "() => performance.getEntriesByType('resource').filter((each) => each.name.includes('/detail?')).length"
SMALL = (480, 320)  # of a photo whose hole is filled in a moment


@pytest.fixture
def small(tmp_path: Path) -> Path:
    with Image.open(EXAMPLES / "dune.jpg") as photo:
        photo.resize(SMALL, Image.Resampling.LANCZOS).save(tmp_path / "dune.png")
    return tmp_path


def repeat(folder: Path, line: str, saved: str) -> tuple[bytes, bytes]:
    """Run a command that the page has shown; return the bytes of a file before and after."""
    before = (folder / saved).read_bytes()
    (folder / saved).unlink()
    program, *arguments = shlex.split(line)
    assert program == "inpaint"
    subprocess.run(command(*arguments), cwd=folder, check=True)
    return before, (folder / saved).read_bytes()


def test_mask_line_undo_save_and_the_same_from_the_shell(browser, tmp_path: Path):
    shutil.copy(EXAMPLES / "bird.jpg", tmp_path)
    with drawing(tmp_path, "bird.jpg") as server, opened(browser, server.address, (1600, 900)) as hand:
        assert hand.page.get_by_text("Paint over what is to go").is_visible()
        assert server.address.split("?")[0] == hand.page.url  # the token is gone from the address
        hand.press("l")
        hand.drag(*BIRD)
        first = hand.status()
        assert "Filled in" in first
        assert "1 line" in first, first
        hand.press("p")
        hand.drag((540, 380), (640, 400), (760, 420))
        assert "1 line drawn by you" in hand.status()
        hand.press("Control+z")
        assert hand.status() == first  # kept: nothing is filled again
        hand.press("Control+Shift+z")
        assert "1 line drawn by you" in hand.status()
        line = hand.save()
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "bird-clean.jpg",
            "bird-sketch.png",
            "bird.jpg",
            "bird_mask.png",
        ]
        before, after = repeat(tmp_path, line, "bird-clean.jpg")
        assert before == after
    mask = load_mask(tmp_path / "bird_mask.png")
    assert mask.shape == (900, 1600)
    assert mask[300, 650]
    assert not mask[100, 100]
    assert not mask[230, 770]  # inside the bounding box, outside the lasso
    sketch = load_image(tmp_path / "bird-sketch.png")[..., 0]
    assert set(np.unique(sketch)) == {0, 255}
    assert sketch[400, 640] == 0


def test_keys_do_all_of_it(browser, small: Path):
    with drawing(small, "dune.png", "-o", "out.png") as server, opened(browser, server.address, SMALL) as hand:
        page = hand.page
        while page.evaluate("document.activeElement.id") != "stage":
            hand.press("Tab")
        hand.press("b", "[", "[", *["ArrowLeft"] * 6, "Enter", *["ArrowRight"] * 10, *["ArrowDown"] * 4, "Enter")
        assert "Filled in" in hand.status()
        hand.press(
            "r", "Shift+ArrowRight", "Enter", "ArrowRight", "ArrowDown", *["ArrowRight"] * 4, "ArrowDown", "Enter"
        )
        assert "Filled in" in hand.status()
        hand.press("Control+z", "Control+y", "p", "Shift+ArrowLeft", "Enter", *["ArrowLeft"] * 8, "Enter")
        assert "1 line drawn by you" in hand.status()
        hand.press("w")
        assert page.evaluate("document.activeElement.id") == "wipe"
        hand.press("ArrowLeft", "w")
        page.keyboard.down("o")
        assert page.locator("#before").get_attribute("aria-pressed") == "true"
        page.keyboard.up("o")
        hand.press("+", "0", "1")
        assert "100 %" in page.locator("#place").inner_text()
        page.locator("#stage").focus()
        page.keyboard.down(" ")
        hand.press("ArrowLeft")
        page.keyboard.up(" ")
        before, after = repeat(small, hand.save(), "out.png")
        assert before == after
        hand.press("Delete")
        hand.status()
        assert page.get_by_text("Paint over what is to go").is_visible()
        hand.press("Control+z")
        hand.status()
        page.locator("#finish").focus()
        hand.press("Enter")
        page.get_by_text("The program has ended").wait_for()
        assert server.process.wait(10) == 0


def test_strokes_on_24_megapixels_land_on_the_photos_own_pixels(browser, tmp_path: Path):
    with Image.open(EXAMPLES / "otter.jpg") as photo:
        photo.resize((6000, 4000)).save(tmp_path / "large.jpg", quality=90)
    with drawing(tmp_path, "large.jpg") as server, opened(browser, server.address, (6000, 4000)) as hand:
        page = hand.page
        x, y = hand.at(1000, 1000)
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(x + step, y + step / 4)
        page.mouse.up()
        radius = int(page.locator("#size-text").inner_text().removesuffix(" px")) / 2
        assert "Filled in" in hand.status()
        assert page.evaluate(DETAILS) == 0
        page.mouse.move(x, y)
        for _ in range(8):
            page.mouse.wheel(0, -120)
        page.wait_for_timeout(1000)
        assert page.evaluate(DETAILS) >= 2  # the photo and the result, once the view rests
        before, after = repeat(tmp_path, hand.save(), "large-clean.jpg")
        assert before == after
    mask = load_mask(tmp_path / "large_mask.png")
    assert mask.shape == (4000, 6000)
    rows, columns = np.nonzero(mask)
    screen = 6000 / 1300  # pixels of the photo under one of the screen
    assert columns.min() == pytest.approx(1000 - radius, abs=screen)
    assert rows.min() == pytest.approx(1000 - radius, abs=screen)


def test_two_tabs_do_not_disturb_each_other(browser, small: Path):
    with (
        drawing(small, "dune.png") as server,
        opened(browser, server.address, SMALL) as one,
        opened(browser, server.address, SMALL) as other,
    ):
        one.drag((100, 100), (160, 120))
        other.drag((300, 200), (340, 220))
        assert "Filled in" in one.status()
        assert "Filled in" in other.status()
        one.save()
        first = (small / "dune_mask.png").read_bytes()
        other.press("Control+s")
        other.page.locator("#exists[open]").wait_for()
        other.page.get_by_role("button", name="Save under new names").click()
        other.page.locator("#saved[open]").wait_for()
        other.press("Escape")
        assert (small / "dune_mask.png").read_bytes() == first
        assert load_mask(small / "dune_mask-2.png")[210, 320]
        one.drag((100, 150), (160, 160))
        one.status()
        one.save()  # over its own files, without a question
        assert (small / "dune_mask.png").read_bytes() != first


def test_the_last_request_wins(small: Path):
    with drawing(small, "dune.png") as server:
        server.enter()
        strokes = [{"tool": "brush", "points": [100, 100, 200 + i, 160], "width": 60} for i in range(4)]
        waiting = [
            server.post("/api/photos/0/fill", {"tab": "a", "turn": turn, "strokes": [stroke]})
            for turn, stroke in enumerate(strokes)
        ]
        ends = [server.read(connection)[-1]["event"] for connection in waiting]
    assert ends[-1] == "done"
    assert ends.count("dropped") >= 2


def test_a_stroke_stays_in_sight_while_the_result_of_the_one_before_comes(browser, small: Path):
    with drawing(small, "dune.png") as server, opened(browser, server.address, SMALL) as hand:
        hand.drag((100, 100), (150, 120))
        hand.page.mouse.move(*hand.at(300, 200))
        hand.page.mouse.down()
        hand.page.mouse.move(*hand.at(340, 230), steps=4)
        assert "Filled in" in hand.status()
        hand.page.mouse.move(*hand.at(400, 240), steps=4)
        x, y = hand.at(300, 200)
        top = hand.page.locator("#stage").bounding_box()["y"]
        painted = hand.page.locator("#mask-layer").evaluate(
            "(canvas, [x, y]) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[3]", [x, y - top]
        )
        assert painted == 255
        assert "faded" not in (hand.page.locator("#mask-layer").get_attribute("class") or "")
        hand.page.mouse.up()
        assert "Filled in" in hand.status()


def test_guessed_lines_are_taken_away_one_by_one(browser, tmp_path: Path):
    shutil.copy(EXAMPLES / "bird.jpg", tmp_path)
    arguments = ("bird.jpg", "--mask", EXAMPLES / "bird_mask.png", "--no-texture", "-o", "out.png")
    with drawing(tmp_path, *arguments) as server, opened(browser, server.address, (1600, 900)) as hand:
        server.enter()
        (lines,) = (e for e in server.events("/api/photos/0/fill", {"tab": "x"}) if e["event"] == "lines")
        guessed = [np.reshape(line["points"], (-1, 2)) for line in lines["expected"]]
        assert guessed
        hand.press("x")
        for line in guessed:
            hand.status()
            hand.drag(tuple(line[len(line) // 2]), tuple(line[len(line) // 2] + 1))
        assert "no lines" in hand.status()
        line = hand.save()
        assert "--edges none --no-texture" in line
        before, after = repeat(tmp_path, line, "out.png")
        assert before == after


def test_other_results_are_shown_side_by_side(browser, small: Path):
    with drawing(small, "dune.png", "--seed", "7") as server, opened(browser, server.address, SMALL) as hand:
        hand.drag((200, 180), (260, 220))
        hand.status()
        hand.press("v")
        tiles = hand.page.locator("#variants button[aria-pressed]")
        tiles.locator("em", has_text=" s").nth(3).wait_for()
        assert [text.split("\n")[0] for text in tiles.all_inner_texts()] == [
            "With lines",
            "Without lines",
            "Seed 8",
            "Seed 9",
        ]
        tiles.nth(2).click()
        hand.status()
        line = hand.save()
        assert line.endswith("--seed 8 -o dune-clean.png --overwrite")
        before, after = repeat(small, line, "dune-clean.png")
        assert before == after
        hand.page.locator("#variants button[aria-pressed]").nth(1).click()
        assert "no lines" in hand.status()
        assert "--edges none --seed 7" in hand.save()


def test_a_folder_is_a_film_strip_and_a_reload_loses_nothing(browser, small: Path):
    shutil.copy(small / "dune.png", small / "twin.png")
    (small / "broken.png").write_bytes(b"no picture")
    with drawing(small, ".", "-o", "out") as server, opened(browser, server.address, SMALL, refusals=True) as hand:
        page = hand.page
        photos = page.locator("#photos button")
        assert photos.count() == 3
        assert "not a picture" in page.locator("#status").inner_text()
        hand.press("PageDown")
        hand.status()
        hand.drag((100, 100), (150, 110))
        assert "Filled in" in hand.status()
        hand.press("PageDown")
        hand.status()
        assert page.locator("#undo").is_disabled()
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        hand.status()
        photos.nth(1).click()
        assert "Filled in" in hand.status()
        assert photos.nth(1).get_attribute("data-state") == "changed"
        page.get_by_role("button", name="Finish").click()
        assert page.locator("#unsaved-photos").inner_text() == "dune.png"
        page.get_by_role("button", name="Keep drawing").click()
        hand.save()
        assert sorted(path.name for path in (small / "out").iterdir()) == ["dune.png", "dune_mask.png"]
        page.get_by_role("button", name="Finish").click()
        assert server.process.wait(10) == 0


def test_fingers_paint_and_pinch(browser, small: Path):
    options = {"has_touch": True, "color_scheme": "dark"}
    with drawing(small, "dune.png") as server, opened(browser, server.address, SMALL, **options) as hand:
        touch = hand.page.context.new_cdp_session(hand.page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            places = [dict(zip("xy", hand.at(*point), strict=True), id=i) for i, point in enumerate(points)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        zoom = hand.page.locator("#place").inner_text()
        fingers("touchStart", (200, 100))
        fingers("touchMove", (220, 130))
        fingers("touchMove", (260, 150))
        fingers("touchEnd")
        assert "Filled in" in hand.status()
        fingers("touchStart", (200, 100))
        fingers("touchStart", (200, 100), (240, 140))
        fingers("touchMove", (180, 80), (280, 200))
        fingers("touchEnd")
        hand.status()
        assert hand.page.locator("#place").inner_text() != zoom
        assert hand.page.locator("#redo").is_disabled()
        hand.press("Control+z")
        hand.status()
        assert hand.page.locator("#undo").is_disabled()  # the pinch has drawn nothing


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_has_a_name_and_the_page_fits(browser, small: Path, scheme: str):
    with drawing(small, "dune.png") as server, opened(browser, server.address, SMALL, color_scheme=scheme) as hand:
        page = hand.page
        for control in page.locator("button:visible, input:visible, [tabindex]:visible").all():
            name = control.evaluate("(e) => e.getAttribute('aria-label') ?? e.textContent.trim()")
            assert name, control.evaluate("(e) => e.outerHTML")
        page.set_viewport_size({"width": 380, "height": 640})
        hand.status()
        assert page.evaluate("document.documentElement.scrollWidth") == 380
        for name in ("Save", "Finish"):
            box = page.get_by_role("button", name=name).bounding_box()
            assert box["x"] + box["width"] <= 380
        ground = page.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
        assert (int(ground.split("(")[1].split(",")[0]) < 128) == (scheme == "dark")


def test_deep_and_transparent_photos_are_saved_whole(tmp_path: Path, small: Path):
    from inpaint_cli.io.photo import Photo  # noqa: PLC0415
    from inpaint_cli.io.writing import write_photo  # noqa: PLC0415

    with Image.open(small / "dune.png") as photo:
        pixels = deep(photo, 4)
    write_photo(Photo(pixels[..., :3], pixels[..., 3], icc=b""), tmp_path / "deep.png")
    stroke = {"tool": "box", "points": [100, 100, 160, 140]}
    with drawing(tmp_path, "deep.png") as server:
        server.enter()
        assert server.events("/api/photos/0/fill", {"strokes": [stroke]})[-1]["event"] == "done"
        (tmp_path / "deep_mask.png").write_bytes(b"somebody's")
        asked = server.events("/api/photos/0/save", {"strokes": [stroke]})[-1]
        assert asked == {"event": "exists", "files": ["deep_mask.png"]}
        saved = server.events("/api/photos/0/save", {"strokes": [stroke], "existing": "replace"})[-1]
        before, after = repeat(tmp_path, saved["command"], saved["files"][0])
        assert before == after
    made, source = read_photo(tmp_path / "deep-clean.png"), read_photo(tmp_path / "deep.png")
    assert made.deep
    assert made.alpha is not None
    changed = (made.pixels != source.pixels).any(axis=2)
    assert changed[105:135, 105:155].all()
    assert not changed[:80].any()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--grow", "5", "--feather", "2", "--no-harmonise"),
        ("--painter", "g2", "--lines", "g1"),
        ("--painter", "g2", "--backend", "torch"),
        ("--method", "telea"),
        ("--mask", "mask.png", "--invert-mask"),
        ("--mask", "mask.png", "--edges", "mask.png", "--ink", "light", "--edges-mode", "add"),
        ("--box", "10,10,20,20", "--edges-from", "dune.png"),
        ("--edges", "none"),
    ],
)
def test_the_command_repeats_every_option(inpaint, small: Path, monkeypatch, arguments: tuple[str, ...]):
    """Of what was filled before it was saved, and of what was not."""
    Image.fromarray(np.pad(np.full((40, 60), 255, np.uint8), ((140, 140), (210, 210)))).save(small / "mask.png")
    monkeypatch.chdir(small)
    mask = {"tool": "brush", "points": [200, 150, 260, 180], "width": 30}
    rubbed = [mask, {"tool": "rubber", "points": [1, 1, 479, 319], "width": 500}]
    drawn = [mask, {"tool": "pencil", "points": [180, 160, 300, 165]}]
    with drawing(small, "dune.png", "-o", "out.png", *arguments) as server:
        server.enter()
        for strokes, is_filled in (([mask], True), (rubbed, False), (drawn, True)):
            body = {"strokes": strokes, "seed": int(is_filled), "existing": "replace"}
            if is_filled:
                assert server.events("/api/photos/0/fill", body)[-1]["event"] == "done"
            saved = server.events("/api/photos/0/save", body)[-1]
            before = (small / "out.png").read_bytes()
            run: Run = inpaint(*shlex.split(saved["command"])[1:])
            assert run.code == 0, run.err
            assert (small / "out.png").read_bytes() == before, saved["command"]


def test_a_killed_server_leaves_no_half_file(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png", compress_level=1)
    for polite in (False, True):
        with drawing(tmp_path, "noise.png") as server:
            server.enter()
            body = {"strokes": [{"tool": "box", "points": [50, 50, 60, 60]}]}
            server.post("/api/photos/0/save", body)
            for _ in range(400):
                if list(tmp_path.glob(".noise-clean*")):
                    break
                time.sleep(0.02)
            server.process.send_signal(signal.SIGTERM if polite else signal.SIGKILL)
            server.process.wait(30)
        result = tmp_path / "noise-clean.png"
        if polite:
            assert not list(tmp_path.glob(".noise*"))
            assert server.process.returncode == 130
        if result.exists():
            assert (load_image(result) != noise).any(axis=2).mean() < 0.01
            result.unlink()
        for left in (*tmp_path.glob(".noise*"), *tmp_path.glob("noise_mask*")):
            left.unlink()


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize("way", ["ctrl-c", "finish"])
def test_it_ends_at_once_and_without_a_traceback(small: Path, way: str, is_busy: bool):
    with drawing(small, "dune.png", "--size", "512", "--context", "5") as server:
        server.enter()
        if is_busy:
            filling = server.post("/api/photos/0/fill", {"strokes": [{"tool": "box", "points": [9, 9, 400, 300]}]})
            assert json.loads(filling.getresponse().readline()) == {"event": "started"}
        if way == "ctrl-c":
            server.process.send_signal(signal.SIGINT)
        else:
            assert server.ask("POST", "/api/finish")[0].status == 200
        assert server.process.wait(10) == (130 if way == "ctrl-c" else 0)
        said = server.process.stderr.read().splitlines()
    assert said[1:] == (["inpaint: interrupted"] if way == "ctrl-c" else [])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.png"], 1, "no such file"),
        (["text.png"], 1, "not a picture"),
        (["-"], 2, "name files"),
        (["dune.png", "-o", "-"], 2, "name files"),
        (["dune.png", "--mask-alpha"], 2, "--mask-alpha"),
        (["dune.png", "--edges", "none", "--edges-from", "dune.png"], 2, "give one"),
        (["dune.png", "--mask", "nothing.png"], 1, "no such file"),
        (["dune.png", "--port", "80"], 2, "--port"),
        (["dune.png", "--weights", "nothing"], 2, "nothing"),
        (["dune.png", "-o", "dune.png"], 2, "would replace an input"),
    ],
)
def test_what_can_go_wrong_is_said_in_a_line(inpaint, small: Path, monkeypatch, arguments, code: int, message: str):
    monkeypatch.chdir(small)
    (small / "text.png").write_text("no picture")
    run: Run = inpaint("draw", *arguments, "--no-browser")
    assert run.code == code
    assert message in run.err
    assert run.err.count("\n") == 1


def test_a_taken_port_and_a_missing_extra_are_said_in_a_line(inpaint, small: Path, monkeypatch: pytest.MonkeyPatch):
    with drawing(small, "dune.png") as server:
        run: Run = inpaint("draw", small / "dune.png", "--port", server.port, "--no-browser")
        assert run.code == 2
        assert f"--port {server.port}: address already in use" in run.err
    monkeypatch.setattr("inpaint_cli.cli.draw.find_spec", lambda name: None)
    run = inpaint("draw", small / "dune.png")
    assert run.code == 2
    assert "pip install 'inpaint-cli[draw]'" in run.err


def test_the_address_opens_in_a_browser(small: Path):
    """Unless --no-browser says otherwise."""
    script = small / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > "{small}/opened"\n')
    script.chmod(0o755)
    process = subprocess.Popen(
        command("draw", small / "dune.png"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BROWSER": str(script)},
    )
    address = process.stdout.readline()
    for _ in range(100):
        if (small / "opened").exists() and (small / "opened").read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert (small / "opened").read_text() == address
