"""OpenCV or torch for the networks on a processor: what `--backend auto` follows. Writes backends.md; ratios only.

    OPENBLAS_NUM_THREADS=1 python benchmarks/backends.py [--repeat 9]

Costs are processor time with one thread, so that other work on the machine hardly matters, in units of
`python -c "import torch"`: what a run saves by OpenCV. (With more threads, torch's wait in a loop for one another.)
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from inpaint_cli import EdgeConnect, load_image, load_mask
from inpaint_cli.inference import Networks
from inpaint_cli.inference.backends import MANY_PHOTOS
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend
from inpaint_cli.weights.registry import resolve

EXAMPLES = Path(__file__).parents[1] / "examples"
REPORT = Path(__file__).with_suffix(".md")
TEXT = """# What runs the networks on a processor

`OPENBLAS_NUM_THREADS=1 python benchmarks/backends.py`; {model}, {size}×{size} pixels, OpenCV {opencv}.
Processor time with one thread, in units of `python -c "import torch"`. Torch's `auto` is bfloat16 where the processor
computes in it, as this one does.

| | to start | G1 and G2, one photo | has paid for its start after |
|---|---|---|---|
{table}

The whole of a default run, in which G1 looks and no network paints, on the examples, each photo after the first:

| | one photo | has paid for its start after |
|---|---|---|
{pipeline}

Hence the rule of `--backend auto`: OpenCV, and torch from {many} photos on where G2 paints. It computes in float32
then, so that a photo comes out of a folder as it does alone; with bfloat16 pixels differ by a grey level. A GPU,
another `--dtype` than float32, a `.pth` checkpoint (which torch has to read) and an OpenCV older than 5.0 mean torch
too. `evaluate` takes torch, which its measures import anyway.

Two photos at once on OpenCV with {threads} threads: one set of nets in turn, each pass with all threads, takes
{shared} × the time of a set each with half of the threads. So they share one, with half of the memory.
"""
SIZE = 256
RUNS = (
    ("OpenCV, float32", "opencv", "float32"),
    ("torch, float32", "torch", "float32"),
    ("torch, auto", "torch", "auto"),
)


def import_torch(repeat: int) -> float:
    """Return the least processor time of a process that imports torch, in seconds."""
    times = []
    for _ in range(repeat):
        process = subprocess.Popen([sys.executable, "-c", "import torch"])
        _, _, usage = os.wait4(process.pid, 0)
        times.append(usage.ru_utime + usage.ru_stime)
    return min(times)


def least(work: Callable[[], object], clock: Callable[[], float], repeat: int) -> float:
    """Return the least time of a few calls."""
    times = []
    for _ in range(repeat):
        begin = clock()
        work()
        times.append(clock() - begin)
    return min(times)


def both_passes(networks: Networks, seed: int = 0) -> None:
    """Run G1 and G2 once, on one picture."""
    rng = np.random.default_rng(seed)
    image, edges = rng.random((SIZE, SIZE, 3), np.float32), np.zeros((SIZE, SIZE), np.float32)
    hole = np.zeros((SIZE, SIZE), bool)
    hole[120:136, 120:136] = True
    networks.edges([image[..., 0]], [edges], [hole])
    networks.paint([image], [edges], [hole])


def at_once(networks: list[Networks]) -> None:
    """Run both passes in as many threads as there are networks given."""
    callers = [
        threading.Thread(target=both_passes, args=each) for each in zip(networks, range(len(networks)), strict=True)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


def default_fill(backend: str, dtype: str, repeat: int) -> float:
    """Return the least processor time in which a default run fills one photo, the mean of the examples, in seconds."""
    model, times = EdgeConnect.load(device="cpu", dtype=dtype, backend=backend, threads=1), []
    for name in ("bird", "dune", "otter", "tunnel"):
        photo, mask = load_image(EXAMPLES / f"{name}.jpg"), load_mask(EXAMPLES / f"{name}_mask.png")
        times.append(least(lambda photo=photo, mask=mask: model.fill(photo, mask), time.process_time, repeat + 1))
    return statistics.mean(times)


def paid_after(start: float, saved: float, backend: str) -> str:
    """Return after how many photos a start has paid for itself that saves so much with each."""
    return f"{start / saved:.0f} photos" if saved > 0 else "never" if backend == "torch" else "–"


def shared_or_own(repeat: int) -> tuple[float, float]:
    """Return the median wall time of two photos at once: one set of nets in turn; a set each on half of the threads."""
    model, threads = resolve(DEFAULT_WEIGHTS), os.cpu_count() or 2
    first, second = (Networks(model, "cpu", backend=Backend.OPENCV) for _ in range(2))
    times: dict[str, list[float]] = {"shared": [], "own": []}
    for _ in range(repeat):  # alternating: what else the machine does falls on both
        for how, pair, each in (("shared", [first, first], threads), ("own", [first, second], max(1, threads // 2))):
            cv2.setNumThreads(each)
            times[how].append(least(lambda pair=pair: at_once(pair), time.perf_counter, 1))
    return statistics.median(times["shared"]), statistics.median(times["own"])


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=9, help="take the least of this many runs")
    repeat = parser.parse_args().repeat
    unit = import_torch(repeat)
    rows, fills, costs, wholes = [], [], {}, {}
    for name, backend, dtype in RUNS:
        networks = Networks(resolve(DEFAULT_WEIGHTS), "cpu", dtype, 1, backend=Backend(backend))
        first = least(lambda networks=networks: both_passes(networks), time.process_time, 1)
        costs[name] = least(lambda networks=networks: both_passes(networks), time.process_time, repeat)
        start = first - costs[name] + (unit if backend == "torch" else 0)
        saved = costs["OpenCV, float32"] - costs[name]
        rows.append(f"| {name} | {start / unit:.2f} | {costs[name] / unit:.2f} | {paid_after(start, saved, backend)} |")
        wholes[name] = default_fill(backend, dtype, min(repeat, 3))
        saved = wholes["OpenCV, float32"] - wholes[name]
        fills.append(f"| {name} | {wholes[name] / unit:.2f} | {paid_after(start, saved, backend)} |")
    shared, own = shared_or_own(repeat)
    facts = {"model": DEFAULT_WEIGHTS, "size": SIZE, "opencv": cv2.__version__, "threads": os.cpu_count()}
    facts |= {
        "table": "\n".join(rows),
        "pipeline": "\n".join(fills),
        "many": MANY_PHOTOS,
        "shared": f"{shared / own:.2f}",
    }
    REPORT.write_text(TEXT.format(**facts), "utf-8")
    print(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main()
