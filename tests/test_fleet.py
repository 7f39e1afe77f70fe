"""The same photos on a Ray cluster: two nodes on this machine, photos in an S3 server on this machine."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.conftest import CHECKOUT, Run, command
from tests.pictures import EXAMPLES
from tests.stores import s3

pytestmark = [pytest.mark.fleet, pytest.mark.posix, pytest.mark.slow]
Inpaint = Callable[..., Run]
COUNT = 60
OPTIONS = ("--box", "30,20,14,10")
PATIENCE = 300  # seconds, on a machine that is busy with other tests

# Loaded by every worker as it starts: decoding a photo called poison ends the process as a crashing library would.
POISON = """
import importlib.util, os, signal, sys

class Poison:
    @staticmethod
    def find_spec(name, path, target=None):
        if name != "inpaint_cli.io.decoding":
            return None
        sys.meta_path.remove(Poison)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            decode = module.decode

            def decode_or_die(picture, file, name):
                if "poison" in name:
                    os.kill(os.getpid(), signal.SIGKILL)
                return decode(picture, file, name)

            module.decode = decode_or_die

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Poison)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a bucket with 60 small photos, and what the local run makes of them under `local/`."""
    folder = tmp_path_factory.mktemp("photos")
    with s3("archive") as store, Image.open(EXAMPLES / "dune.jpg") as photo:
        for number in range(COUNT):
            left = 8 * number
            photo.crop((left, 0, left + 640, 480)).resize((96, 72)).save(folder / f"{number:02}.png")
            store.put_file(str(folder / f"{number:02}.png"), f"archive/photos/{number:02}.png")
        subprocess.run(
            command("remove", "s3://archive/photos", *OPTIONS, "-o", "s3://archive/local/", "-q"),
            check=True,
            cwd=CHECKOUT,
            timeout=PATIENCE,
        )
        yield store


@pytest.fixture(scope="module")
def cluster(store: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a cluster of two nodes with a core each, by Ray's own test utility."""
    folder = tmp_path_factory.mktemp("poison")
    (folder / "sitecustomize.py").write_text(POISON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # nodes keep to 127.0.0.1, as on those systems
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.delenv("RAY_ADDRESS", raising=False)
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - after what Ray reads as it is imported

        node = {"num_cpus": 1, "object_store_memory": 100 << 20, "node_ip_address": "127.0.0.1"}
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        cluster.add_node(**node)
        try:
            yield cluster
        finally:
            cluster.shutdown()


def fleet(cluster: Any, *arguments: object) -> subprocess.Popen[str]:
    """Start `inpaint remove … --ray` on the cluster, as a process of its own."""
    words = command("remove", *arguments, *OPTIONS, "--ray", cluster.address, "--json")
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT)


def written(store: Any, folder: str) -> dict[str, bytes]:
    names = store.find(f"archive/{folder}")
    return {name.rpartition("/")[2]: store.cat_file(name) for name in names}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def workers() -> list[psutil.Process]:
    """Return the processes that work on photos; all of them were started by this test's cluster."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess, IndexError):
            if process.cmdline()[0].startswith("ray::Worker"):
                found.append(process)
    return found


def rows(out: str) -> list[dict[str, Any]]:
    return sorted((json.loads(line) for line in out.splitlines()), key=lambda row: row["input"])


def test_a_fleet_does_what_a_local_run_does_whatever_dies(store: Any, cluster: Any) -> None:
    store.copy("archive/photos/00.png", "archive/poisoned/poison.png")
    names = [f"photos/{number:02}.png" for number in range(COUNT)] + ["poisoned/poison.png", "photos/none.png"]
    names.insert(20, names.pop(COUNT))  # the poison, among the others
    store.pipe_file("archive/all.csv", "\n".join(["input", *names]).encode())
    arguments = (
        "--manifest",
        "s3://archive/all.csv",
        "-o",
        "s3://archive/fleet/",
        "--report",
        "s3://archive/rows.jsonl",
    )
    process = fleet(cluster, *arguments)
    until(lambda: len(store.find("archive/fleet")) > 5)
    workers()[0].kill()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    assert written(store, "fleet") == written(store, "local"), "byte for byte"
    lines = rows(out)
    assert len(lines) == COUNT + 2
    bad = {row["input"].rpartition("/")[2]: row["error"] for row in lines if row["status"] == "failed"}
    assert set(bad) == {"poison.png", "none.png"}
    assert "its worker died 3 times" in bad["poison.png"]
    assert "no such object" in bad["none.png"] or "does not exist" in bad["none.png"]
    assert rows(store.cat_file("archive/rows.jsonl").decode()) == lines
    finished = sum(row["status"] == "ok" for row in lines)  # a worker that died may have written what it was at
    assert finished >= COUNT - 4
    assert f"{finished} of {COUNT + 2} done" in err
    assert "2 failed" in err
    assert err.count("\n") == 3, err


def test_a_run_that_is_cut_goes_on_and_a_node_may_go(store: Any, cluster: Any) -> None:
    extra = cluster.add_node(num_cpus=1, object_store_memory=100 << 20, node_ip_address="127.0.0.1")
    arguments = ("s3://archive/photos/*.png", "-o", "s3://archive/cut/{stem}{ext}")
    process = fleet(cluster, *arguments)
    until(lambda: len(store.find("archive/cut")) > 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    until(lambda: not workers())  # Ray ends them a moment later, and one may just be writing
    done = written(store, "cut")
    reported = {row["output"].rpartition("/")[2] for row in rows(out) if row["status"] == "ok"}
    assert reported <= set(done)
    assert 3 < len(done) < COUNT
    assert err.startswith("inpaint: interrupted, ")

    process = fleet(cluster, *arguments, "--skip-existing")
    until(lambda: len(store.find("archive/cut")) > len(done) + 3)
    cluster.remove_node(extra, allow_graceful=False)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert written(store, "cut") == written(store, "local")
    statuses = [row["status"] for row in rows(out)]
    assert (statuses.count("skipped"), statuses.count("ok")) == (len(done), COUNT - len(done))


def test_what_every_photo_would_meet_is_said_once(store: Any, cluster: Any, tmp_path: Path) -> None:
    process = fleet(cluster, "s3://archive/photos", "-o", "s3://archive/never/", "--weights", str(tmp_path))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in {1, 2}
    assert err.count("\n") == 1, err
    assert str(tmp_path) in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ray", "127.0.0.1:1"), "no cluster answers there"),
        (("--ray", "somewhere"), "one of auto, local, HOST:PORT"),
        (("--ray", "local", "-o", "-"), "standard input and output stay on this machine"),
    ],
)
def test_usage(inpaint: Inpaint, arguments: tuple[str, ...], words: str) -> None:
    run = inpaint("remove", EXAMPLES / "dune.jpg", *OPTIONS, *arguments)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert words in run.err


def test_planning_goes_on_disk(tmp_path: Path) -> None:
    lines = (f"s3://b/{number}.jpg,s3://b/{number}_mask.png" for number in range(50_000))
    (tmp_path / "m.csv").write_text("input,mask\n" + "\n".join(lines))
    code = (
        "import resource; from inpaint_cli.batch import discovery; from inpaint_cli.batch.job import Request\n"
        "from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"jobs = discovery.plan(Request(manifest=Path({str(tmp_path / 'm.csv')!r})))\n"
        "assert len(jobs) == sum(1 for job in jobs) == 50_000\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert int(run.stdout) < 60_000, "KiB: what the plan's cache holds, however many rows"
