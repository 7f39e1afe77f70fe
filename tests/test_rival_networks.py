"""CA, GLCIC and PConv: shapes as their papers have them, what they must not see, and each loss in closed form."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from inpaint_cli.nn import rival_losses
from inpaint_cli.nn.around_hole import around_hole
from inpaint_cli.nn.contextual_attention import (
    ContextualAttention,
    ContextualAttentionCritics,
    ContextualAttentionGenerator,
)
from inpaint_cli.nn.glcic import CompletionNetwork, ContextDiscriminator
from inpaint_cli.nn.pconv import PartialConv2d, PConvUNet, levels_for
from inpaint_cli.nn.vgg import Vgg16


def hole(side: int = 64, rows: slice = slice(20, 40), columns: slice = slice(24, 50)) -> torch.Tensor:
    mask = torch.zeros(2, 1, side, side)
    mask[..., rows, columns] = 1
    return mask


def convolutions(network: nn.Module) -> list[tuple[int, int, int, int]]:
    """Return kernel, stride, dilation and channels of each convolution, in order."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [
        (m.kernel_size[0], m.stride[0], m.dilation[0], m.out_channels)
        for m in network.modules()
        if isinstance(m, kinds)
    ]


GENERATORS = {
    "ca": lambda: ContextualAttentionGenerator(4),
    "glcic": lambda: CompletionNetwork(4),
    "pconv": lambda: PConvUNet(4, 3),
}


def painted(network: nn.Module, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    result = network(image, mask)
    return result[-1] if isinstance(result, tuple) else result


@pytest.mark.parametrize("name", [pytest.param("ca", marks=pytest.mark.slow), "glcic", "pconv"])
def test_a_generator_keeps_the_shape_and_sees_nothing_of_the_hole(name):
    torch.manual_seed(0)
    network, mask = GENERATORS[name](), hole()
    image = torch.rand(2, 3, 64, 48)
    mask = mask[..., :48]
    first = painted(network, image, mask)
    assert first.shape == image.shape
    assert torch.equal(first, painted(network, image + 5 * mask, mask))
    assert not torch.equal(first, painted(network, (image + 0.5 * (1 - mask)).clamp(0, 1), mask))


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERATORS)
def test_every_weight_of_a_generator_learns(name):
    torch.manual_seed(0)
    network = GENERATORS[name]()
    image, mask = torch.rand(2, 3, 64, 64), hole()
    result = network(image, mask)
    outputs = result if isinstance(result, tuple) else (result,)
    sum((output - image).square().mean() for output in outputs).backward()
    assert [key for key, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []


def test_half_the_width_is_a_quarter_of_the_weights():
    for make, paper in ((ContextualAttentionGenerator, 32), (CompletionNetwork, 64), (PConvUNet, 64)):
        full, lite = (sum(p.numel() for p in make(width).parameters()) for width in (paper, paper // 2))
        assert 3.8 < full / lite < 4


def test_the_layers_of_contextual_attention():
    network = ContextualAttentionGenerator()
    encoder = [(5, 1, 1, 32), (3, 2, 1, 64), (3, 1, 1, 64), (3, 2, 1, 128), (3, 1, 1, 128), (3, 1, 1, 128)]
    dilated = [(3, 1, dilation, 128) for dilation in (2, 4, 8, 16)]
    decoder = [(3, 1, 1, channels) for channels in (64, 64, 32, 16, 3)]
    assert convolutions(network.coarse) == [*encoder, *dilated, *[(3, 1, 1, 128)] * 2, *decoder]
    assert convolutions(network.convolutions)[-4:] == dilated
    assert convolutions(network.joined) == [*[(3, 1, 1, 128)] * 2, *decoder]
    critics = ContextualAttentionCritics(256)
    assert [channels for *_, channels in convolutions(critics.whole)] == [64, 128, 256, 256]
    assert [channels for *_, channels in convolutions(critics.local)] == [64, 128, 256, 512]
    scores = ContextualAttentionCritics(64, 4)(torch.rand(2, 3, 64, 64), torch.rand(2, 3, 32, 32))
    assert [score.shape for score in scores] == [(2, 1), (2, 1)]


def test_the_layers_of_glcic():
    layers = convolutions(CompletionNetwork())
    assert layers[6:10] == [(3, 1, dilation, 256) for dilation in (2, 4, 8, 16)]
    assert layers[12:] == [(4, 2, 1, 128), (3, 1, 1, 128), (4, 2, 1, 64), (3, 1, 1, 32), (3, 1, 1, 3)]
    paper = ContextDiscriminator(256)
    assert [channels for *_, channels in convolutions(paper.whole)] == [64, 128, 256, 512, 512, 512]
    assert [channels for *_, channels in convolutions(paper.local)] == [64, 128, 256, 512, 512]
    assert paper.whole.layers[-2].in_features == paper.local.layers[-2].in_features == 4 * 4 * 512
    small = ContextDiscriminator(64, 4)
    assert small(torch.rand(2, 3, 64, 64), torch.rand(2, 3, 32, 32)).shape == (2, 1)


@pytest.mark.parametrize(("side", "levels"), [(512, 8), (256, 7), (160, 5), (96, 5), (64, 5)])
def test_pconv_has_as_many_levels_as_halve_the_crop_to_2(side, levels):
    assert levels_for(side) == levels
    assert side % 2**levels == 0


def test_the_layers_of_pconv():
    layers = convolutions(PConvUNet(64, 8))
    assert [kernel for kernel, *_ in layers] == [7, 5, 5, *[3] * 5, *[3] * 8]
    assert [channels for *_, channels in layers] == [64, 128, 256, *[512] * 5, *[512] * 4, 256, 128, 64, 3]
    assert [stride for _, stride, *_ in layers] == [*[2] * 8, *[1] * 8]


def test_a_partial_convolution_renormalises_by_what_is_known():
    layer = PartialConv2d((1,), 1, 3)
    nn.init.ones_(layer.conv.weight)
    image, known = torch.full((1, 1, 5, 5), 2.0), torch.ones(1, 1, 5, 5)
    known[..., 2:] = 0
    result, after = layer(image * known, known)
    # 9 = sum(1): a window with any known pixel gives what a window of known pixels would; the others nothing
    assert torch.allclose(result[..., :3], torch.full((5, 3), 18.0))
    assert torch.equal(after[0, 0], torch.tensor([1.0, 1, 1, 0, 0]).expand(5, 5))
    assert not result[..., 3:].any()


@pytest.mark.slow
def test_joined_features_count_by_their_channels():
    """With a plane for each part it is what a mask with a plane for each channel gives."""
    torch.manual_seed(0)
    layer = PartialConv2d((2, 3), 4, 3, bias=True)
    nn.init.normal_(layer.bias)
    planes = (torch.rand(1, 2, 6, 6) > 0.5).float()
    masks = torch.cat([planes[:, :1].expand(-1, 2, -1, -1), planes[:, 1:].expand(-1, 3, -1, -1)], dim=1)
    features = torch.rand(1, 5, 6, 6) * masks
    result, after = layer(features, planes)
    total = F.conv2d(masks, torch.ones(1, 5, 3, 3), padding=1)
    plain = F.conv2d(features, layer.conv.weight, padding=1)
    expected = torch.where(total > 0, plain * 45 / total.clamp_min(1) + layer.bias[:, None, None], 0.0)
    torch.testing.assert_close(result, expected)
    assert torch.equal(after, (total > 0).float())


def test_fixed_norms_stay_as_they_are():
    network = PConvUNet(4, 3)
    network.fix_encoder_norms()
    network.train()
    before = [buffer.clone() for buffer in network.encoder_norms.buffers()]
    network(torch.rand(2, 3, 64, 64), hole()).sum().backward()
    assert all(torch.equal(*pair) for pair in zip(before, network.encoder_norms.buffers(), strict=True))
    assert all(p.grad is None for p in network.encoder_norms.parameters())
    assert network.decoder_norms[0].training


def test_attention_borrows_the_matching_pattern():
    """Stripes in one half, checks in the other: a hole in the stripes is rebuilt from stripes."""
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    stripes, checks = (y // 2 % 2).float(), ((x // 2 + y // 2) % 2).float()
    picture = torch.where(x < 16, stripes, checks)
    true = torch.stack([picture, 1 - picture, torch.ones_like(picture) * 0.1])[None]
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 12:20, 4:10] = 1
    rebuilt = ContextualAttention()(true, mask)
    inside = (slice(None), slice(None), slice(12, 20), slice(4, 10))
    assert (rebuilt - true)[inside].abs().mean() < 0.02


def test_attention_weighs_only_known_patches():
    torch.manual_seed(0)
    attention, mask = ContextualAttention(), torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    weights = attention.weights(torch.rand(1, 4, 8, 8), mask).view(64, 8, 8)
    assert not weights[..., :5].any()  # a patch beside the hole reaches into it
    torch.testing.assert_close(weights.sum(dim=(1, 2)), torch.ones(64))
    assert not attention.weights(torch.rand(1, 4, 8, 8), torch.ones_like(mask)).any()


def test_propagation_sums_neighbours_of_place_and_patch():
    torch.manual_seed(0)
    features = torch.rand(1, 2, 3, 4)
    attention = ContextualAttention(scale=1.0)
    found = attention.weights(features, torch.zeros(1, 1, 3, 4)).log().view(3, 4, 3, 4)
    patches = F.normalize(F.unfold(features, 3, padding=1), dim=1)[0]
    cosine = (patches.T @ patches).view(3, 4, 3, 4)

    def summed(y, x, v, u):  # over both axes, as far as place and patch lie in the picture
        return sum(
            cosine[y + i, x + j, v + i, u + j]
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if min(y + i, v + i) >= 0 and max(y + i, v + i) < 3 and min(x + j, u + j) >= 0 and max(x + j, u + j) < 4
        )

    expected = summed(1, 2, 0, 1) - summed(1, 2, 2, 3)
    assert (found[1, 2, 0, 1] - found[1, 2, 2, 3]).item() == pytest.approx(expected.item(), abs=1e-4)


@pytest.mark.parametrize(("rows", "columns", "corner"), [((0, 4), (0, 4), (0, 0)), ((28, 36), (60, 64), (16, 32))])
def test_the_square_lies_around_the_hole_and_inside_the_picture(rows, columns, corner):
    mask = hole(64, slice(*rows), slice(*columns))
    place = torch.arange(64 * 64.0).view(1, 1, 64, 64).expand(2, -1, -1, -1)
    square = around_hole(place, mask, 32)
    assert square.shape == (2, 1, 32, 32)
    assert divmod(int(square[0, 0, 0, 0]), 64) == corner


def test_wasserstein_critics():
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[-1.0], [0.0]])
    assert rival_losses.critic_loss(real, fake).item() == pytest.approx(-2.5)


def test_the_gradient_penalty_looks_only_into_the_hole():
    mask = hole(8, slice(0, 2), slice(0, 2))
    real, fake = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)

    def critic(x):  # a gradient of 0.5 everywhere, so of norm 0.5 √(4·3) in the hole
        return 0.5 * x.sum(dim=(1, 2, 3))[:, None]

    penalty = rival_losses.gradient_penalty(critic, real, fake, mask)
    assert penalty.item() == pytest.approx((0.5 * 12**0.5 - 1) ** 2, rel=1e-5)


def test_discounts_fall_with_the_distance_to_what_is_known():
    mask = torch.zeros(1, 1, 9, 9)
    mask[..., 2:7, 2:7] = 1
    weight = rival_losses.discount(mask, 0.5)
    assert weight[0, 0, 4].tolist() == [1, 1, 0.5, 0.25, 0.125, 0.25, 0.5, 1, 1]
    mask[:] = 0
    mask[..., :3] = 1  # a hole at the picture's border goes on behind it
    assert rival_losses.discount(mask, 0.5)[0, 0, 4].tolist() == [0.125, 0.25, 0.5, 1, 1, 1, 1, 1, 1]
    assert torch.equal(rival_losses.discount(torch.ones(1, 1, 4, 4), 0.5), torch.ones(1, 1, 4, 4))


def test_pconvs_l1_is_over_all_pixels():
    true, mask = torch.zeros(2, 3, 8, 8), hole(8, slice(0, 4), slice(0, 4))
    inside, outside = rival_losses.hole_and_valid_l1(true + 0.4 * mask + 0.1 * (1 - mask), true, mask)
    assert inside.item() == pytest.approx(0.4 / 4)
    assert outside.item() == pytest.approx(0.1 * 3 / 4)


def test_total_variation_counts_the_hole_and_its_rim():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 3, 3] = 1
    picture = torch.zeros(1, 3, 8, 8)
    picture[..., 3, 3] = 1  # four edges to its neighbours in each channel
    assert rival_losses.total_variation(picture, mask).item() == pytest.approx(12 / (3 * 64))
    picture = torch.zeros(1, 3, 8, 8)
    picture[..., 7, 7] = 1
    assert rival_losses.total_variation(picture, mask).item() == 0


def test_vgg_16_has_torchvisions_layout():
    network = Vgg16.random()
    assert [a.shape[1:] for a in network.pooled(torch.rand(1, 3, 32, 32))] == [
        (64, 16, 16), (128, 8, 8), (256, 4, 4)
    ]  # fmt: skip
    assert (network.pools, network.positions[3, 3]) == ([4, 9, 16], 15)
