"""What a fleet costs beside the local run, and what planning costs. Prints ratios: times do not travel.

    python benchmarks/fleet.py [--photos 100] [--rows 1000000] [--repeat 1]

Photos of 12 megapixels are made from the examples. Both sides have the same cores: the local run as it is, the fleet in
a cluster of Ray's that is running already; the start of its workers counts. Beside wall-clock times stand processor
seconds of all processes, which a busy machine spoils less.
"""

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from PIL import Image, ImageOps

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("bird", "dune", "otter", "tunnel")
SIZE = (4000, 3000)
TOOL = (sys.executable, "-m", "inpaint_cli", "remove")


@dataclass(frozen=True)
class Cost:
    """What a run took.

    Attributes:
        wall: seconds on the clock.
        processor: seconds of all its processes.
        megabytes: the largest resident size of the process that was started.
    """

    wall: float
    processor: float
    megabytes: float


def cost(arguments: Sequence[object]) -> Cost:
    """Return what a run of the tool takes, with the processes of a cluster beside it."""
    begin = time.perf_counter()
    with Meter() as meter:
        process = subprocess.Popen([*TOOL, *map(str, arguments)])
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    assert status == 0
    return Cost(wall, meter.seconds, usage.ru_maxrss / 1024)


class Meter:
    """Sums the processor time of this process's descendants, by a look twice a second: some of them end."""

    def __enter__(self) -> "Meter":
        self._before = self._look()
        self._last = dict(self._before)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._last |= self._look()

    @property
    def seconds(self) -> float:
        """Processor seconds since the beginning."""
        return sum(spent - self._before.get(pid, 0) for pid, spent in self._last.items())

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            self._last |= self._look()

    @staticmethod
    def _look() -> dict[int, float]:
        found = {}
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[process.pid] = sum(process.cpu_times()[:2])
        return found


def make_photos(folder: Path, count: int) -> None:
    """Fill a folder with JPEGs of 12 megapixels and their masks."""
    turns = (lambda x: x, ImageOps.mirror, ImageOps.flip, lambda x: x.rotate(180))
    for number, (turn, name) in enumerate(itertools.islice(itertools.cycle(itertools.product(turns, NAMES)), count)):
        with Image.open(EXAMPLES / f"{name}.jpg") as photo, Image.open(EXAMPLES / f"{name}_mask.png") as mask:
            turn(photo.resize(SIZE, Image.Resampling.LANCZOS)).save(folder / f"{number:03}.jpg", quality=92)
            turn(mask.convert("L").resize(SIZE)).save(folder / f"{number:03}_mask.png")


def overhead(count: int, repeat: int) -> None:
    """Compare the fleet with the local run on the same cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # the cluster keeps to 127.0.0.1
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - after what Ray reads as it is imported

    cores = os.cpu_count() or 1
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder, count)
        node = {"num_cpus": cores, "object_store_memory": 100 << 20, "node_ip_address": "127.0.0.1"}
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        try:
            for number in range(repeat):
                common = (folder, "--mask", folder, "-q", "-o")
                local = cost([*common, f"{folder}/local{number}/"])
                fleet = cost([*common, f"{folder}/fleet{number}/", "--ray", cluster.address])
                same = all(
                    path.read_bytes() == (folder / f"fleet{number}" / path.name).read_bytes()
                    for path in (folder / f"local{number}").iterdir()
                )
                print(f"{count} photos of 12 megapixels on {cores} cores, outputs the same: {same}")
                print(f"  local: {local.wall:.1f} s, {local.processor / count:.2f} processor seconds a photo")
                print(f"  fleet: {fleet.wall:.1f} s, {fleet.processor / count:.2f} processor seconds a photo")
                print(f"  overhead: wall {100 * (fleet.wall / local.wall - 1):+.0f} %, (bar +10 %)", end="")
                print(f" processor {100 * (fleet.processor / local.processor - 1):+.0f} %", flush=True)
        finally:
            cluster.shutdown()


def planning(rows: int) -> None:
    """Plan a manifest of many rows, and do nothing."""
    with TemporaryDirectory() as folder:
        manifest = Path(folder) / "pairs.csv"
        with manifest.open("w") as file:
            file.write("input,mask\n")
            for number in range(rows):
                place = f"{number // 1000:05}/IMG_{number:08}"
                file.write(f"s3://archive/photos/{place}.jpg,s3://archive/masks/{place}.png\n")
        arguments = ("--manifest", manifest, "-o", "memory://out/{parent}/{stem}{ext}", "--ray", "local", "--dry-run")
        took = cost(arguments)
    print(
        f"a manifest of {rows:,} rows, planned: {took.wall:.0f} s (bar 60 s), {took.processor:.0f} processor seconds, "
        f"{took.megabytes:.0f} MB (bar 300 MB)"
    )


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100, help="of 12 megapixels; 0 leaves this part out")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the manifest; 0 leaves this part out")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each side, in turns")
    choice = parser.parse_args()
    if choice.rows:
        planning(choice.rows)
    if choice.photos:
        overhead(choice.photos, choice.repeat)


if __name__ == "__main__":
    main()
