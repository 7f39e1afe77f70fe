"""Where the options of a recipe, or of a rival, differ from the defaults in `run_options`; standard library only."""

from typing import Any

from inpaint_cli.options import Rival
from inpaint_cli.training.option_values import (
    Contrast,
    EdgeChannel,
    FakePatches,
    HoleFill,
    Output,
    Recipe,
    Target,
)

RECIPES: dict[Recipe, dict[str, Any]] = {
    Recipe.SHORT: {},
    Recipe.REFINE: {
        "lr": 1e-4,
        "fake": FakePatches.HOLE,
        "adversarial1": 0.1,
        "fm1": 1.0,
        "adversarial2": 0.01,
        "fm2": 0.1,
    },
    Recipe.PAPER: {
        "hole_fill": HoleFill.WHITE,
        "output": Output.PICTURE,
        "contrast": Contrast.NONE,
        "mask_channel": False,
        "edge_channel": EdgeChannel.BINARY,
        "size": (256,),
        "batch": 8,
        "steps": 100_000,
        "lr": 1e-4,
        "ema": 0.999,
        "adversarial1": 1.0,
        "fm1": 10.0,
        "bce": 0.0,
        "edge_weight": 1.0,
        "outside_weight": 0.0,
        "l1": 1.0,
        "l2": 0.0,
        "target": Target.PHOTO,
        "adversarial2": 0.1,
        "perceptual": "vgg19",
        "canny_share": 0.0,
        "blank_share": 0.0,
    },
}

RIVALS: dict[Rival, dict[str, Any]] = {  # where they differ from the paper's recipe
    Rival.CA: {"lr": 1e-4, "d_lr": 1.0, "batch": 16},
    Rival.GLCIC: {"lr": 1.0, "d_lr": 1.0, "batch": 96},
    Rival.PCONV: {"lr": 2e-4, "batch": 6, "perceptual": "vgg16"},
}

OF_EDGECONNECT = {  # options without meaning for a rival
    "g1", "g2", "residual_blocks", "hole_fill", "output", "contrast", "mask_channel", "edge_channel", "lr_drop", "gan",
    "fake", "adversarial1", "fm1", "bce", "edge_weight", "outside_weight", "l1", "hole_weight", "l2", "adversarial2",
    "photo_share", "fm2", "perceptual", "perceptual_weight", "style_weight", "canny_share", "blank_share",
}  # fmt: skip
