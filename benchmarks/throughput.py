"""What the tool costs beside its networks: start, memory, large photos, folders. Prints ratios: times do not travel.

    python benchmarks/throughput.py [--repeat 3]

Each figure stands beside its bar. Run it on an idle machine: the least of a few repetitions is taken.
"""

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageOps

from inpaint_cli.batch.attempt import Policy
from inpaint_cli.batch.discovery import plan
from inpaint_cli.batch.job import Request
from inpaint_cli.batch.plan import Plan
from inpaint_cli.batch.reporting import ReportOptions
from inpaint_cli.batch.run import MAX_CONCURRENT, run
from inpaint_cli.batch.tasks import FillTask, OutputWriter
from inpaint_cli.choices import Choices
from inpaint_cli.imaging.windows import plan as plan_windows
from inpaint_cli.inference import Networks
from inpaint_cli.inference.backends import choose_for_many
from inpaint_cli.io.masks import MaskOptions, rescaled
from inpaint_cli.io.reading import load_mask
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, FillOptions, Lines, Painter
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.weights.registry import resolve

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("bird", "dune", "otter", "tunnel")
PHOTOS = 20
DTYPE = "float32"  # on both sides of every ratio
NETWORKS = ("--lines", "g1", "--painter", "g2", "--no-texture", "--dtype", DTYPE)
TOOL = (sys.executable, "-m", "inpaint_cli")

# `python -c "import torch"` and the two forward passes, without a tool around them.
BARE = """
import sys, torch
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
height, width, channels, blocks = map(int, sys.argv[1:])
with torch.inference_mode():
    EdgeGenerator(channels, blocks).eval()(torch.rand(1, 3, height, width))
    InpaintGenerator(channels, blocks).eval()(torch.rand(1, 4, height, width))
"""


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    megabytes: float


def cost(command: Sequence[object], repeat: int) -> Cost:
    """Return the least time and the largest resident size of a few runs of a command."""
    costs = []
    for _ in range(repeat):
        begin = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        costs.append(
            Cost(time.perf_counter() - begin, usage.ru_maxrss / (1 << 10 if sys.platform == "linux" else 1 << 20))
        )
    return Cost(min(each.seconds for each in costs), max(each.megabytes for each in costs))


def least(work: Callable[[], object], repeat: int) -> float:
    """Return the least time of a few calls, in seconds."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def show(what: str, value: float, bar: float, unit: str = "") -> None:
    """Print a figure beside its bar; a bar of a share (%) is to be reached, any other not to be passed."""
    kept = value >= bar if unit == "%" else value <= bar
    print(f"{what:<66} {value:8.2f} {unit:<3} (bar {bar:g}{unit}) {'' if kept else '  <-- missed'}", flush=True)


def window_sizes(photo: Path, mask: Path, size: int | None) -> list[tuple[int, int]]:
    """Return the working sizes (H, W) of a photo's windows when the networks are at work."""
    with Image.open(photo) as picture:
        hole = rescaled(load_mask(mask), (picture.height, picture.width))
    options = FillOptions(lines=Lines.G1, painter=Painter.G2, size=size)
    longest = Choices(options, EdgeConnect.load().model.config).longest()
    return [window.size for window in plan_windows(hole, FillOptions.context, longest)]


def start_and_size(folder: Path, repeat: int) -> None:
    """One photo, cold: against importing torch and the two passes; and a photo of six times as many pixels."""
    config = EdgeConnect.load().model.config
    photo, mask, large = EXAMPLES / "dune.jpg", EXAMPLES / "dune_mask.png", folder / "large.jpg"
    with Image.open(photo) as picture:
        picture.resize((3840, 2560), Image.Resampling.LANCZOS).save(large, quality=90)
    show("inpaint --help", cost([*TOOL, "--help"], repeat).seconds, 0.4, "s")
    show("a usage error: no mask", cost([*TOOL, "remove", photo], repeat).seconds, 0.4, "s")
    show("a usage error: --box 1,2", cost([*TOOL, "remove", photo, "--box", "1,2"], repeat).seconds, 0.4, "s")
    for how, options in (("", ()), (", networks", NETWORKS), (", networks at 512", (*NETWORKS, "--size", "512"))):
        ((height, width),) = window_sizes(photo, mask, 512 if "512" in options else None)
        bare = cost([sys.executable, "-c", BARE, height, width, config.base_channels, config.residual_blocks], repeat)
        job = [*TOOL, "remove", "--mask", mask, "-o", folder / "out.jpg", "--overwrite", *options]
        small, big = cost([*job, photo], repeat), cost([*job, large], repeat)
        show(f"dune.jpg{how}: time / (import torch + two passes)", small.seconds / bare.seconds, 1.6)
        show(f"dune.jpg{how}: peak memory", small.megabytes, 900, "MB")
        show(f"3840×2560{how}: time / time of dune.jpg", big.seconds / small.seconds, 2)
        show(f"3840×2560{how}: peak memory", big.megabytes, 1229, "MB")


def start_against_torch(folder: Path, repeat: int) -> None:
    """One photo, cold, with both networks at work: against `import torch` alone, which such a run does without.

    The output has the format of the photo, as it has by default.
    """
    photo, mask, small = EXAMPLES / "dune.jpg", EXAMPLES / "dune_mask.png", folder / "dune.png"
    for source in (photo, mask):
        with Image.open(source) as picture:
            picture.resize((256, 256)).save(folder / f"{source.stem}.png")
    common = ["--overwrite", "--device", "cpu"]
    runs = {
        "dune.jpg, G1 and G2": (
            [*TOOL, "remove", photo, "--mask", mask, "--lines", "g1", "--painter", "g2", "-o", folder / "out.jpg"],
            1.2,
        ),
        "256×256, --plain": (
            [*TOOL, "inpaint", small, "--mask", folder / "dune_mask.png", "--plain", "-o", folder / "out.png"],
            0.8,
        ),
    }
    for name, (command, bar) in runs.items():
        ours, torch = [], []
        for _ in range(repeat):  # in turn: what else the machine does falls on both
            torch.append(cost([sys.executable, "-c", "import torch"], 1))
            ours.append(cost([*command, *common], 1))
        ratio = min(each.seconds for each in ours) / min(each.seconds for each in torch)
        show(f"{name}: time / import torch", ratio, bar)
        show(f"{name}: peak memory", max(each.megabytes for each in ours), 350, "MB")


def make_folder(folder: Path) -> None:
    """Fill a folder with photos and masks: the examples, upright, mirrored, and so on, in JPEGs of their own size."""
    turns = (lambda x: x, ImageOps.mirror, ImageOps.flip, lambda x: x.rotate(180), ImageOps.autocontrast)
    for number, (turn, name) in enumerate(itertools.product(turns, NAMES)):
        with Image.open(EXAMPLES / f"{name}.jpg") as photo, Image.open(EXAMPLES / f"{name}_mask.png") as mask:
            turn(photo).save(folder / f"{number:02}.jpg", quality=90)
            turn(mask.convert("L")).save(folder / f"{number:02}_mask.png")


def passes(networks: Networks, sizes: list[tuple[int, int]]) -> None:
    """Run both generators once for every window."""
    for size in sizes:
        gray, edges, hole = np.ones(size, np.float32), np.zeros(size, np.float32), np.eye(*size, dtype=bool)
        networks.edges([gray], [edges], [hole])
        networks.paint([np.ones((*size, 3), np.float32)], [edges], [hole])


def fill_folder(jobs: Plan, filling: FillTask, out: Path) -> None:
    """Fill every photo of a folder into an empty one."""
    shutil.rmtree(out, ignore_errors=True)
    assert run(jobs, filling, Policy(), ReportOptions(quiet=True)) == 0


def folder_against_passes(folder: Path, repeat: int) -> None:
    """A folder of photos: photos per second as a share of what the forward passes alone would allow."""
    make_folder(folder)
    cores = os.cpu_count()
    jobs = plan(Request(images=(str(folder),), masks=(folder,), output=f"{folder}/out/"))
    one = plan(Request(images=(f"{folder}/00.jpg",), masks=(folder,), output=f"{folder}/out/"))
    assert len(jobs) == PHOTOS
    for size in (None, 512):
        weights = resolve(DEFAULT_WEIGHTS)
        backend, _ = choose_for_many(Backend.AUTO, "auto", DTYPE, (weights.edge, weights.inpaint), PHOTOS)
        networks = Networks(weights, dtype=DTYPE, threads=cores, backend=backend)
        sizes = [window for job in jobs for window in window_sizes(job.photo, job.masks[0], size)]
        passes(networks, sizes[:1])  # loads the weights
        bare = least(lambda networks=networks, sizes=sizes: passes(networks, sizes), repeat)
        model = EdgeConnect.load(dtype=DTYPE, threads=cores, backend=backend, max_concurrent=MAX_CONCURRENT)
        whole = FillOptions(lines=Lines.G1, painter=Painter.G2, size=size)
        for how, options in (
            ("networks alone", replace(whole, harmonise=False, texture=False)),
            ("the whole pipeline", whole),
        ):
            filling = FillTask(model, options, MaskOptions(), OutputWriter(overwrite=True))
            fill_folder(one, filling, folder / "out")
            took = least(lambda filling=filling: fill_folder(jobs, filling, folder / "out"), repeat)
            show(f"{PHOTOS} photos at {size or 'its own size'}, {how}", 100 * bare / took, 85, "%")


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="take the least of this many runs")
    repeat = parser.parse_args().repeat
    with TemporaryDirectory() as folder:
        start_against_torch(Path(folder), repeat)
    with TemporaryDirectory() as folder:
        start_and_size(Path(folder), repeat)
    with TemporaryDirectory() as folder:
        folder_against_passes(Path(folder), repeat)


if __name__ == "__main__":
    main()
