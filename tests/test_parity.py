"""The authors' own implementation gave these pictures; ours gives the same, from checkpoint to merged photo."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_cli import EdgeConnect, load_image
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.inference import Networks
from inpaint_cli.options import Backend
from inpaint_cli.weights.registry import resolve
from tests.conftest import DATA

CASES = ["bird_120x144", "tunnel_128x128"]


@pytest.fixture(params=CASES)
def original(request):
    with np.load(DATA / "parity" / f"{request.param}.npz") as arrays:
        return dict(arrays)


def test_canny_is_identical(original):
    gray = to_gray(original["image"])
    assert np.abs(gray - original["gray"]).max() < 1e-6
    assert np.array_equal(canny(gray, original["mask"]), original["canny"])


@pytest.mark.parametrize("backend", [Backend.OPENCV, pytest.param(Backend.TORCH, marks=pytest.mark.slow)])
def test_the_python_api_gives_the_authors_edges_and_picture(original, original_model: Path, backend: Backend):
    model = EdgeConnect.load(str(original_model), device="cpu", backend=backend)
    edges = model.predict_edges(original["image"], original["mask"])
    assert np.abs(edges - original["edge_comp"]).max() < 1e-3
    merged = model.inpaint(original["image"], original["mask"], plain=True)
    assert np.abs(merged.astype(int) - original["merged"]).max() <= 1
    assert np.array_equal(merged[~original["mask"]], original["image"][~original["mask"]])


@pytest.mark.parametrize("backend", [Backend.OPENCV, Backend.TORCH])
def test_the_painting_is_the_authors_inside_the_hole(original, original_model: Path, backend: Backend):
    networks = Networks(resolve(str(original_model)), device="cpu", backend=backend)
    image = original["image"].astype(np.float32) / 255
    (painted,) = networks.paint([image], [original["edge_comp"]], [original["mask"]], force_float32=True)
    assert np.abs(painted.transpose(2, 0, 1) - original["inpaint_pred"]).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("backend", [Backend.OPENCV, Backend.TORCH])
def test_the_command_line_gives_the_authors_picture(
    original, original_model: Path, inpaint, tmp_path: Path, backend: Backend
):
    Image.fromarray(original["image"]).save(tmp_path / "photo.png")
    Image.fromarray(original["mask"]).save(tmp_path / "mask.png")
    run = inpaint(
        "inpaint", tmp_path / "photo.png", "--mask", tmp_path / "mask.png", "--plain", "--device", "cpu",
        "--backend", backend, "--weights", original_model, "-o", tmp_path / "merged.png",
    )  # fmt: skip
    assert run.code == 0, run.err
    assert np.abs(load_image(tmp_path / "merged.png").astype(int) - original["merged"]).max() <= 1


@pytest.mark.slow
def test_an_edge_map_fed_back_gives_the_same_picture(original, original_model: Path, inpaint, tmp_path: Path):
    Image.fromarray(original["image"]).save(tmp_path / "photo.png")
    Image.fromarray(original["mask"]).save(tmp_path / "mask.png")
    common = ["--mask", tmp_path / "mask.png", "--plain", "--weights", original_model]
    assert inpaint("edges", tmp_path / "photo.png", *common, "-o", tmp_path / "edges.png").code == 0
    for name, edges in (("own.png", []), ("fed.png", ["--edges", tmp_path / "edges.png"])):
        run = inpaint("inpaint", tmp_path / "photo.png", *common, *edges, "-o", tmp_path / name)
        assert run.code == 0, run.err
    assert np.array_equal(load_image(tmp_path / "own.png"), load_image(tmp_path / "fed.png"))
