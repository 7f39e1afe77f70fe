"""`inpaint train`."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from inpaint_cli.cli import shared
from inpaint_cli.errors import UsageError
from inpaint_cli.training.options import FakePatches, Gan, HoleFill, Output, Precision, Size, Stage, TrainOptions

_RUN, _DATA, _START = "The run", "Data", "Generators"
_LOSSES, _RATES, _OFTEN, _SPEED = "Losses", "Steps and rates", "How often", "Speed"


def _option(panel: str, names: str, text: str, **more: Any) -> Any:
    return typer.Option(*names.split(), rich_help_panel=panel, help=text, **more)


def train(
    context: typer.Context,
    out: Annotated[
        Path, _option(_RUN, "--out", "The run's folder: options, log, checkpoint, sample pictures.", metavar="RUN")
    ],
    data: Annotated[
        Path | None,
        _option(_DATA, "--data", "Photos to learn from, of any size; sub-folders are searched too.", metavar="DIR"),
    ] = None,
    resume: Annotated[
        bool,
        _option(
            _RUN,
            "--resume",
            "Go on with the run in --out. Its options are taken up again; those given now replace them.",
        ),
    ] = False,
    stage: Annotated[
        Stage,
        _option(
            _RUN,
            "--stage",
            "What is trained. edge: G1. inpaint: G2 from Canny's edges, or from the lines of a fixed --g1. "
            "joint: both, G2 fed by G1.",
        ),
    ] = TrainOptions.stage,
    val: Annotated[
        Path | None, _option(_DATA, "--val", "Photos to validate with; at most 48 are used.", metavar="DIR")
    ] = TrainOptions.val,
    masks: Annotated[
        Path | None,
        _option(
            _DATA,
            "--masks",
            "Mask files, white = missing. Not given: strokes, boxes and halves, 0 to 60 %, made on the fly.",
            metavar="DIR",
        ),
    ] = TrainOptions.masks,
    size: Annotated[
        int, _option(_DATA, "--size", "Side of the square crops, a multiple of 4.", metavar="PIXELS")
    ] = TrainOptions.size,
    workers: Annotated[
        int,
        _option(
            _SPEED,
            "--workers",
            "Processes that read photos and prepare samples; 0 does it between the steps.",
            metavar="N",
            min=0,
        ),
    ] = TrainOptions.workers,
    cache: Annotated[
        int,
        _option(
            _SPEED,
            "--cache",
            "Memory for decoded photos; what does not fit is decoded again each time.",
            metavar="MB",
            min=0,
        ),
    ] = TrainOptions.cache,
    model: Annotated[
        Size, _option(_START, "--model", "Width of the generators: lite has 32 channels in the first layer, full 64.")
    ] = TrainOptions.model,
    residual_blocks: Annotated[
        int, _option(_START, "--residual-blocks", "Residual blocks of each generator.", metavar="N", min=1)
    ] = TrainOptions.residual_blocks,
    g1: Annotated[
        Path | None,
        _option(
            _START, "--g1", "A run or model whose G1 is the start; in stage inpaint it gives the lines.", metavar="RUN"
        ),
    ] = TrainOptions.g1,
    g2: Annotated[
        Path | None, _option(_START, "--g2", "A run or model whose G2 is the start.", metavar="RUN")
    ] = TrainOptions.g2,
    hole_fill: Annotated[
        HoleFill,
        _option(
            _START,
            "--hole-fill",
            "What stands in the hole of G2's input: white, or its surroundings diffused along the lines.",
        ),
    ] = TrainOptions.hole_fill,
    output: Annotated[
        Output, _option(_START, "--output", "What G2 gives: the picture, or a correction to the filling.")
    ] = TrainOptions.output,
    steps: Annotated[int, _option(_RATES, "--steps", "The step to stop at.", metavar="N", min=1)] = TrainOptions.steps,
    batch: Annotated[
        int, _option(_RATES, "--batch", "Samples per step and process.", metavar="N", min=1)
    ] = TrainOptions.batch,
    lr: Annotated[float, _option(_RATES, "--lr", "Learning rate of the generators.", min=0)] = TrainOptions.lr,
    d_lr: Annotated[
        float, _option(_RATES, "--d-lr", "That of the discriminators, as a share of --lr.", min=0)
    ] = TrainOptions.d_lr,
    lr_drop: Annotated[
        int | None, _option(_RATES, "--lr-drop", "The step after which both rates are a tenth.", metavar="STEP", min=0)
    ] = TrainOptions.lr_drop,
    ema: Annotated[
        float,
        _option(
            _RATES,
            "--ema",
            "Decay of the average of the generators' weights; the average is what is exported.",
            min=0,
            max=1,
        ),
    ] = TrainOptions.ema,
    gan: Annotated[
        Gan, _option(_LOSSES, "--gan", "The adversarial game: non-saturating, least squares or hinge.")
    ] = TrainOptions.gan,
    fake: Annotated[
        FakePatches,
        _option(_LOSSES, "--fake", "Which patches of a generated picture count as fake: all, or those in the hole."),
    ] = TrainOptions.fake,
    adversarial1: Annotated[
        float, _option(_LOSSES, "--adversarial1", "Weight of G1's adversarial loss.", min=0)
    ] = TrainOptions.adversarial1,
    fm1: Annotated[float, _option(_LOSSES, "--fm1", "Weight of feature matching on D1.", min=0)] = TrainOptions.fm1,
    bce: Annotated[
        float,
        _option(
            _LOSSES,
            "--bce",
            "Weight of the cross-entropy of G1's edges in the hole, which the paper does not have.",
            min=0,
        ),
    ] = TrainOptions.bce,
    edge_weight: Annotated[
        float,
        _option(
            _LOSSES,
            "--edge-weight",
            "How much a pixel on an edge counts in the cross-entropy against one on none.",
            min=0,
        ),
    ] = TrainOptions.edge_weight,
    l1: Annotated[
        float, _option(_LOSSES, "--l1", "Weight of the l1 loss, which is divided by the mask's mean.", min=0)
    ] = TrainOptions.l1,
    hole_weight: Annotated[
        float,
        _option(
            _LOSSES, "--hole-weight", "How much a pixel in the hole counts in the l1 loss against one outside.", min=0
        ),
    ] = TrainOptions.hole_weight,
    l2: Annotated[
        float,
        _option(_LOSSES, "--l2", "Weight of the mean squared error in the hole, which the paper does not have.", min=0),
    ] = TrainOptions.l2,
    adversarial2: Annotated[
        float, _option(_LOSSES, "--adversarial2", "Weight of G2's adversarial loss.", min=0)
    ] = TrainOptions.adversarial2,
    fm2: Annotated[
        float, _option(_LOSSES, "--fm2", "Weight of feature matching on D2, which the paper does not have.", min=0)
    ] = TrainOptions.fm2,
    perceptual: Annotated[
        str,
        _option(
            _LOSSES,
            "--perceptual",
            "VGG-19 of the perceptual and style losses: from the Hub, with random weights, left out, or a file.",
            metavar="vgg19|random|none|FILE",
        ),
    ] = TrainOptions.perceptual,
    perceptual_weight: Annotated[
        float, _option(_LOSSES, "--perceptual-weight", "Weight of the perceptual loss.", min=0)
    ] = TrainOptions.perceptual_weight,
    style_weight: Annotated[
        float, _option(_LOSSES, "--style-weight", "Weight of the style loss.", min=0)
    ] = TrainOptions.style_weight,
    canny_share: Annotated[
        float,
        _option(
            _LOSSES,
            "--canny-share",
            "Share of the samples in which G2 gets the true lines and not G1's, so that sketches keep working.",
            min=0,
            max=1,
        ),
    ] = TrainOptions.canny_share,
    blank_share: Annotated[
        float,
        _option(_LOSSES, "--blank-share", "Share of the samples in which G2 gets no lines in the hole.", min=0, max=1),
    ] = TrainOptions.blank_share,
    dtype: Annotated[
        Precision,
        _option(_SPEED, "--dtype", "What forward passes compute in; auto takes bfloat16 where the processor has it."),
    ] = TrainOptions.dtype,
    compiled: Annotated[
        bool, _option(_SPEED, "--compile", "Compile the generators with torch.compile: slow to start, faster on a GPU.")
    ] = TrainOptions.compiled,
    log_every: Annotated[
        int, _option(_OFTEN, "--log-every", "Steps between lines of the log.", metavar="STEPS", min=1)
    ] = TrainOptions.log_every,
    save_every: Annotated[
        int, _option(_OFTEN, "--save-every", "Steps between checkpoints.", metavar="STEPS", min=1)
    ] = TrainOptions.save_every,
    sample_every: Annotated[
        int,
        _option(
            _OFTEN,
            "--sample-every",
            "Steps between picture grids (input, true edges, edges in use, result, truth); 0 for none.",
            metavar="STEPS",
            min=0,
        ),
    ] = TrainOptions.sample_every,
    val_every: Annotated[
        int,
        _option(
            _OFTEN,
            "--val-every",
            "Steps between validations (PSNR in the hole, SSIM, precision and recall of G1's edges).",
            metavar="STEPS",
            min=1,
        ),
    ] = TrainOptions.val_every,
    val_size: Annotated[
        int | None,
        _option(_OFTEN, "--val-size", "Side of the validation pictures; --size if not given.", metavar="PIXELS"),
    ] = TrainOptions.val_size,
    licence: Annotated[
        str, _option(_RUN, "--licence", "What the weights may be used under, for the model card.", metavar="TEXT")
    ] = TrainOptions.licence,
    device: shared.Device = TrainOptions.device,
    threads: shared.Threads = None,
    seed: shared.Seed = TrainOptions.seed,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    debug: shared.Debug = False,
) -> None:
    """Train G1, G2 or both on a folder of photos; `inpaint weights export RUN` makes a model of the run.

    The losses and their weights are the paper's unless said otherwise.
    A run that was stopped or killed goes on with --resume.
    Several GPUs or machines: accelerate launch -m inpaint_cli train ...
    """
    names = {field.name for field in dataclasses.fields(TrainOptions)} & context.params.keys()
    if resume:  # what is not given stays as the run has it
        names = {name for name in names if _is_given(context, name)}
    elif data is None:
        raise UsageError("--data is missing: a folder of photos to learn from")
    options = {name: context.params[name] for name in names}

    if threads:
        import torch  # noqa: PLC0415

        torch.set_num_threads(threads)
    from inpaint_cli.training.loop import train as run  # noqa: PLC0415
    from inpaint_cli.training.run import read_options  # noqa: PLC0415

    run(read_options(**options) if resume else TrainOptions(**options), resume=resume, quiet=quiet)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"
