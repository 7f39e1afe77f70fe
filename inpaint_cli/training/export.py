"""From a run to a model: the averaged generators, their configuration, and a card that documents their origin."""

import json
import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from inpaint_cli.imaging.fillings import WALL_EXPONENT, WALL_STRENGTH
from inpaint_cli.options import Painter, Rival
from inpaint_cli.training.option_values import Recipe
from inpaint_cli.training.run_folder import read_log, read_options
from inpaint_cli.training.run_networks import Kind, read_average, steps_done
from inpaint_cli.training.run_options import SAMPLES, TrainOptions
from inpaint_cli.weights.card import model_card
from inpaint_cli.weights.checkpoints import fold_spectral_norm
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.model_folder import PICTURE, model_folder, write_parts
from inpaint_cli.weights.rival_folder import RivalConfig, write_rival

_LOOKS = (96, 128)  # the sizes at which G1's maps serve best (benchmarks/lines.md)
_PLACES = {"data", "val", "out", "masks", "g1", "g2"}  # options with paths of the training machine
_TITLES = {
    Rival.CA: "The generator of Contextual Attention (Yu et al. 2018, arXiv 1801.07892)",
    Rival.GLCIC: "The completion network of GLCIC (Iizuka et al. 2017)",
    Rival.PCONV: "The U-Net of PConv (Liu et al. 2018, arXiv 1804.07723)",
}


def export_run(run: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Write the model of a run, all or nothing: what `write_parts` does, and the last picture grid as `samples.png`.

    A rival's folder is that of `write_rival`.

    Args:
        run: the run's folder; its last checkpoint has to hold G1 and G2, or a rival's generator.
        folder: where the model goes.
        overwrite: replace a model that is there already.

    Raises:
        TrainingError: it is no run, or one of a single generator.
        OutputError: the folder exists or can't be written.
    """
    options = read_options(run)
    log = [line for line in read_log(run) if line["step"] <= steps_done(run)]
    kinds: tuple[Kind, ...] = ("g1", "g2") if options.rival is None else ("generator",)
    states = [fold_spectral_norm(read_average(run, kind)) for kind in kinds]
    measured: dict[str, float] = {}
    for line in log:
        measured |= {name.removeprefix("val/"): value for name, value in line.items() if name.startswith("val/")}
    grids = sorted((run / SAMPLES).glob("*.png"))
    paragraphs = _paragraphs(options, log[-1] if log else {}, measured, pictured=bool(grids))
    card = partial(model_card, options.out.name, paragraphs, licence=options.licence)
    with model_folder(folder, overwrite=overwrite) as new:
        if options.rival is None:
            config = _config(options, measured)
            write_parts(new, states[0], states[1], config, card(asdict(config)))
        else:
            rival = RivalConfig(options.rival, options.width, options.largest)
            usage = f"inpaint evaluate --method {options.rival}=FOLDER ..."
            write_rival(new, rival, states[0], card(asdict(rival), method=options.rival, usage=usage))
        if grids:
            shutil.copyfile(grids[-1], new / PICTURE)


def _config(options: TrainOptions, measured: dict[str, float]) -> ModelConfig:
    """Return what `config.json` says; G1's lines act by default only where validation found them to help."""
    helps = measured.get("psnr_g1", 0.0) > measured.get("psnr_none", 0.0)
    return ModelConfig(
        base_channels=options.width,
        residual_blocks=options.residual_blocks,
        hole_fill=options.hole_fill.value,
        output=options.output.value,
        contrast=options.contrast.value,
        mask_channel=options.mask_channel,
        edge_channel=options.edge_channel.value,
        train_size=options.largest,
        lines="g1" if helps or "psnr_none" not in measured else "none",
        **_acting(options, measured),
    )


def _acting(options: TrainOptions, measured: dict[str, float]) -> dict[str, Any]:
    """Return how a model of our recipes acts: G1's soft map as walls, and G2 only where it beats its filling.

    The paper's recipe gives a model that acts as the paper's do.
    """
    if options.recipe is Recipe.PAPER:
        return {}
    return {
        "look_sizes": tuple(size for size in _LOOKS if size <= options.largest) or (options.largest,),
        "wall_strength": WALL_STRENGTH,
        "wall_exponent": WALL_EXPONENT,
        "drawn_painter": Painter.BOTH.value if measured.get("gain_channel", 0.0) > 0 else Painter.AUTO.value,
        "painter": Painter.G2.value if measured.get("gain_g1", 0.0) > 0 else Painter.HARMONIC.value,
    }


def _paragraphs(
    options: TrainOptions, last: dict[str, float], measured: dict[str, float], *, pictured: bool
) -> list[str]:
    """Return what the model card says: the networks, their data and training, and what validation measured."""
    sides = " and ".join(f"{side}×{side}" for side in options.size)
    facts = f"""\
- **Data**: the photos of `{options.data.name}/`; which they are and under what licence, the trainer has to add.
- **Licence of the weights**: {options.licence}.
- **Training**: recipe {options.recipe.value}, stage {options.stage.value}, {last.get("step", 0):.0f} steps,
  {last.get("samples", 0):.0f} samples, at the end of {sides}; {last.get("seconds", 0) / 60:.0f} minutes.\
{_origins(options)}
- **Limits**: not measured beyond what stands below."""
    settings = {key: value for key, value in options.as_table().items() if key not in _PLACES}
    return [
        _title(options),
        facts,
        *(_figures(options, measured) if measured else ["Not measured: the run had no validation photos."]),
        f"![input, true edges, edges in use, result, truth]({PICTURE})" if pictured else "",
        f"The run's options: `{json.dumps(settings)}`",
    ]


def _figures(options: TrainOptions, measured: dict[str, float]) -> list[str]:
    """Return how the model was measured, and the table of its figures."""
    size = options.val_size or options.largest
    rows = [f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in sorted(measured.items())]
    how = f"""\
Measured at {size}×{size} pixels, in four crops of each validation photo, with holes as in training. PSNR is that of all
holes' pixels together, in dB (and the median of the holes'); `gain` is by how much it is more than that of the filling
{_lines(options)}"""
    return [how, "\n".join(["| on the validation photos | |", "|---|---|", *rows])]


def _title(options: TrainOptions) -> str:
    """Return what the card says first: which networks, and in what form."""
    if options.rival is not None:
        return f"{_TITLES[options.rival]}, base_channels {options.width}, float16."
    return f"G1 and G2 of EdgeConnect (arXiv 1901.00212), base_channels {options.width}, float16, spectral norm folded."


def _lines(options: TrainOptions) -> str:
    """Return what the card says of the figures: the filling that they are compared with, and the lines' names."""
    if options.rival is not None:
        return "with the mean colour of the known pixels. `none`: a rival knows no lines."
    return """\
that G2 got. `none`, `canny`, `channel` and `g1` say which lines G2 got in the hole: none, the true ones, the true ones
in its edge channel alone, G1's. Edges are right within two pixels."""


def _origins(options: TrainOptions) -> str:
    starts = [f"{kind} from the run `{run.name}`" for kind, run in (("G1", options.g1), ("G2", options.g2)) if run]
    return f" Started with {' and '.join(starts)}." if starts else ""
