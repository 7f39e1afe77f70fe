"""Models from the Hub, by the real command against a Hub on this machine."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.model_folder import write_model
from tests.conftest import Run
from tests.hub_server import TOKEN, Hub, Repository, serve

CONFIG = ModelConfig(base_channels=8, residual_blocks=1)
REPO = "someone/small"
_MIB = 2**20


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """A small model as a repository holds it."""
    folder = tmp_path_factory.mktemp("small") / "model"
    size = CONFIG.base_channels, CONFIG.residual_blocks
    write_model(folder, EdgeGenerator(*size).state_dict(), InpaintGenerator(*size).state_dict(), CONFIG, "# small\n")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(files) -> Iterator[Hub]:
    with serve() as hub:
        hub.repositories[REPO] = Repository()
        hub.repositories[REPO].commit(files)
        yield hub


@pytest.fixture
def environment(hub: Hub, tmp_path: Path) -> dict[str, str]:
    ours = ("HF_", "HUGGING", "XDG_", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def weights(environment, tmp_path: Path):
    """Return `inpaint weights` as a function that starts a process of its own, as HF_ENDPOINT is read at import."""

    def run(*arguments: object, **more: str) -> Run:
        process = subprocess.run(
            [sys.executable, "-m", "inpaint_cli", "weights", *map(str, arguments)],
            env=environment | more, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Run(process.returncode, process.stdout, process.stderr)

    return run


def registry(folder: Path, files: dict[str, bytes], revision: str = "main") -> Path:
    """Write a registry with one model, `small`, on the Hub."""
    text = "[small]\ntitle = 'Small'\nlicence = 'MIT'\nbase_channels = 8\nresidual_blocks = 1\n"
    for kind in ("edge", "inpaint"):
        name = f"{kind}.safetensors"
        sha256 = hashlib.sha256(files[name]).hexdigest()
        text += (
            f"[small.{kind}]\nrepo_id = '{REPO}'\nrevision = '{revision}'\nfilename = '{name}'\nsha256 = '{sha256}'\n"
        )
    (folder / "more.toml").write_text(text)
    return folder / "more.toml"


def one_line(run: Run) -> str:
    assert run.code == 1
    assert run.err.startswith("inpaint: error: ") and run.err.count("\n") == 1, run.err
    return run.err


def test_the_first_run_downloads_and_the_second_asks_nobody(weights, hub: Hub, files):
    first = weights("fetch", f"hf:{REPO}")
    assert (first.code, first.err) == (0, "")
    edge, inpaint = (Path(line) for line in first.out.splitlines())
    assert edge.read_bytes() == files["edge.safetensors"]
    assert inpaint.read_bytes() == files["inpaint.safetensors"]
    assert [line for line in hub.requests if line.startswith("GET")]

    hub.requests.clear()
    assert json.loads(weights("show", f"hf:{REPO}", "--json").out)["edge"]["path"] == str(edge)
    assert hub.requests == []


@pytest.mark.slow
def test_a_name_of_the_registry_is_fetched_and_listed(weights, hub: Hub, files, tmp_path: Path):
    more = ["--weights-file", registry(tmp_path, files)]
    assert "Hub, not fetched" in weights("list", *more).out
    assert weights("show", "small", *more).code == 0
    assert hub.requests == []
    assert weights("fetch", "small", *more).code == 0
    hub.requests.clear()
    assert "Hub, cached" in weights("list", *more).out
    assert json.loads(weights("show", "small", "--json", *more).out)["bytes"] == sum(
        len(data) for name, data in files.items() if name.endswith(".safetensors")
    )
    assert hub.requests == []


@pytest.mark.slow
def test_offline_with_a_cache_works_and_without_names_the_command(weights, hub: Hub, files, tmp_path: Path):
    more = ["--weights-file", registry(tmp_path, files)]
    assert "`inpaint weights fetch small`" in one_line(weights("fetch", "small", *more, HF_HUB_OFFLINE="1"))
    assert f"`inpaint weights fetch hf:{REPO}`" in one_line(weights("show", f"hf:{REPO}", HF_HUB_OFFLINE="1"))
    assert hub.requests == []
    assert weights("fetch", "small", f"hf:{REPO}", *more).code == 0
    assert weights("verify", "small", f"hf:{REPO}", *more, HF_HUB_OFFLINE="1").code == 0


@pytest.mark.slow
def test_a_pinned_revision_stays_and_fetch_follows_a_branch(weights, hub: Hub, files):
    repository = hub.repositories[REPO]
    old = repository.branches["main"]
    pinned, branch = f"hf:{REPO}@{old}", f"hf:{REPO}"
    before = weights("fetch", branch).out
    newer = files | {"edge.safetensors": files["edge.safetensors"] + b"\0"}
    repository.commit(newer)

    assert weights("fetch", pinned).out == before
    assert json.loads(weights("show", branch, "--json").out)["edge"]["path"] == before.splitlines()[0]
    after = weights("fetch", branch).out
    assert Path(after.splitlines()[0]).read_bytes() == newer["edge.safetensors"]
    assert not any("/main/inpaint" in line for line in hub.requests)  # all files of one run come from one commit


def test_a_wrong_sha256_is_an_error_and_not_used_next_time(weights, hub: Hub, files, tmp_path: Path):
    more = ["--weights-file", registry(tmp_path, files)]
    hub.tampered.add("inpaint.safetensors")
    for name in ("small", f"hf:{REPO}"):
        error = one_line(weights("fetch", name, *more))
        assert "inpaint.safetensors" in error
        assert hashlib.sha256(files["inpaint.safetensors"]).hexdigest() in error
        assert hashlib.sha256(bytes(len(files["inpaint.safetensors"]))).hexdigest() in error
    hub.tampered.clear()
    assert weights("fetch", "small", *more).code == 0


def test_a_connection_cut_half_way_is_resumed(weights, hub: Hub, files):
    large = bytes(range(256)) * (22 * _MIB // 256)  # the client keeps what it has got in pieces of 10 MiB
    hub.repositories[REPO].commit(files | {"edge.safetensors": large})
    hub.cut.add("edge.safetensors")
    run = weights("fetch", f"hf:{REPO}")
    assert (run.code, run.err) == (0, "")
    assert Path(run.out.splitlines()[0]).read_bytes() == large
    assert any(line.endswith(f"edge.safetensors bytes={10 * _MIB}-") for line in hub.requests), hub.requests


@pytest.mark.slow
@pytest.mark.posix
def test_an_interrupted_download_leaves_nothing_behind(weights, environment, hub: Hub, tmp_path: Path):
    hub.stall.add("edge.safetensors")
    command = [sys.executable, "-m", "inpaint_cli", "weights", "fetch", f"hf:{REPO}"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert hub.stalled.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "inpaint: interrupted"
    assert "Traceback" not in err
    assert not list((tmp_path / "hf").rglob("*.incomplete"))
    hub.stall.clear()
    assert weights("fetch", f"hf:{REPO}").code == 0


@pytest.mark.slow
def test_a_repository_without_a_model_says_what_was_looked_for(weights, hub: Hub, files):
    hub.repositories["someone/empty"] = Repository()
    hub.repositories["someone/empty"].commit({"README.md": b"nothing here"})
    error = one_line(weights("fetch", "hf:someone/empty"))
    assert "edge.safetensors and inpaint.safetensors" in error
    assert "EdgeModel_gen.pth" in error
    hub.repositories["someone/half"] = Repository()
    hub.repositories["someone/half"].commit({k: v for k, v in files.items() if k != "inpaint.safetensors"})
    assert "no inpaint.safetensors" in one_line(weights("fetch", "hf:someone/half"))


def test_a_file_that_the_registry_names_but_the_repository_lacks(weights, hub: Hub, files, tmp_path: Path):
    more = ["--weights-file", registry(tmp_path, files)]
    hub.repositories[REPO].commit({"README.md": b""})
    assert "edge.safetensors" in one_line(weights("fetch", "small", *more))


@pytest.mark.slow
def test_a_private_repository_needs_a_token(weights, hub: Hub):
    hub.repositories[REPO].private = True
    error = one_line(weights("fetch", f"hf:{REPO}"))
    assert "private" in error
    assert "hf auth login" in error
    assert "HF_TOKEN" in error
    assert weights("fetch", f"hf:{REPO}", HF_TOKEN=TOKEN).code == 0


@pytest.mark.slow
def test_a_gated_repository_and_a_missing_revision(weights, hub: Hub):
    assert "no revision 'v9'" in one_line(weights("fetch", f"hf:{REPO}@v9"))
    hub.repositories[REPO].gated = True
    assert "hf auth login" in one_line(weights("fetch", f"hf:{REPO}"))


@pytest.mark.slow
def test_the_authors_file_names_are_understood(weights, hub: Hub):
    hub.repositories["someone/original"] = Repository()
    hub.repositories["someone/original"].commit({"EdgeModel_gen.pth": b"edge", "InpaintingModel_gen.pth": b"inpaint"})
    run = weights("fetch", "hf:someone/original")
    assert [Path(line).name for line in run.out.splitlines()] == ["EdgeModel_gen.pth", "InpaintingModel_gen.pth"]
    hub.requests.clear()
    assert weights("show", "hf:someone/original").code == 0
    assert hub.requests == []


@pytest.mark.parametrize("weights_option", ["hf:nobody", "hf:a/b/c", "hf:a/b@", "hf:a/b c"])
def test_what_names_no_repository_is_a_usage_error(weights, weights_option: str):
    run = weights("fetch", weights_option)
    assert run.code == 2
    assert run.err.count("\n") == 1


def test_fetching_does_not_wait_for_torch(environment, hub: Hub):
    code = (
        "import sys; from inpaint_cli.cli import main; "
        f"assert main(['weights', 'fetch', 'hf:{REPO}']) == 0; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
