"""OpenCV runs the same networks as torch, without torch in the process, and `auto` chooses well."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from inpaint_cli.cli.runs import ModelChoice
from inpaint_cli.errors import UsageError
from inpaint_cli.inference import Networks
from inpaint_cli.inference.backends import MANY_PHOTOS, choose_backend, choose_for_many
from inpaint_cli.nn.architecture import Architecture, edge_architecture, inpaint_architecture
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.nn.onnx_graph import onnx_generator
from inpaint_cli.options import Backend, Painter
from inpaint_cli.weights.registry import resolve
from tests.conftest import CHECKOUT

LITE, FULL = 32, 64
GENERATORS = {
    "edge": (EdgeGenerator, edge_architecture),
    "inpaint": (InpaintGenerator, inpaint_architecture),
}


def build(kind: str, base_channels: int, residual_blocks: int) -> tuple[torch.nn.Module, Architecture, bytes]:
    """Return a generator with made-up weights of a trained one's size, its layers, and its graph."""
    torch.manual_seed(base_channels)
    make, layers = GENERATORS[kind]
    module, architecture = make(base_channels, residual_blocks).eval(), layers(base_channels, residual_blocks)
    state = {key: weight.numpy() for key, weight in module.state_dict().items()}
    return module, architecture, onnx_generator(state, architecture)


def forward(graph: bytes, x: np.ndarray) -> np.ndarray:
    net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8))
    net.setInput(x)
    return net.forward()


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("base_channels", [LITE, FULL])
def test_layers_are_those_of_the_torch_modules_and_the_graph_is_valid_onnx(kind: str, base_channels: int):
    module, architecture, graph = build(kind, base_channels, 8)
    assert architecture.shapes() == {key: tuple(weight.shape) for key, weight in module.state_dict().items()}
    onnx.checker.check_model(graph, full_check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("base_channels", [LITE, FULL])
def test_one_graph_gives_what_torch_gives_at_every_size_and_in_batches(kind: str, base_channels: int):
    module, architecture, graph = build(kind, base_channels, 3)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8))
    rng = np.random.default_rng(3)
    for batch, height, width in ((1, 64, 64), (1, 16, 16), (2, 12, 36), (1, 1024, 16), (3, 20, 28), (1, 16, 1024)):
        x = rng.random((batch, architecture.in_channels, height, width), np.float32)
        net.setInput(x)
        with torch.inference_mode():
            expected = module(torch.from_numpy(x)).numpy()
        assert np.abs(net.forward() - expected).max() < 1e-4, (batch, height, width)


def test_a_generator_with_more_inputs_is_built_from_its_weights():
    torch.manual_seed(0)
    module = InpaintGenerator(LITE, 1).eval()
    module.encoder[1] = torch.nn.Conv2d(5, LITE, 7)
    state = {key: weight.numpy() for key, weight in module.state_dict().items()}
    x = np.random.default_rng(0).random((1, 5, 24, 32), np.float32)
    with torch.inference_mode():
        expected = module(torch.from_numpy(x)).numpy()
    y = forward(onnx_generator(state, inpaint_architecture(LITE, 1, in_channels=5)), x)
    assert np.abs(y - expected).max() < 1e-4


def hole_in(shape: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(shape, bool)
    hole[shape[0] // 4 : shape[0] // 2, shape[1] // 3 : shape[1] // 2] = True
    return hole


@pytest.mark.slow
@pytest.mark.parametrize("output", ["picture", "correction"])
def test_both_backends_paint_and_draw_the_same_at_odd_sizes(output: str, tmp_path: Path):
    export = subprocess.run(
        [sys.executable, "-m", "inpaint_cli", "weights", "export", "open-lite", "-o", tmp_path / "model"],
        cwd=CHECKOUT, check=False,
    )  # fmt: skip
    assert export.returncode == 0
    config = tmp_path / "model" / "config.json"
    contrast = "photo" if output == "correction" else "none"  # only a correction can be scaled by the photo's contrast
    changed = json.loads(config.read_text("utf-8")) | {"output": output, "contrast": contrast}
    config.write_text(json.dumps(changed), "utf-8")
    model = resolve(str(tmp_path / "model"))
    shapes = [(61, 83), (61, 83), (16, 17)]
    rng = np.random.default_rng(5)
    images = [rng.random((*shape, 3), np.float32) for shape in shapes]
    edges = [(rng.random(shape) < 0.05).astype(np.float32) for shape in shapes]
    holes = [hole_in(shape) for shape in shapes]
    drawn, painted = [], []
    for backend in (Backend.OPENCV, Backend.TORCH):
        networks = Networks(model, device="cpu", dtype="float32", backend=backend)
        drawn.append(networks.edges([image[..., 0] for image in images], edges, holes))
        painted.append(networks.paint(images, edges, holes))
    for one, other in zip(drawn[0] + painted[0], drawn[1] + painted[1], strict=True):
        assert one.dtype == other.dtype == np.float32
        assert np.abs(one - other).max() < 1e-4


def test_threads_that_share_networks_do_not_disturb_each_other():
    networks = Networks(resolve("open-lite"), device="cpu", backend=Backend.OPENCV)
    rng = np.random.default_rng(9)
    images = [rng.random((20 + 8 * i, 40, 3), np.float32) for i in range(6)]

    def paint(image: np.ndarray) -> np.ndarray:
        return networks.paint([image], [np.zeros(image.shape[:2], np.float32)], [hole_in(image.shape[:2])])[0]

    alone = [paint(image) for image in images]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(paint, images))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def imported(packages: set[str], commands: list[list[object]]) -> set[str]:
    """Return which of these packages a process has imported that ran commands, one after the other."""
    program = (
        "import sys\n"
        "from inpaint_cli.cli import main\n"
        f"assert not any(map(main, {[list(map(str, command)) for command in commands]!r}))\n"
        f"print(*{packages!r}.intersection(sys.modules))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_a_usual_photo_needs_neither_scipy_nor_scikit_image(tmp_path: Path):
    examples = CHECKOUT / "examples"
    job = [examples / "dune.jpg", "--mask", examples / "dune_mask.png", "--device", "cpu"]
    with Image.open(examples / "dune.jpg") as picture:
        picture.resize((256, 256)).save(tmp_path / "small.png")
    commands = [
        ["remove", *job, "--painter", "g2", "-o", tmp_path / "g2.jpg"],
        ["inpaint", tmp_path / "small.png", "--box", "90,90,60,40", "--plain", "--device", "cpu"],
    ]
    assert not imported({"scipy", "skimage", "torch"}, commands)


@pytest.mark.slow
def test_commands_on_a_processor_import_no_torch(tmp_path: Path):
    for name in ("bird", "dune"):
        for suffix in (".jpg", "_mask.png"):
            with Image.open(CHECKOUT / "examples" / f"{name}{suffix}") as picture:
                picture.resize((96, 64)).save(tmp_path / f"{name}{suffix}")
    bird, dune, mask = tmp_path / "bird.jpg", tmp_path / "dune.jpg", tmp_path / "dune_mask.png"
    networks = ["--lines", "g1", "--device", "cpu"]
    commands = [
        ["remove", dune, "--mask", mask, "--painter", "g2", *networks, "-o", tmp_path / "remove.png"],
        ["inpaint", dune, "--mask", mask, "--plain", "--device", "cpu", "-o", tmp_path / "inpaint.png"],
        ["edges", dune, "--mask", mask, *networks, "-o", tmp_path / "edges.png"],
        ["synth-edges", dune, bird, "--painter", "g2", "--device", "cpu", "-o", tmp_path / "synth.png",
         "--image-out", tmp_path / "joined.png"],
        ["weights", "verify", "open-lite"],
    ]  # fmt: skip
    assert not imported({"torch", "onnx", "tifffile", "huggingface_hub", "rich"}, commands)
    assert (tmp_path / "remove.png").exists()
    assert (tmp_path / "joined.png").exists()


@pytest.mark.slow
def test_the_bundled_model_gives_one_picture_on_both_backends(inpaint, tmp_path: Path):
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    with Image.open(CHECKOUT / "examples" / "tunnel.jpg") as picture:
        picture.resize((141, 103)).save(photo)
    Image.fromarray(hole_in((103, 141))).save(mask)
    pictures = []
    for backend in ("opencv", "torch"):
        out = tmp_path / f"{backend}.png"
        run = inpaint("inpaint", photo, "--mask", mask, "--plain", "--backend", backend, "--device", "cpu", "-o", out)
        assert run.code == 0, run.err
        with Image.open(out) as picture:
            pictures.append(np.asarray(picture).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--dtype", "bfloat16"], "float32 only"), (["--device", "cuda"], "processor only"), (["--device", "mps"], "mps")],
)
def test_what_opencv_cannot_do_is_said_in_one_line(options: list[str], word: str, inpaint, tmp_path: Path):
    photo, mask = CHECKOUT / "examples" / "dune.jpg", CHECKOUT / "examples" / "dune_mask.png"
    run = inpaint("remove", photo, "--mask", mask, "--backend", "opencv", *options, "-o", tmp_path / "out.jpg")
    assert run.code == 2
    assert run.err.startswith("inpaint: error: --backend opencv: ")
    assert word in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(
    ("device", "dtype", "weights", "expected"),
    [
        ("cpu", "auto", "edge.safetensors", Backend.OPENCV),
        ("cpu", "float32", "edge.safetensors", Backend.OPENCV),
        ("cpu", "bfloat16", "edge.safetensors", Backend.TORCH),
        ("cuda", "auto", "edge.safetensors", Backend.TORCH),
        ("mps", "float32", "edge.safetensors", Backend.TORCH),
        ("cpu", "auto", "EdgeModel_gen.pth", Backend.TORCH),
    ],
)
def test_auto_takes_opencv_where_it_can_do_what_is_asked(device: str, dtype: str, weights: str, expected: Backend):
    assert choose_backend(Backend.AUTO, device, dtype, [Path(weights)]) is expected
    assert choose_backend(Backend.TORCH, device, dtype, [Path(weights)]) is Backend.TORCH


def test_many_photos_that_g2_paints_are_worth_the_import_of_torch():
    def choice(backend: Backend, photos: int, dtype: str = "auto", weights: str = "edge.safetensors"):
        return choose_for_many(backend, "cpu", dtype, [Path(weights)], photos)

    assert choice(Backend.AUTO, MANY_PHOTOS - 1) == (Backend.AUTO, "auto")
    assert choice(Backend.AUTO, MANY_PHOTOS) == (Backend.TORCH, "float32")  # the arithmetic of one photo alone
    assert choice(Backend.AUTO, MANY_PHOTOS, weights="EdgeModel_gen.pth") == (Backend.AUTO, "auto")  # torch for one too
    assert choice(Backend.AUTO, MANY_PHOTOS, dtype="bfloat16") == (Backend.AUTO, "bfloat16")
    assert choice(Backend.OPENCV, 1000) == (Backend.OPENCV, "auto")
    assert choice(Backend.TORCH, 1000) == (Backend.TORCH, "auto")


@pytest.mark.parametrize(("painter", "expected"), [(Painter.G2, Backend.TORCH), (Painter.AUTO, Backend.OPENCV)])
def test_a_folder_imports_torch_only_where_g2_paints(painter: Painter, expected: Backend):
    model = ModelChoice("open-lite", None, "cpu", "auto", None, Backend.AUTO, painter).load(MANY_PHOTOS, 1)
    assert model._loaded_networks().backend is expected


@pytest.mark.slow
def test_a_photo_comes_out_of_a_folder_as_it_does_alone(inpaint, tmp_path: Path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("bird", "dune", "otter") * 2):
        with Image.open(CHECKOUT / "examples" / f"{name}.jpg") as picture:
            picture.resize((120 - number, 80)).save(folder / f"{number}.png")
    job = ["--box", "50,30,20,20", "--painter", "g2", "--device", "cpu", "-q"]
    assert inpaint("remove", folder, *job, "-o", tmp_path / "all/").code == 0
    assert inpaint("remove", folder / "1.png", *job, "-o", tmp_path / "one.png").code == 0
    with Image.open(tmp_path / "all" / "1.png") as many, Image.open(tmp_path / "one.png") as one:
        difference = np.abs(np.asarray(many).astype(int) - np.asarray(one))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001  # sums in another order, of which a rounding may tell


def test_an_opencv_that_is_too_old_leaves_it_to_torch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cv2, "__version__", "4.14.0")
    assert choose_backend(Backend.AUTO, "cpu", "auto", []) is Backend.TORCH
    with pytest.raises(UsageError, match=r"needs OpenCV 5\.0"):
        choose_backend(Backend.OPENCV, "cpu", "auto", [])


def test_threads_are_opencv_s_too():
    before = cv2.getNumThreads()
    try:
        Networks(resolve("open-lite"), device="cpu", threads=1, backend=Backend.OPENCV)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before or os.cpu_count() or 1)
