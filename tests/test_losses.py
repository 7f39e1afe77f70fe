"""Each loss against its closed form."""

import math

import pytest
import torch

from inpaint_cli.nn import losses
from inpaint_cli.nn.discriminators import PatchDiscriminator
from inpaint_cli.nn.gan import Gan
from inpaint_cli.nn.vgg import Vgg19

CERTAIN = torch.full((2, 1, 3, 3), 4.0)
UNDECIDED = torch.zeros(2, 1, 3, 3)


@pytest.mark.parametrize(
    ("gan", "of_d", "of_g"),
    [
        (Gan.NSGAN, math.log(2), math.log(2)),  # -log 1/2 for real and fake alike
        (Gan.LSGAN, 0.5, 1.0),
        (Gan.HINGE, 1.0, 0.0),
    ],
)
def test_adversarial_losses_of_an_undecided_discriminator(gan, of_d, of_g):
    assert losses.discriminator_loss(UNDECIDED, UNDECIDED, gan).item() == pytest.approx(of_d)
    assert losses.adversarial_loss(UNDECIDED, gan).item() == pytest.approx(of_g)


@pytest.mark.parametrize("gan", Gan)
def test_each_player_pays_less_for_a_better_game(gan):
    right, wrong = (CERTAIN / 4, -CERTAIN / 4) if gan is not Gan.LSGAN else (torch.ones(4), torch.zeros(4))
    assert losses.discriminator_loss(right, wrong, gan) < losses.discriminator_loss(wrong, right, gan)
    assert losses.adversarial_loss(right, gan) < losses.adversarial_loss(wrong, gan)


def test_nsgan_is_the_cross_entropy_of_equation_3():
    real, fake = torch.randn(50, dtype=torch.float64), torch.randn(50, dtype=torch.float64)
    expected = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()) / 2
    assert losses.discriminator_loss(real, fake, Gan.NSGAN).item() == pytest.approx(expected.item())
    assert losses.adversarial_loss(fake, Gan.NSGAN).item() == pytest.approx(-torch.sigmoid(fake).log().mean().item())


def test_only_patches_of_the_hole_count_as_fake():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    logits = torch.tensor([[[[1.0, 99.0], [3.0, 99.0]]]])
    weight = losses.patch_weights(mask, logits)
    assert weight.tolist() == [[[[1.0, 0.0], [1.0, 0.0]]]]
    assert losses.adversarial_loss(logits, Gan.HINGE, weight).item() == pytest.approx(-2)


def test_feature_matching_sums_the_layers_means_and_teaches_only_the_fake():
    real = [torch.ones(2, 3, 4, 4, requires_grad=True), torch.zeros(2, 5, 2, 2, requires_grad=True)]
    fake = [torch.full((2, 3, 4, 4), 3.0, requires_grad=True), torch.full((2, 5, 2, 2), 0.5, requires_grad=True)]
    loss = losses.feature_matching_loss(real, fake)
    loss.backward()
    assert loss.item() == pytest.approx(2 + 0.5)  # equation 4: each layer divided by its number of activations
    assert all(layer.grad is None for layer in real)
    assert all(layer.grad is not None for layer in fake)


def test_l1_is_divided_by_the_mean_of_the_mask():
    true, mask = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    mask[..., 0] = 1  # a quarter
    assert losses.l1_loss(true + 0.1, true, mask).item() == pytest.approx(0.1 / 0.25)
    weighted = losses.l1_loss(true + 0.1, true, mask, hole_weight=7)
    assert weighted.item() == pytest.approx((0.25 * 0.7 + 0.75 * 0.1) / 0.25)


def test_l2_looks_only_into_the_hole():
    true, mask = torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2)
    mask[0, 0, 0, 0] = 1
    predicted = torch.full_like(true, 9.0)
    predicted[..., 0, 0] = 0.5
    assert losses.l2_loss(predicted, true, mask).item() == pytest.approx(0.25)
    half = torch.full((1, 1, 1, 1), 0.5)  # of a smooth photo, whose errors count more
    assert losses.l2_loss(predicted, true, mask, half).item() == pytest.approx(1.0)


def test_cross_entropy_looks_only_into_the_hole():
    true, mask = torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    mask[0, 0, 0] = 1
    predicted = torch.tensor([[[[0.25, 0.25], [0.9, 0.9]]]]).logit()
    assert losses.edge_cross_entropy(predicted, true, mask).item() == pytest.approx(-math.log(0.75))
    missed = losses.edge_cross_entropy(predicted, 1 - true, mask, edge_weight=4)
    assert missed.item() == pytest.approx(-4 * math.log(0.25))
    outside = losses.edge_cross_entropy(predicted, true, mask, outside_weight=0.5)
    assert outside.item() == pytest.approx((-math.log(0.75) - 0.5 * math.log(0.1)) / 1.5)
    certain = losses.edge_cross_entropy(torch.full((1, 1, 2, 2), 1e4), true, mask)
    assert torch.isfinite(certain)


def test_gram_matrix_of_two_known_channels():
    features = torch.stack([torch.ones(2, 3), torch.full((2, 3), 2.0)])[None]  # C = 2, H·W = 6
    expected = torch.tensor([[6.0, 12.0], [12.0, 24.0]]) / (2 * 6)
    torch.testing.assert_close(losses.gram(features)[0], expected)
    assert losses.style_loss([features], [features * 0]).item() == pytest.approx(expected.mean().item())


def test_style_ignores_where_things_are():
    features = torch.randn(1, 4, 6, 6)
    turned = features.flip(3)
    assert losses.style_loss([turned], [features]).item() == pytest.approx(0, abs=1e-6)
    assert losses.perceptual_loss([turned], [features]).item() > 0.1


def test_discriminator_has_the_authors_keys_and_patches():
    discriminator = PatchDiscriminator(3)
    activations = discriminator(torch.rand(1, 3, 64, 64))
    assert [a.shape[1] for a in activations] == [64, 128, 256, 512, 1]
    assert activations[-1].shape[-2:] == (6, 6)
    assert {name.split(".")[0] for name in discriminator.state_dict()} == {f"conv{n}" for n in range(1, 6)}
    assert not any(name.endswith("bias") for name, _ in discriminator.named_parameters())


def test_discriminator_sees_70_by_70():
    discriminator = PatchDiscriminator(1, base_channels=4).eval()
    image = torch.rand(1, 1, 128, 128, requires_grad=True)
    logits = discriminator(image)[-1]
    logits[0, 0, 7, 7].backward()
    seen = image.grad[0, 0].abs().sum(0).nonzero()
    assert seen.max() - seen.min() + 1 == 70


def test_vgg_layers_are_vgg19s():
    vgg = Vgg19.random()
    x = torch.rand(1, 3, 32, 32)
    assert [a.shape[1] for a in vgg.content(x)] == [64, 128, 256, 512, 512]
    assert [a.shape[-1] for a in vgg.style(x)] == [16, 8, 4, 2]
    # torchvision's layout: relu1_1, relu2_1, ..., and the last convolution that is needed
    assert [vgg.positions[layer] for layer in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (5, 2))] == [
        1,
        6,
        11,
        20,
        29,
        31,
    ]
    assert all(torch.equal(a, b) for a, b in zip(vgg.parameters(), Vgg19.random().parameters(), strict=True))
