"""Which options of a training run contradict each other."""

from inpaint_cli.errors import UsageError
from inpaint_cli.options import MULTIPLE
from inpaint_cli.training.option_values import Contrast, HoleFill, Output, Recipe, Stage, Target
from inpaint_cli.training.run_options import TrainOptions

RIVAL_MULTIPLE = 32  # the crops' side is a multiple: rivals halve it up to five times
SMALLEST = 32  # side of a crop that leaves the discriminators a patch to judge


def check_options(options: TrainOptions) -> None:
    """Check that options go together.

    Raises:
        UsageError: they do not.
    """
    for side in (*options.size, *((options.val_size,) if options.val_size is not None else ())):
        if side < SMALLEST or side % MULTIPLE:
            raise UsageError(f"--size {side}: a multiple of {MULTIPLE}, at least {SMALLEST}; --val-size likewise")
    if options.canny_share + options.blank_share > 1:
        raise UsageError("--canny-share and --blank-share add up to more than 1")
    _check_rival(options)
    if options.trains_g2:
        _check_g2(options)
    if options.stage is Stage.EDGE and not (options.adversarial1 or options.fm1 or options.bce):
        raise UsageError("stage edge without any loss; one of --adversarial1, --fm1 and --bce has to be above 0")
    if options.lr_drop is not None and options.recipe is not Recipe.PAPER:
        raise UsageError("--lr-drop: only with --recipe paper; the others lower the rate along a cosine")
    if options.recipe is Recipe.REFINE:
        starts = (("--g1", options.trains_g1, options.g1), ("--g2", options.trains_g2, options.g2))
        for name, learns, start in starts:
            if learns and start is None:
                raise UsageError(f"--recipe refine goes on from a trained generator: give {name} RUN")


def _check_rival(options: TrainOptions) -> None:
    if options.base_channels is not None and options.base_channels % 2:
        raise UsageError(f"--base-channels {options.base_channels}: an even number")
    if (options.stage is Stage.RIVAL) != (options.rival is not None):
        raise UsageError("--stage rival and --model ca, glcic or pconv go together: give both or neither")
    if options.rival is None:
        return
    if options.recipe is not Recipe.PAPER:
        raise UsageError(f"--recipe {options.recipe}: a rival has its own paper's; only --recipe paper fits")
    if len(options.size) > 1 or options.size[0] % RIVAL_MULTIPLE:
        raise UsageError(f"--size: one multiple of {RIVAL_MULTIPLE} with --stage rival")
    if options.val_size not in {None, options.size[0]}:
        raise UsageError("--val-size: with --stage rival photos are validated at --size")


def _check_g2(options: TrainOptions) -> None:
    if options.output is Output.CORRECTION and options.hole_fill is HoleFill.WHITE:
        raise UsageError("--output correction corrects a filling: it needs --hole-fill harmonic")
    if options.photo_share and options.target is Target.PHOTO:
        raise UsageError("--photo-share mixes the photo into the fill along lines: it needs --target lines")
    if options.contrast is Contrast.PHOTO and options.output is Output.PICTURE:
        raise UsageError("--contrast photo scales a correction: it needs --output correction")
