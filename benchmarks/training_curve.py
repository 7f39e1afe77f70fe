"""Draw what training runs gained: PSNR in the hole on the validation photos over the samples that G2 had seen.

    python benchmarks/training_curve.py RUN [RUN ...] -o benchmarks/training

writes OUTPUT.csv and OUTPUT.png. Runs given one after the other are stages of one training: their samples add up.
"""

import argparse
import csv
from pathlib import Path

import matplotlib as mpl

from inpaint_cli.training.run_folder import read_log

mpl.use("Agg")
import matplotlib.pyplot as plt

LINES = {"none": "no lines in the hole", "g1": "G1's lines", "canny": "the true lines"}


def read_curve(runs: list[Path]) -> list[dict[str, float]]:
    """Return the validations of runs, `samples` and `minutes` counted through."""
    rows: list[dict[str, float]] = []
    samples = minutes = 0.0
    for run in runs:
        log = read_log(run)
        for line in log:
            if any(name.startswith("val/psnr") for name in line):
                values = {name.removeprefix("val/"): value for name, value in line.items() if name.startswith("val/")}
                here = {"samples": int(samples + line["samples"]), "minutes": round(minutes + line["seconds"] / 60, 1)}
                rows.append(here | values)
        samples, minutes = samples + log[-1]["samples"], minutes + log[-1]["seconds"] / 60
    return rows


def main() -> None:
    """Read the runs, write the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True, help="without suffix")
    arguments = parser.parse_args()
    rows = read_curve(arguments.runs)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with arguments.output.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, pair in zip(axes, (("none", "g1"), ("canny",)), strict=True):  # 2.5 dB apart
        for lines in pair:
            points = [(row["samples"], row[f"psnr_{lines}"]) for row in rows if f"psnr_{lines}" in row]
            axis.plot(*zip(*points, strict=True), marker=".", label=LINES[lines])
        axis.set(xlabel="samples seen", ylabel="PSNR in the hole (dB)")
        axis.legend()
    figure.savefig(arguments.output.with_suffix(".png"), dpi=80)


if __name__ == "__main__":
    main()
