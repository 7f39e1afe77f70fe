"""What goes into G1 and G2: the same for NumPy and torch, and with `contrast` the same for a photo and a paler one."""

import json

import numpy as np
import pytest
import torch

from inpaint_cli.errors import WeightsError
from inpaint_cli.nn.inputs import finish_inpaint_output, prepare_edge_input, prepare_inpaint_input
from inpaint_cli.weights.config import ModelConfig


def picture(seed: int = 0):
    """Return I, C_comp, M and a filling, N×C×16×20."""
    rng = np.random.default_rng(seed)
    image, filling = (rng.random((2, 3, 16, 20), np.float32) for _ in range(2))
    edges = (rng.random((2, 1, 16, 20)) < 0.1).astype(np.float32)
    mask = np.zeros((2, 1, 16, 20), np.float32)
    mask[0, :, 4:9, 5:12] = 1
    mask[1, :, :, :10] = 1
    return image, edges, mask, filling


@pytest.mark.parametrize("contrast", ["none", "photo"])
@pytest.mark.parametrize("mask_channel", [False, True])
def test_numpy_and_torch_give_the_same(contrast, mask_channel):
    arrays = picture()
    options = {"contrast": contrast, "mask_channel": mask_channel}
    one = prepare_inpaint_input(*arrays, **options)
    other = prepare_inpaint_input(*map(torch.from_numpy, arrays), **options)
    assert one.planes.shape == (2, 5 if mask_channel else 4, 16, 20)
    assert one.planes.dtype == np.float32
    np.testing.assert_allclose(one.planes, other.planes.numpy(), atol=1e-5)
    given = np.full((2, 3, 16, 20), 0.25, np.float32)
    finished = finish_inpaint_output(given, one, "correction")
    np.testing.assert_allclose(
        finished, finish_inpaint_output(torch.from_numpy(given), other, "correction").numpy(), atol=1e-5
    )
    gray, edges, mask = arrays[0][:, :1], arrays[1], arrays[2]
    both = prepare_edge_input(gray, edges, mask), prepare_edge_input(*map(torch.from_numpy, (gray, edges, mask)))
    assert np.array_equal(both[0], both[1].numpy())


def test_a_correction_scales_with_the_contrast_of_the_photo():
    image, edges, mask, filling = picture()
    pale = [0.3 * picture + 0.5 for picture in (image, filling)]
    one = prepare_inpaint_input(image, edges, mask, filling, contrast="photo")
    other = prepare_inpaint_input(pale[0], edges, mask, pale[1], contrast="photo")
    np.testing.assert_allclose(one.planes, other.planes, atol=1e-4)
    given = np.random.default_rng(1).uniform(-1, 1, image.shape).astype(np.float32)
    strong, weak = finish_inpaint_output(given, one, "correction"), finish_inpaint_output(given, other, "correction")
    np.testing.assert_allclose(weak, 0.3 * strong + 0.5, atol=1e-4)


def test_what_stands_in_the_hole_of_the_photo_is_not_seen():
    image, edges, mask, filling = picture()
    other = np.where(mask > 0, np.float32(7), image)
    for contrast in ("none", "photo"):
        a = prepare_inpaint_input(image, edges, mask, filling, contrast=contrast)
        b = prepare_inpaint_input(other, edges, mask, filling, contrast=contrast)
        np.testing.assert_allclose(a.planes, b.planes, atol=1e-5)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"contrast": "photo"}, "output"),
        ({"contrast": "high", "output": "correction"}, "contrast"),
        ({"mask_channel": 1}, "mask_channel"),
        ({"edge_channel": "grey"}, "edge_channel"),
    ],
)
def test_a_model_of_impossible_inputs_is_refused(tmp_path, keys, word):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model": "edgeconnect", **keys}))
    with pytest.raises(WeightsError, match=word):
        ModelConfig.from_json(path)
