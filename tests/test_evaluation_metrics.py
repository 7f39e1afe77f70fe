"""The measures of `inpaint evaluate` against closed forms and other implementations, and the holes it makes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.linalg import sqrtm
from torchmetrics.functional.image import structural_similarity_index_measure

from inpaint_cli.evaluation import learned, photos, protocol, tables
from inpaint_cli.evaluation.cases import HoledPhoto, file_names
from inpaint_cli.evaluation.journal import Journal
from inpaint_cli.evaluation.mask_bins import BINS, FIXED, Holes, bin_of
from inpaint_cli.evaluation.methods import FillColumn
from inpaint_cli.evaluation.metrics import compare
from inpaint_cli.evaluation.settings import Candidate, Settings
from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.training.folders import find_pictures

PHOTOS = Path(__file__).parent / "data" / "eval"


@pytest.fixture(scope="module")
def photo():
    return photos.load(PHOTOS / "city.jpg", 64)


def centre(size=64):
    return Holes(size, seed=0).hole(FIXED, "any")


def test_equal_pictures_are_perfect(photo):
    scores = compare(photo, photo.copy(), centre())
    assert (scores.l1, scores.ssim) == (0, 1)
    assert scores.psnr == scores.psnr_hole == float("inf")


def test_two_black_pictures_are_equal():
    black = np.zeros((32, 32, 3), np.uint8)
    assert compare(black, black, centre(32)).l1 == 0


@pytest.mark.parametrize("difference", [1, 20, 100])
def test_a_constant_difference_gives_the_textbook_values(difference):
    hole = centre()
    truth = np.full((64, 64, 3), 100, np.uint8)
    picture = truth.copy()
    picture[hole] += difference
    scores = compare(truth, picture, hole)
    share = hole.mean()
    assert scores.psnr_hole == pytest.approx(20 * np.log10(255 / difference))
    assert scores.psnr == pytest.approx(20 * np.log10(255 / difference) - 10 * np.log10(share), abs=1e-4)
    assert scores.l1 == pytest.approx(100 * difference * share / (200 + difference * share), rel=1e-4)


def test_ssim_is_that_of_another_library(photo):
    noisy = np.clip(photo + np.random.default_rng(0).normal(0, 25, photo.shape), 0, 255).astype(np.uint8)
    _, theirs = structural_similarity_index_measure(
        *(torch.from_numpy(to_gray(picture))[None, None] for picture in (noisy, photo)),
        sigma=1.5,
        kernel_size=11,
        data_range=1.0,
        return_full_image=True,
    )
    inside = float(theirs[..., 5:-5, 5:-5].mean())  # where the window lies in the picture, as in Wang's own code
    assert compare(photo, noisy, centre()).ssim == pytest.approx(inside, abs=1e-4)


def test_psnr_in_the_hole_sees_colour_that_grey_does_not():
    truth = np.full((64, 64, 3), (120, 60, 40), np.uint8)
    shifted = truth.copy()
    shifted[centre()] = np.array((120, 60, 40)) + np.array((34, -10, 0))  # the luma's weights cancel it
    scores = compare(truth, shifted, centre())
    assert scores.psnr > 50
    assert scores.psnr_hole < 25


def test_frechet_distance_is_that_between_gaussians():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (60, 8)).astype(np.float32), rng.normal(0.5, 2, (50, 8)).astype(np.float32)
    roots = sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * roots)
    assert learned.frechet_distance([a[:25], a[25:]], iter([b])) == pytest.approx(expected, rel=1e-3)
    assert learned.frechet_distance([a], [a]) == pytest.approx(0, abs=1e-4)


def measured(plan, folder):
    """Return the means that measuring a plan gives."""
    journal = Journal(folder, plan.run(), resume=False)
    protocol.measure(plan, journal, lambda _: None)
    return tables.average(journal.cases())


@pytest.fixture(scope="module")
def plan():
    settings = Settings(PHOTOS, Path("unused"), methods=(Candidate.TELEA,), size=64, batch=2, offline=True)
    return protocol.prepare(settings)


def test_a_method_that_returns_the_truth_is_perfect_in_every_bin(plan, tmp_path):
    truth = FillColumn("truth", lambda images, _: list(images))
    truth.run = lambda cases: [case.truth for case in cases]
    table = measured(replace(plan, columns=[truth]), tmp_path)
    assert [mask for mask, _ in table] == [*BINS, FIXED]
    for cell in table.values():
        assert (cell.cases, cell.mean("l1"), cell.mean("ssim"), cell.mean("psnr")) == (3, 0, 1, float("inf"))


def test_a_method_gets_no_pixel_of_the_hole_to_see(plan, tmp_path):
    seen = []

    def fill(images, holes, /):
        seen.extend(image[hole] for image, hole in zip(images, holes, strict=True))
        return list(images)

    table = measured(replace(plan, columns=[FillColumn("lazy", fill)]), tmp_path)
    assert len(seen) == 15
    assert all((pixels == 255).all() for pixels in seen)
    assert all(cell.mean("psnr_hole") < 15 for cell in table.values())


def test_means_are_means(plan, tmp_path):
    table = measured(plan, tmp_path)
    scores = []
    for name in plan.photos:
        truth, hole = photos.load(PHOTOS / name, 64), plan.holes.hole("20-30", name)
        scores.append(compare(truth, plan.columns[0].run([HoledPhoto(name, "20-30", truth, hole)])[0], hole))
    assert table["20-30", "telea"].mean("psnr") == pytest.approx(np.mean([s.psnr for s in scores]))
    assert table["20-30", "telea"].mean("l1") == pytest.approx(np.mean([s.l1 for s in scores]))


@pytest.mark.parametrize("size", [32, 64, 256])
def test_every_hole_lies_in_its_bin(size):
    holes = Holes(size, seed=3)
    for name in ("a.jpg", "b.jpg", "c/d.png"):
        for label in BINS:
            assert bin_of(holes.hole(label, name).mean()) == label
        block = holes.hole(FIXED, name)
        assert block.mean() == 0.25
        assert block[size // 4 : size // 4 * 3, size // 4 : size // 4 * 3].all()


def test_a_photos_hole_depends_on_its_name_its_bin_and_the_seed():
    def hole(seed=0, label="30-40", name="a.jpg"):
        return Holes(64, seed).hole(label, name)

    assert (hole() == hole()).all()
    assert (hole() != hole(seed=1)).mean() > 0.01
    assert (hole() != hole(name="b.jpg")).mean() > 0.01


@pytest.mark.parametrize(
    ("ratio", "label"), [(0.0999, None), (0.1, "10-20"), (0.2, "20-30"), (0.4999, "40-50"), (0.5, None)]
)
def test_bins_include_their_lower_end(ratio, label):
    assert bin_of(ratio) == label


def test_photos_are_cropped_to_their_centre(tmp_path):
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[:, 30:70] = 200
    Image.fromarray(picture).save(tmp_path / "wide.png")
    assert (photos.load(tmp_path / "wide.png", 32) == 200).all()


def test_photos_are_found_by_their_names_in_sub_folders_too(tmp_path):
    for name in ("b/c.JPG", "a.webp", "b.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert photos.find(tmp_path) == ["a.webp", "b.png", "b/c.JPG"]
    assert [path.name for path in find_pictures(tmp_path)] == ["a.webp", "c.JPG", "b.png"]


def test_no_two_cases_share_a_file():
    names = file_names(["a.jpg", "a.png", "b/c.jpg", "b_c.jpg"], ["10-20", "fixed"])
    assert names["a.jpg", "10-20"] == "10-20_a"
    assert names["b/c.jpg", "fixed"] == "fixed_b_c"
    assert len(set(names.values())) == 8


def test_the_papers_numbers_are_there():
    numbers = tables.paper()
    assert set(numbers) == {"l1", "ssim", "psnr", "fid"}
    assert numbers["psnr"]["40-50", "EdgeConnect"] == 21.16
    assert ("fixed", "PConv") not in numbers["l1"]
