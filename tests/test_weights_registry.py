"""What `--weights` accepts, and `inpaint weights` with models on this machine."""

import hashlib
import json
import os
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.options import DEFAULT_WEIGHTS
from inpaint_cli.weights.checkpoints import read_generator
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.entries import LocalFile, package_registry, read_registry
from inpaint_cli.weights.model_folder import write_model
from inpaint_cli.weights.registry import resolve

CONFIG = ModelConfig(base_channels=8, residual_blocks=1)


@pytest.fixture(autouse=True)
def _own_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model in a folder."""
    size = CONFIG.base_channels, CONFIG.residual_blocks
    write_model(
        tmp_path / "model", EdgeGenerator(*size).state_dict(), InpaintGenerator(*size).state_dict(), CONFIG, "# Mine\n"
    )
    return tmp_path / "model"


@pytest.fixture
def checkpoints(tmp_path: Path) -> list[Path]:
    """A small model's two checkpoints, as the authors save them."""
    paths = [tmp_path / "EdgeModel_gen.pth", tmp_path / "InpaintingModel_gen.pth"]
    for path, network in zip(paths, (EdgeGenerator, InpaintGenerator), strict=True):
        torch.save({"iteration": 1, "generator": network(8, 1).state_dict()}, path)
    return paths


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(model: Path, **changes: str) -> str:
    """Return a registry's text with one model, `mine`."""
    digests = {kind: sha256(model / f"{kind}.safetensors") for kind in ("edge", "inpaint")} | changes
    lines = ["[mine]", "title = 'My own'", "licence = 'MIT'", "base_channels = 8", "residual_blocks = 1"]
    for kind in ("edge", "inpaint"):
        lines += [f"[mine.{kind}]", f"path = 'model/{kind}.safetensors'", f"sha256 = '{digests[kind]}'"]
    return "\n".join(lines) + "\n"


def fails(run, code: int, *words: str) -> None:
    assert run.code == code
    assert run.err.startswith("inpaint: error: ")
    assert run.err.count("\n") == 1, run.err
    assert all(word in run.err for word in words), run.err


def test_the_default_model_is_bundled_in_order_with_its_card(inpaint):
    bundled = read_registry(package_registry())[DEFAULT_WEIGHTS]
    assert isinstance(bundled.edge, LocalFile)
    assert bundled.edge.bundled
    assert inpaint("weights", "verify", DEFAULT_WEIGHTS) == inpaint("weights", "verify")
    folder = bundled.edge.path.parent
    stated = json.loads((folder / "config.json").read_text())
    assert stated.pop("model") == "edgeconnect"
    assert stated == json.loads(json.dumps({key: getattr(bundled.config, key) for key in stated}))
    assert f"license: {bundled.licence.lower()}\n" in (folder / "README.md").read_text()


def test_the_list_says_where_each_model_is(inpaint):
    out = inpaint("weights", "list").out
    assert out.splitlines()[0].split() == [
        "NAME",
        "LICENCE",
        "SIZE",
        "WHERE",
        "LINES",
        "PAINTER",
        "IF",
        "DRAWN",
        "TITLE",
    ]
    rows = {row["name"]: row for row in map(json.loads, inpaint("weights", "list", "--json").out.splitlines())}
    assert rows["open-lite"]["where"] == "bundled"
    acting = [rows["open-lite"][key] for key in ("lines", "painter", "drawn_painter")]
    assert acting == ["g1", "harmonic", "both"]
    assert all(name in out for name in rows)
    for name in ("places2", "celeba", "psv"):
        assert (rows[name]["licence"], rows[name]["where"], rows[name]["bytes"]) == ("CC-BY-NC-4.0", "convert", None)


def test_show_tells_all(inpaint, model: Path):
    facts = json.loads(inpaint("weights", "show", "open-lite", "--json").out)
    path = Path(facts["edge"]["path"])
    assert facts["edge"]["sha256"] == sha256(path)
    assert facts["config"]["base_channels"] == load_file(path)["encoder.1.weight"].shape[0]
    out = inpaint("weights", "show", "places2").out
    assert "CC-BY-NC-4.0" in out
    assert "https://github.com/knazeri/edge-connect" in out
    assert "--name places2" in out
    out = inpaint("weights", "show", model).out
    assert sha256(model / "inpaint.safetensors") in out


def test_weights_that_nobody_may_pass_on_say_how_to_get_them(inpaint):
    run = inpaint("weights", "fetch", "places2")
    fails(run, 1, "CC-BY-NC-4.0", "knazeri/edge-connect", "inpaint weights convert", "--name places2")


def test_a_folder_is_a_model(inpaint, model: Path):
    assert inpaint("weights", "verify", model).out == f"ok  {model}\n"
    found = resolve(str(model))
    assert (found.config, found.edge) == (CONFIG, model / "edge.safetensors")


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("config.json", ["config.json"]),
        ("inpaint.safetensors", ["no inpaint.safetensors"]),
        ("edge.safetensors", ["neither edge.safetensors and inpaint.safetensors", "EdgeModel_gen.pth"]),
    ],
)
def test_a_folder_that_lacks_something(missing: str, words, inpaint, model: Path):
    (model / missing).unlink()
    fails(inpaint("weights", "verify", model), 1, str(model), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["JSON"]),
        ("[]", ["object"]),
        ('{"model": "lama"}', ["lama", "edgeconnect"]),
        ('{"model": "edgeconnect", "depth": 3}', ["depth", "base_channels"]),
        ('{"model": "edgeconnect", "base_channels": 0}', ["base_channels", "from 1 to 512"]),
        ('{"model": "edgeconnect", "base_channels": true}', ["base_channels"]),
        ('{"model": "edgeconnect", "sigma": "2"}', ["sigma", "number"]),
        ('{"model": "edgeconnect", "lines": "auto"}', ["lines", "continue"]),
        ('{"model": "edgeconnect", "output": ["picture"]}', ["output", "correction"]),
    ],
)
def test_a_configuration_that_makes_no_sense(text: str, words, inpaint, model: Path):
    (model / "config.json").write_text(text)
    fails(inpaint("weights", "verify", model), 1, str(model / "config.json"), *words)


def test_a_name_that_is_not_known_is_a_usage_error_with_a_guess(inpaint):
    fails(inpaint("weights", "fetch", "open-light"), 2, "open-light", "open-lite")
    fails(inpaint("weights", "fetch", "nothing/of/the/kind"), 2, "places2")


def test_a_registry_of_one_s_own(inpaint, model: Path, tmp_path: Path):
    (tmp_path / "more.toml").write_text(entry(model))
    assert inpaint("weights", "verify", "mine", "--weights-file", tmp_path / "more.toml").code == 0
    fails(inpaint("weights", "verify", "mine"), 2, "mine")
    own = tmp_path / "config" / "inpaint" / "weights.toml"
    own.parent.mkdir(parents=True)
    own.write_text(entry(model).replace("'model/", f"'{tmp_path}/model/"))
    assert "ok  mine\n" in inpaint("weights", "verify").out
    assert " local " in next(line for line in inpaint("weights", "list").out.splitlines() if line.startswith("mine"))


def test_a_file_that_was_changed_is_an_error(inpaint, model: Path, tmp_path: Path):
    registry = tmp_path / "more.toml"
    registry.write_text(entry(model, edge="0" * 64))
    more = ["--weights-file", registry]
    fails(
        inpaint("weights", "verify", "mine", *more), 1, "edge.safetensors", "0" * 64, sha256(model / "edge.safetensors")
    )
    registry.write_text(entry(model))
    (model / "inpaint.safetensors").unlink()
    fails(inpaint("weights", "verify", "mine", *more), 1, "inpaint.safetensors", "missing")
    assert "missing" in inpaint("weights", "list", *more).out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[mine]", "[mine", ["TOML"]),
        ("licence", "license", ["[mine]", "license"]),
        ("base_channels = 8", "base_channels = '8'", ["[mine]", "base_channels"]),
        ("sha256 = '", "sha256 = 'x", ["[mine.edge]", "sha256"]),
        ("path = ", "repo_id = ", ["[mine.edge]", "revision"]),
        ("[mine.inpaint]", "[other.inpaint]", ["[mine]", "inpaint"]),
        ("title = 'My own'", "title = 3", ["[mine]", "title"]),
    ],
)
def test_a_registry_that_makes_no_sense(old: str, new: str, words, inpaint, model: Path, tmp_path: Path):
    registry = tmp_path / "more.toml"
    registry.write_text(entry(model).replace(old, new))
    fails(inpaint("weights", "list", "--weights-file", registry), 1, str(registry), *words)
    fails(inpaint("weights", "list", "--weights-file", tmp_path / "none.toml"), 1, "none.toml")


def test_convert_makes_a_folder_that_is_a_model(inpaint, checkpoints, tmp_path: Path):
    out = tmp_path / "out"
    run = inpaint("weights", "convert", *checkpoints, "-o", out)
    assert (run.code, run.err) == (0, "")
    assert inpaint("weights", "verify", out).code == 0
    config = ModelConfig.from_json(out / "config.json")
    assert (config.base_channels, config.residual_blocks) == (8, 1)
    expected = read_generator(checkpoints[0], "edge", config)
    written = load_file(out / "edge.safetensors")
    assert all(torch.equal(written[key], weight) for key, weight in expected.items())
    assert inpaint("weights", "convert", *checkpoints, "-o", tmp_path / "half", "--half").code == 0
    assert (tmp_path / "half" / "edge.safetensors").stat().st_size < 0.6 * (out / "edge.safetensors").stat().st_size


def test_convert_keeps_the_knobs_that_lie_beside_the_checkpoints(inpaint, checkpoints, tmp_path: Path):
    known = ModelConfig(8, 1, sigma=1.5, hole_fill="harmonic", output="correction", train_size=96, lines="none")
    known.to_json(checkpoints[0].with_name("config.json"))
    assert inpaint("weights", "convert", *checkpoints, "-o", tmp_path / "out").code == 0
    assert ModelConfig.from_json(tmp_path / "out/config.json") == known


def test_convert_with_a_name_makes_the_name_work(inpaint, checkpoints, tmp_path: Path):
    registry = tmp_path / "config" / "inpaint" / "weights.toml"
    registry.parent.mkdir(parents=True)
    registry.write_text("# mine\n\n[before]\nhome = 'x'\nconvert = 'y'\n")
    convert = ["weights", "convert", *checkpoints]
    assert inpaint(*convert, "-o", tmp_path / "a", "--name", "places2").code == 0
    facts = json.loads(inpaint("weights", "show", "places2", "--json").out)
    assert facts["licence"] == "CC-BY-NC-4.0"
    assert facts["edge"]["path"] == str(tmp_path / "a" / "edge.safetensors")
    assert "ok  places2" in inpaint("weights", "verify").out
    assert "license: cc-by-nc-4.0" in (tmp_path / "a" / "README.md").read_text()

    fails(inpaint(*convert, "-o", tmp_path / "b", "--name", "places2"), 2, "--overwrite")
    assert not (tmp_path / "b").exists()
    assert inpaint(*convert, "-o", tmp_path / "b", "--name", "places2", "--overwrite").code == 0
    assert resolve("places2").edge == tmp_path / "b" / "edge.safetensors"
    assert registry.read_text().startswith("# mine\n\n[before]\nhome = 'x'")
    assert list(tomllib.loads(registry.read_text())) == ["before", "places2"]
    fails(inpaint(*convert, "-o", tmp_path / "c", "--name", "open-lite"), 2, "open-lite")
    fails(inpaint(*convert, "-o", tmp_path / "c", "--name", "a.b"), 2, "a.b")


def test_nothing_but_a_model_is_ever_replaced(inpaint, checkpoints, tmp_path: Path):
    out = tmp_path / "out"
    convert = ["weights", "convert", *checkpoints, "-o", out]
    assert inpaint(*convert).code == 0
    before = sha256(out / "edge.safetensors")
    fails(inpaint(*convert, "--half"), 1, str(out), "--overwrite")
    assert sha256(out / "edge.safetensors") == before
    assert inpaint(*convert, "--half", "--overwrite").code == 0
    assert sha256(out / "edge.safetensors") != before
    (out / "holiday.jpg").write_bytes(b"precious")
    fails(inpaint(*convert, "--overwrite"), 1, "holiday.jpg")
    assert (out / "holiday.jpg").read_bytes() == b"precious"
    fails(inpaint("weights", "export", "open-lite", "-o", checkpoints[0], "--overwrite"), 1, str(checkpoints[0]))


def test_a_place_that_can_t_be_written(inpaint, checkpoints, tmp_path: Path):
    (tmp_path / "file").write_text("")
    fails(inpaint("weights", "convert", *checkpoints, "-o", tmp_path / "file" / "out"), 1, "can't be written")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_export_writes_the_model_as_it_is(inpaint, model: Path, tmp_path: Path):
    assert inpaint("weights", "export", "open-lite", "-o", tmp_path / "a").code == 0
    own, copy = resolve("open-lite"), resolve(str(tmp_path / "a"))
    assert copy.config == own.config
    for kind in ("edge", "inpaint"):
        first, second = load_file(getattr(own, kind)), load_file(getattr(copy, kind))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) and second[key].dtype == torch.float16 for key in first)
    assert (tmp_path / "a" / "README.md").read_text() == own.edge.with_name("README.md").read_text()
    (model / "README.md").unlink()
    assert inpaint("weights", "export", model, "-o", tmp_path / "b").code == 0
    assert "| base_channels | 8 |" in (tmp_path / "b" / "README.md").read_text()
    if os.name == "posix":
        assert (tmp_path / "b" / "edge.safetensors").stat().st_mode & 0o044  # others may read it
