"""Checkpoints: every form that the authors' files come in, and everything that can be wrong with one."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from inpaint_cli.errors import WeightsError
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.weights.checkpoints import fold_spectral_norm, infer_size, read_generator, read_state
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.model_folder import write_model
from tests.original_weights import original_state, write_original

CONFIG = ModelConfig(base_channels=8, residual_blocks=2)
SIZE = CONFIG.base_channels, CONFIG.residual_blocks


def old_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a spectral-normalised state dict with the keys that torch gave it when the authors trained."""
    ends = {"parametrizations.weight.original": "weight_orig"}
    ends |= {"parametrizations.weight.0._u": "weight_u", "parametrizations.weight.0._v": "weight_v"}
    renamed = {}
    for key, weight in state.items():
        end = next((end for end in ends if key.endswith(end)), "")
        renamed[key.removesuffix(end) + ends[end] if end else key] = weight
    return renamed


@pytest.fixture(scope="module")
def trained() -> EdgeGenerator:
    """G1 as in training: spectral-normalised, and with a few power iterations behind it."""
    torch.manual_seed(0)
    generator = EdgeGenerator(*SIZE, spectral=True)
    for _ in range(3):
        generator(torch.rand(1, 3, 32, 32))
    return generator.eval()


@pytest.fixture
def model(trained: EdgeGenerator, tmp_path: Path) -> Path:
    """A folder with a small model under the authors' names."""
    torch.manual_seed(1)
    folder = tmp_path / "model"
    folder.mkdir()
    torch.save({"iteration": 1, "generator": old_names(trained.state_dict())}, folder / "EdgeModel_gen.pth")
    torch.save({"iteration": 1, "generator": InpaintGenerator(*SIZE).state_dict()}, folder / "InpaintingModel_gen.pth")
    CONFIG.to_json(folder / "config.json")
    return folder


def test_the_spectral_norm_that_is_folded_is_the_one_that_torch_applies(trained: EdgeGenerator):
    for state in (trained.state_dict(), old_names(trained.state_dict())):
        plain = EdgeGenerator(*SIZE).eval()
        plain.load_state_dict(fold_spectral_norm(state))
        x = torch.rand(1, 3, 32, 32)
        torch.testing.assert_close(plain(x), trained(x))


@pytest.mark.parametrize("conv", [nn.Conv2d(3, 5, 3), nn.ConvTranspose2d(3, 5, 4)], ids=["conv", "transposed"])
def test_torch_s_first_spectral_norm_is_folded_too(conv: nn.Module):
    layers = nn.Sequential(nn.utils.spectral_norm(conv))
    x = torch.rand(1, 3, 8, 8)
    layers(x)
    expected = layers.eval()(x)  # which leaves what it computed in `weight`
    assert torch.is_tensor(conv.weight)
    folded = fold_spectral_norm(layers.state_dict())
    torch.testing.assert_close(folded["0.weight"], conv.weight.detach())
    assert set(folded) == {"0.weight", "0.bias"}
    assert expected.isfinite().all()


FORMS = {
    "zip format": lambda state, path: torch.save({"iteration": 1, "generator": state}, path),
    "old format": lambda state, path: torch.save(
        {"iteration": 1, "generator": state}, path, _use_new_zipfile_serialization=False
    ),
    "bare state dict": torch.save,
    "module prefix": lambda state, path: torch.save({f"module.{key}": value for key, value in state.items()}, path),
    "half precision": lambda state, path: torch.save({key: value.half() for key, value in state.items()}, path),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_checkpoint_gives_the_same_weights(form: str, trained: EdgeGenerator, tmp_path: Path):
    state = old_names(trained.state_dict())
    FORMS[form](state, tmp_path / "gen.pth")
    expected = fold_spectral_norm(state)
    read = read_generator(tmp_path / "gen.pth", "edge", CONFIG)
    assert read.keys() == expected.keys()
    tolerance = {"rtol": 1e-2, "atol": 1e-3} if form == "half precision" else {}
    for key, weight in read.items():
        assert weight.dtype == torch.float32
        torch.testing.assert_close(weight, expected[key], **tolerance)


@pytest.mark.slow
def test_the_authors_checkpoints_have_the_keys_of_the_networks(tmp_path: Path):
    folder = write_original(tmp_path, zip_format=False)
    for kind, network in (("edge", EdgeGenerator), ("inpaint", InpaintGenerator)):
        path = folder / {"edge": "EdgeModel_gen.pth", "inpaint": "InpaintingModel_gen.pth"}[kind]
        assert infer_size(read_state(path), path) == (64, 8)
        network().load_state_dict(read_generator(path, kind, ModelConfig()))
    plain = original_state("InpaintingModel")
    read = read_state(folder / "InpaintingModel_gen.pth")["encoder.1.weight"]
    assert np.array_equal(read, plain["encoder.1.weight"].numpy())


class RunsCode:
    """What, unpickled without care, makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("zip_format", [True, False])
def test_a_pickle_that_would_run_code_does_not(zip_format: bool, model: Path, inpaint, tmp_path: Path):
    content = {"generator": RunsCode(tmp_path / "marker")}
    file = model / "EdgeModel_gen.pth"
    torch.save(content, file, _use_new_zipfile_serialization=zip_format)
    run = inpaint("weights", "verify", model)
    assert run.code == 1
    assert run.err.startswith(f"inpaint: error: {file}: not loaded: it asks for {os.mkdir.__module__}.mkdir")
    assert run.err.count("\n") == 1
    file.write_bytes(pickle.dumps(RunsCode(tmp_path / "marker")))
    assert inpaint("weights", "verify", model).code == 1
    assert not (tmp_path / "marker").exists()


def drop(state: dict[str, Tensor]) -> None:
    del state["encoder.4.bias"]


def reshape(state: dict[str, Tensor]) -> None:
    state["middle.1.conv_block.5.weight_orig"] = torch.zeros(9, 32, 3, 3)


def add(state: dict[str, Tensor]) -> None:
    state["middle.2.conv_block.1.weight"] = torch.zeros(32, 32, 3, 3)


def spoil(state: dict[str, Tensor]) -> None:
    state["decoder.7.bias"] = torch.tensor([float("nan")])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop, ["encoder.4.bias", "missing", "(16,)"]),
        (reshape, ["middle.1.conv_block.5.weight", "(9, 32, 3, 3)", "(32, 32, 3, 3)"]),
        (add, ["middle.2.conv_block.1.weight", "(32, 32, 3, 3)", "not part"]),
        (spoil, ["decoder.7.bias", "not finite"]),
    ],
)
def test_a_wrong_tensor_is_named_with_its_shape(change, words, trained, model: Path, inpaint):
    state = old_names(trained.state_dict())
    change(state)
    file = model / "EdgeModel_gen.pth"
    torch.save(state, file)
    run = inpaint("weights", "verify", model)
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert run.err.startswith(f"inpaint: error: {file}: ")
    assert all(word in run.err for word in words), run.err


def test_a_checkpoint_of_another_size_is_an_error(model: Path, inpaint):
    ModelConfig(base_channels=16, residual_blocks=2).to_json(model / "config.json")
    run = inpaint("weights", "verify", model)
    assert run.code == 1
    assert "encoder.1.weight has shape (8, 3, 7, 7); expected (16, 3, 7, 7)" in run.err


def test_mixed_up_files_are_called_by_their_name(model: Path, inpaint, tmp_path: Path):
    edge, painter = model / "EdgeModel_gen.pth", model / "InpaintingModel_gen.pth"
    run = inpaint("weights", "convert", painter, edge, "-o", tmp_path / "out")
    assert (run.code, "swapped" in run.err) == (1, True)
    state = {"conv1.0.weight_orig": torch.rand(64, 2, 4, 4), "conv5.0.weight_orig": torch.rand(1, 512, 4, 4)}
    for content in ({"discriminator": state}, state):
        torch.save(content, tmp_path / "EdgeModel_dis.pth")
        run = inpaint("weights", "convert", tmp_path / "EdgeModel_dis.pth", painter, "-o", tmp_path / "out")
        assert (run.code, "discriminator" in run.err) == (1, True), run.err
    assert not (tmp_path / "out").exists()


def broken(path: Path, kind: str) -> None:
    whole = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "a folder":
        path.unlink()
        path.mkdir()
    else:
        contents = {
            "empty": b"",
            "text": b"hello\n" * 100,
            "page": b"<html>404</html>",
            "truncated": whole[: len(whole) // 2],
        }
        path.write_bytes(contents[kind])


@pytest.mark.parametrize("kind", ["missing", "a folder", "empty", "text", "page", "truncated"])
@pytest.mark.parametrize("suffix", [".pth", ".old.pth", ".safetensors"])
def test_what_is_no_checkpoint_gives_one_line(kind: str, suffix: str, model: Path, inpaint, tmp_path: Path):
    file = tmp_path / f"edge{suffix}"
    if suffix == ".safetensors":
        save_file(EdgeGenerator(*SIZE).state_dict(), file)
    else:
        torch.save(EdgeGenerator(*SIZE).state_dict(), file, _use_new_zipfile_serialization=suffix == ".pth")
    broken(file, kind)
    run = inpaint("weights", "convert", file, model / "InpaintingModel_gen.pth", "-o", tmp_path / "out")
    assert run.code == 1
    assert run.err.startswith(f"inpaint: error: {file}: ")
    assert run.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("zip_format", [True, False])
def test_a_download_that_stopped_anywhere_is_an_error(zip_format: bool, tmp_path: Path):
    file = tmp_path / "gen.pth"
    torch.save(
        {"generator": {"encoder.1.weight": torch.rand(4, 3, 7, 7)}}, file, _use_new_zipfile_serialization=zip_format
    )
    whole = file.read_bytes()
    for size in range(0, len(whole), 37):
        file.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match="damaged"):
            read_state(file)


def test_what_is_written_is_read_back_and_is_half_as_large(trained: EdgeGenerator, tmp_path: Path):
    edge, painter = fold_spectral_norm(trained.state_dict()), InpaintGenerator(*SIZE).state_dict()
    write_model(tmp_path / "new", edge, painter, CONFIG, "# card\n")
    assert sorted(path.name for path in tmp_path.glob("new/*")) == [
        "README.md", "config.json", "edge.safetensors", "inpaint.safetensors",
    ]  # fmt: skip
    assert ModelConfig.from_json(tmp_path / "new" / "config.json") == CONFIG
    read = read_generator(tmp_path / "new" / "edge.safetensors", "edge", CONFIG)
    for key, weight in edge.items():
        assert torch.equal(read[key], weight.half().float())
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
