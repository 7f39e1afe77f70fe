"""What a mask means, however it was saved."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from inpaint_cli.errors import MaskError, UsageError
from inpaint_cli.io.boxes import Rectangle, parse_box
from inpaint_cli.io.marks import white
from inpaint_cli.io.masks import MaskOptions, find_hole, rescaled, same_aspect
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import read_photo

EXAMPLES = Path(__file__).parents[1] / "examples"

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
MASKS = SIZES.flatmap(lambda size: arrays(np.bool_, size))


def blank(height: int, width: int) -> Photo:
    return Photo(np.zeros((height, width, 3), np.uint8), name="photo.jpg")


def picture(mask: NDArray[np.bool_]) -> Photo:
    return Photo(mask[..., None].astype(np.uint8) * 255, name="mask.png")


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.bool_]:
    """Return a mask that somebody drew, 200×133 pixels."""
    with Image.open(EXAMPLES / "dune_mask.png") as mask:
        return np.asarray(mask.convert("L").resize((200, 133), Image.Resampling.NEAREST)) > 127


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_any_mode(mode: str, suffix: str, drawn: NDArray[np.bool_], tmp_path: Path) -> None:
    image = Image.fromarray(drawn)
    image = Image.fromarray(drawn * np.uint16(65535)) if mode == "I;16" else image.convert("L").convert(mode)
    image.save(tmp_path / f"mask{suffix}")
    assert (white(read_photo(tmp_path / f"mask{suffix}")) == drawn).all()


def test_ringing_of_a_jpeg_is_not_part_of_the_mask(drawn: NDArray[np.bool_], tmp_path: Path) -> None:
    Image.fromarray(drawn).convert("L").save(tmp_path / "mask.jpg", quality=30)
    read = white(read_photo(tmp_path / "mask.jpg"))
    assert (read != drawn).mean() < 0.01


def test_the_erased_part_is_the_hole(drawn: NDArray[np.bool_], tmp_path: Path) -> None:
    with Image.open(EXAMPLES / "dune.jpg") as photo:
        erased = photo.resize((200, 133))
    erased.putalpha(Image.fromarray(~drawn).convert("L"))
    erased.save(tmp_path / "erased.png")
    itself = read_photo(tmp_path / "erased.png")
    assert (find_hole(blank(133, 200), [itself], MaskOptions(alpha=True)) == drawn).all()
    assert (find_hole(itself, [], MaskOptions(alpha=True)) == drawn).all(), "the photo is its own mask"
    with pytest.raises(MaskError, match=r"mask\.png: has no transparent part"):
        find_hole(itself, [picture(drawn)], MaskOptions(alpha=True))


@given(MASKS, st.booleans())
def test_inverting_swaps(mask: NDArray[np.bool_], invert: bool) -> None:
    photo = blank(*mask.shape)
    if mask.all() or not mask.any():
        with pytest.raises(MaskError, match="covers the whole photo" if mask.all() != invert else "is empty"):
            find_hole(photo, [picture(mask)], MaskOptions(invert=invert))
        return
    assert (find_hole(photo, [picture(mask ^ invert)], MaskOptions(invert=invert)) == mask).all()


@given(MASKS.flatmap(lambda mask: st.tuples(st.just(mask), arrays(np.bool_, mask.shape))))
def test_several_masks_are_united(masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    one, other = masks
    if (one | other).all() or not (one | other).any():
        return
    assert (find_hole(blank(*one.shape), [picture(one), picture(other)], MaskOptions()) == (one | other)).all()


@given(SIZES, st.tuples(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 60), st.integers(1, 60)))
def test_boxes_are_clipped_to_the_photo(size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    (height, width), (x, y, across, down) = size, box
    rows, columns = np.indices(size)
    expected = (columns >= x) & (columns < x + across) & (rows >= y) & (rows < y + down)
    options = MaskOptions(boxes=(Rectangle(*box),))
    if not expected.any():
        with pytest.raises(MaskError, match=f"outside the photo of {width}×{height}"):
            find_hole(blank(*size), [], options)
    elif expected.all():
        with pytest.raises(MaskError, match="covers the whole photo"):
            find_hole(blank(*size), [], options)
    else:
        assert (find_hole(blank(*size), [], options) == expected).all()


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "1,2,0,4", "1,2,3,-4", "", "1,2,3,4,5", "1.5,2,3,4"])
def test_a_box_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--box"):
        parse_box(text)


def test_a_box_that_is_one() -> None:
    assert parse_box("-3, 4,5,6") == (-3, 4, 5, 6)


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0.05, 1))
def test_a_shrunk_copy_has_the_same_aspect(height: int, width: int, scale: float) -> None:
    small = max(1, round(height * scale)), max(1, round(width * scale))
    if min(small) > 1 or scale == 1:
        assert same_aspect((height, width), small)
        assert same_aspect(small, (height, width))


@pytest.mark.parametrize("size", [(200, 133), (67, 97), (1067, 1500), (134, 100), (133, 204)])
def test_another_aspect_is_an_error_that_names_both_sizes(size: tuple[int, int]) -> None:
    mask = np.zeros(size, np.bool_)
    mask[0, 0] = True
    with pytest.raises(MaskError) as caught:
        find_hole(blank(133, 200), [picture(mask)], MaskOptions())
    assert f"{size[1]}×{size[0]}" in str(caught.value)
    assert "200×133" in str(caught.value)
    assert "mask.png" in str(caught.value)


@pytest.mark.parametrize("size", [(400, 266), (100, 67), (100, 66), (1600, 1067), (50, 33)])
def test_a_mask_of_the_same_aspect_is_rescaled(size: tuple[int, int], drawn: NDArray[np.bool_]) -> None:
    scaled = np.asarray(Image.fromarray(drawn).convert("L").resize(size, Image.Resampling.NEAREST)) > 127
    hole = find_hole(blank(133, 200), [picture(scaled)], MaskOptions())
    assert hole.shape == drawn.shape
    assert (hole != drawn).mean() < 0.03


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 132), st.integers(0, 199))
def test_a_scratch_of_one_pixel_survives_shrinking(row: int, column: int) -> None:
    mask = np.zeros((532, 800), np.bool_)
    mask[row * 4, column * 4] = True
    assert find_hole(blank(133, 200), [picture(mask)], MaskOptions())[row, column]


def test_a_scratch_survives_where_one_side_shrinks_and_the_other_grows() -> None:
    for column in range(0, 2000, 37):
        mask = np.zeros((100, 2000), np.bool_)
        mask[:, column] = True
        assert rescaled(mask, (256, 256)).any(axis=1).all()
