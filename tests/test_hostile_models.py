"""Models that strangers made, wrong or wicked: one line before memory is taken, and the cache is not left."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.model_folder import write_model
from tests.conftest import CHECKOUT, Run
from tests.hub_server import Hub, Repository, serve

CONFIG = ModelConfig(base_channels=8, residual_blocks=1)
REPO = "someone/small"
Inpaint = Callable[..., Run]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model in a folder."""
    size = CONFIG.base_channels, CONFIG.residual_blocks
    states = EdgeGenerator(*size).state_dict(), InpaintGenerator(*size).state_dict()
    write_model(tmp_path / "model", *states, CONFIG, "# Mine\n")
    return tmp_path / "model"


def fails(run: Run, *words: object) -> None:
    """Check that a run ended with one line that holds these words."""
    assert run.code == 1, run.err
    assert run.err.startswith("inpaint: error: ")
    assert run.err.count("\n") == 1, run.err
    assert len(run.err) < 600
    for word in words:
        assert str(word) in run.err, run.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_channels", "1000000000"),
        ("base_channels", "1" + "0" * 400),
        ("residual_blocks", "1000000"),
        ("sigma", "Infinity"),
        ("sigma", "NaN"),
        ("sigma", "1e300"),
        ("train_size", "1000000000"),
        ("guide_weight", "Infinity"),
    ],
)
def test_absurd_sizes(key: str, value: str, model: Path, inpaint: Inpaint) -> None:
    (model / "config.json").write_text(f'{{"model": "edgeconnect", "{key}": {value}}}')
    begin = time.perf_counter()
    fails(inpaint("weights", "verify", model), model / "config.json", key, "from")
    fails(inpaint("remove", CHECKOUT / "examples/dune.jpg", "--box", "5,5,9,9", "--weights", model), key)
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"model": ' * 100_000, '{"model": "edgeconnect", "sigma": ' + "9" * 5000 + "}", " " * 2**21],
)
def test_a_configuration_that_is_no_configuration(text: str, model: Path, inpaint: Inpaint) -> None:
    (model / "config.json").write_text(text)
    fails(inpaint("weights", "verify", model), model / "config.json")


KINDS = {
    "bool": lambda weight: weight > 0,
    "int64": lambda weight: weight.long(),
    "complex64": lambda weight: weight.to(torch.complex64),
    "float8_e4m3fn": lambda weight: weight.to(torch.float8_e4m3fn),
    "sparse": lambda weight: weight.to_sparse(),
    "meta": lambda weight: weight.to("meta"),
    "repeated": lambda weight: torch.zeros(1).expand(weight.shape),
    "quantised": lambda weight: torch.quantize_per_tensor(weight.float(), 0.1, 0, torch.qint8),
    "too large for float32": lambda weight: weight.double() + 1e300,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_wrong_kinds_in_a_pickle(kind: str, model: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    state = {key: weight.float() for key, weight in load_file(model / "edge.safetensors").items()}
    state["encoder.4.weight"] = KINDS[kind](state["encoder.4.weight"])
    torch.save(state, tmp_path / "edge.pth")
    run = inpaint("weights", "convert", tmp_path / "edge.pth", model / "inpaint.safetensors", "-o", tmp_path / "out")
    fails(run, tmp_path / "edge.pth")
    assert "download or copy it again" in run.err or "encoder.4.weight" in run.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["bool", "int64", "float8_e4m3fn", "too large for float32"])
def test_weights_of_wrong_kinds_in_safetensors(kind: str, model: Path, inpaint: Inpaint) -> None:
    state = load_file(model / "edge.safetensors")
    state["encoder.4.weight"] = KINDS[kind](state["encoder.4.weight"].float())
    save_file(state, model / "edge.safetensors")
    fails(inpaint("weights", "verify", model), model / "edge.safetensors", "encoder.4.weight")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        (2**62).to_bytes(8, "little") + b"{}",
        (2**30).to_bytes(8, "little") + b"{" * 1000,
        (2).to_bytes(8, "little") + b"[]",
        (5000).to_bytes(8, "little") + b"[" * 5000,
    ],
)
def test_a_safetensors_file_with_a_false_table(data: bytes, model: Path, inpaint: Inpaint) -> None:
    (model / "edge.safetensors").write_bytes(data)
    fails(inpaint("weights", "verify", model), model / "edge.safetensors", "damaged")


@pytest.mark.slow
@pytest.mark.posix
def test_a_checkpoint_that_would_swell(model: Path, tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte: refused without ever being there."""
    torch.save({"encoder.1.weight": torch.zeros(8, 3, 7, 7)}, tmp_path / "small.pth")
    with zipfile.ZipFile(tmp_path / "small.pth") as old, zipfile.ZipFile(tmp_path / "edge.pth", "w") as new:
        for entry in old.infolist():
            if "/data/" not in entry.filename:
                new.writestr(entry.filename, old.read(entry))
                continue
            with new.open(zipfile.ZipInfo(entry.filename), "w", force_zip64=True) as file:
                file.write(b"")
            new.compression = zipfile.ZIP_DEFLATED
            with new.open(entry.filename + "0", "w") as file:
                for _ in range(1000):
                    file.write(bytes(2**20))
    run = subprocess.run(
        [sys.executable, "-m", "inpaint_cli", "weights", "convert", tmp_path / "edge.pth",
         model / "inpaint.safetensors", "-o", tmp_path / "out"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    fails(Run(run.returncode, run.stdout, run.stderr), "is compressed, which no checkpoint is")
    import resource  # noqa: PLC0415 - Windows has none

    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_000_000


def registry(folder: Path, **source: str) -> Path:
    """Write a registry with one model, `mine`, both of whose files come from one place."""
    lines = ["[mine]", "title = 'Mine'", "licence = 'MIT'", "base_channels = 8", "residual_blocks = 1"]
    for kind in ("edge", "inpaint"):
        lines += [f"[mine.{kind}]", f"sha256 = '{'0' * 64}'", *(f"{key} = '{value}'" for key, value in source.items())]
    (folder / "more.toml").write_text("\n".join(lines) + "\n")
    return folder / "more.toml"


@pytest.mark.parametrize("place", ["device", "pipe", "folder"])
@pytest.mark.posix
def test_a_registry_that_points_to_no_file(place: str, inpaint: Inpaint, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    path = "/dev/zero" if place == "device" else tmp_path / place
    run = inpaint("weights", "verify", "mine", "--weights-file", registry(tmp_path, path=str(path)))
    fails(run, path, "directory" if place == "folder" else "a device or a pipe, not a file")
    fails(inpaint("weights", "convert", path, path, "-o", tmp_path / "out"), path)


@pytest.mark.posix
def test_a_registry_without_end(inpaint: Inpaint, tmp_path: Path) -> None:
    fails(inpaint("weights", "list", "--weights-file", "/dev/zero"), "/dev/zero", "larger than 1 MiB")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 50_000)
    fails(inpaint("weights", "list", "--weights-file", tmp_path / "deep.toml"), "deep.toml")


@pytest.mark.parametrize(
    "source",
    [
        {"repo_id": REPO, "revision": "main", "filename": "../../../escaped"},
        {"repo_id": REPO, "revision": "main", "filename": "/etc/passwd"},
        {"repo_id": REPO, "revision": "main", "filename": "a/./b"},
        {"repo_id": REPO, "revision": "../../../escaped", "filename": "edge.safetensors"},
        {"bundled": "../../etc/passwd"},
    ],
)
def test_names_that_lead_out_of_the_cache(source: dict[str, str], inpaint: Inpaint, tmp_path: Path) -> None:
    fails(inpaint("weights", "fetch", "mine", "--weights-file", registry(tmp_path, **source)), "more.toml", "leads out")


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    with serve() as hub:
        hub.repositories[REPO] = Repository()
        hub.repositories[REPO].commit({path.name: path.read_bytes() for path in model.iterdir()})
        yield hub


@pytest.fixture
def fetch(hub: Hub, tmp_path: Path) -> Callable[..., Run]:
    """Return `inpaint weights fetch` as a function, which starts a process of its own and runs for a while at most."""
    own = {"HF_HOME": str(tmp_path / "hf"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "HF_ENDPOINT": hub.url}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "http", "HTTP"))}

    def run(*arguments: object, **more: str) -> Run:
        process = subprocess.run(
            [sys.executable, "-m", "inpaint_cli", "weights", "fetch", *map(str, arguments)],
            env=kept | own | more, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Run(process.returncode, process.stdout, process.stderr)

    return run


def test_a_revision_that_leads_out_of_the_cache(fetch, tmp_path: Path) -> None:
    fails(fetch(f"hf:{REPO}@../../../escaped"), "not the name of a file")
    assert not list(tmp_path.rglob("escaped*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ETag", '"../../../../escaped"'),
        ("X-Linked-Etag", '"../../../../escaped"'),
        ("X-Linked-Etag", '"{outside}/escaped"'),
        ("X-Repo-Commit", "../../../escaped"),
        ("X-Repo-Commit", "{outside}/escaped"),
    ],
)
def test_answers_that_would_name_files_outside_the_cache(
    header: str, value: str, fetch, hub: Hub, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "escaped").write_text("precious")
    hub.headers[header] = value.format(outside=outside)
    fails(fetch(f"hf:{REPO}"), header, "not downloaded")
    assert (outside / "escaped").read_text() == "precious"
    written = [path for path in tmp_path.rglob("*") if "escaped" in path.name]
    assert written == [outside / "escaped"]


@pytest.mark.slow
@pytest.mark.posix
def test_what_is_thrown_away_lay_in_the_cache(fetch, hub: Hub, model: Path, tmp_path: Path) -> None:
    """A link in the cache that leads out: what it leads to is not deleted, though its digest is wrong."""
    assert fetch(f"hf:{REPO}").code == 0
    precious = tmp_path / "precious.safetensors"
    precious.write_bytes(b"precious")
    for link in (tmp_path / "hf").rglob("edge.safetensors"):
        link.unlink()
        link.symlink_to(precious)
    digest = hashlib.sha256((model / "edge.safetensors").read_bytes()).hexdigest()
    more = registry(tmp_path, repo_id=REPO, revision="main", filename="edge.safetensors")
    more.write_text(more.read_text().replace("0" * 64, digest))
    fails(fetch("mine", "--weights-file", more), "outside the cache")
    assert precious.read_bytes() == b"precious"


def test_a_refused_connection_is_said_at_once(fetch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = time.perf_counter()
    fails(fetch(f"hf:{REPO}", HF_ENDPOINT=f"http://127.0.0.1:{port}"), "can't be reached", "refused")
    assert time.perf_counter() - begin < 10  # most of it Python's imports, on a busy machine


@pytest.mark.slow
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_hub_that_accepts_and_never_answers(method: str, fetch, hub: Hub, tmp_path: Path) -> None:
    hub.silent.add(method)
    begin = time.perf_counter()
    run = fetch(f"hf:{REPO}", HF_HUB_ETAG_TIMEOUT="1", HF_HUB_DOWNLOAD_TIMEOUT="1")
    fails(run, "can't be reached" if method == "HEAD" else "no byte came any more", "run")
    assert time.perf_counter() - begin < 20
    assert not list((tmp_path / "hf").rglob("*.incomplete"))


def test_how_long_is_waited_by_default(hub: Hub, tmp_path: Path) -> None:
    """Ten seconds to connect and thirty without a byte, for every request that the client sends."""
    code = (
        "import json; from huggingface_hub import get_session, hf_hub_url, get_hf_file_metadata\n"
        "from inpaint_cli.weights.hub_answers import guard_client\n"
        "guard_client(); seen = []\n"
        "session = get_session(); hooks = session.event_hooks\n"
        "note = lambda request: seen.append(request.extensions['timeout'])\n"
        "session.event_hooks = {'request': [*hooks['request'], note], 'response': hooks['response']}\n"
        f"get_hf_file_metadata(hf_hub_url('{REPO}', 'edge.safetensors')); print(json.dumps(seen))"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("HF_")} | {"HF_ENDPOINT": hub.url}
    out = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, timeout=60).stdout
    seen = json.loads(out)
    assert seen
    assert all((limits["connect"], limits["read"]) == (10, 30) for limits in seen)


@pytest.mark.slow
def test_unreachable_but_cached_still_serves(fetch, hub: Hub) -> None:
    first = fetch(f"hf:{REPO}")
    hub.silent |= {"HEAD", "GET"}
    again = fetch(f"hf:{REPO}", HF_HUB_ETAG_TIMEOUT="1", HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert (again.code, again.out) == (0, first.out), again.err
