"""Curves and arithmetic of training runs: `python benchmarks/rivals.py RUN...` writes rivals.csv and rivals.png.

A run is a folder of `inpaint train`; its name is that of its curve. Prints a Markdown table of the multiply–adds that a
sample costs, counted by torch and not timed: of the generators alone, and of a whole training step.
"""

import argparse
import csv
import dataclasses
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from inpaint_cli.training.data import batches
from inpaint_cli.training.learner import make_learner
from inpaint_cli.training.run_folder import read_log, read_options
from inpaint_cli.training.run_options import TrainOptions

HERE = Path(__file__).parent
CURVES = {"psnr_none": "no lines", "psnr_g1": "G1's lines", "psnr_canny": "the true lines"}


class Multiplications(TorchDispatchMode):
    """Counts multiply–adds by torch's own formulas; its FlopCounterMode knows no gradient of a gradient."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run an operation and add what it costs."""
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in flop_registry:
            self.total += flop_registry[func.overloadpacket](*args, **(kwargs or {}), out_val=result) // 2
        return result


def cost(options: TrainOptions) -> tuple[float, float, float]:
    """Return millions of weights, and billions of multiply–adds of a sample: painted, and learned from."""
    options = dataclasses.replace(options, batch=8, workers=0, cache=0, device="cpu", g1=None, g2=None)
    learner = make_learner(options, torch.device("cpu"))
    batch = next(batches(options, 0))
    with Multiplications() as painting, torch.no_grad():
        learner.predict(batch)
    for _ in range(options.steps if options.rival else 0):  # a rival's last phase has all of its losses
        if learner.progress >= 0.99:  # type: ignore[attr-defined]
            break
        learner.update_averages()
    with Multiplications() as learning:
        outputs = learner.predict(batch)
        for losses in (learner.discriminator_losses(batch, outputs), learner.generator_losses(batch, outputs)):
            if losses:
                torch.stack(list(losses.values())).sum().backward()
    weights = sum(p.numel() for generator in learner.generators for p in generator.parameters())
    return weights / 1e6, painting.total / options.batch / 1e9, learning.total / options.batch / 1e9


def main() -> None:
    """Read the runs, write the curves, print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    runs = {run.name: run for run in parser.parse_args().runs}

    rows = []
    for name, run in runs.items():
        for line in read_log(run):
            rows += [
                (name, lines, int(line["samples"]), line[f"val/{key}"], line[f"val/ssim_{key.partition('_')[2]}"])
                for key, lines in CURVES.items()
                if f"val/{key}" in line
            ]
    with (HERE / "rivals.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "lines", "samples", "psnr", "ssim"])
        writer.writerows(rows)

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axis, column, title in zip(figure.subplots(1, 2), (3, 4), ("PSNR in the hole (dB)", "SSIM"), strict=True):
        for name, lines in dict.fromkeys(row[:2] for row in rows):
            points = [row for row in rows if row[:2] == (name, lines)]
            label = name if all(row[1] == lines for row in rows if row[0] == name) else f"{name}, {lines}"
            axis.plot([p[2] for p in points], [p[column] for p in points], marker="o", markersize=3, label=label)
        axis.set_xlabel("samples")
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(HERE / "rivals.png", dpi=110, metadata={"Software": None})

    print("| run | weights (millions) | painting a sample (billions) | learning from it (billions) |")
    print("|---|---:|---:|---:|")
    for name, run in runs.items():
        print(f"| {name} | " + " | ".join(f"{value:.3g}" for value in cost(read_options(run))) + " |")


if __name__ == "__main__":
    main()
