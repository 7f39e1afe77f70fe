"""The report's plots, the same bytes each time for the same numbers and the same matplotlib."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inpaint_cli.evaluation.tables import Measure, Table

_DPI = 110


def plot_measures(
    path: Path, table: Table, measures: Sequence[Measure], masks: Sequence[str], columns: Sequence[str]
) -> None:
    """Draw each measure over the bins, a line per column, and a mark for the fixed block; write a PNG."""
    across = 2
    down = -(-len(measures) // across)
    figure = Figure(figsize=(5 * across, 3.4 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False)
    for axis, measure in zip(axes.flat, measures, strict=False):
        for column in columns:
            values = [_number(table[mask, column].mean(measure.name)) for mask in masks]
            (line,) = axis.plot(
                range(len(masks) - 1), values[:-1], marker="o", markersize=3, linewidth=1.2, label=column
            )
            axis.plot(
                len(masks) - 1, values[-1], marker="s", markersize=3, color=line.get_color()
            )  # no bin, but a block
        axis.set_title(measure.title, fontsize=10)
        axis.set_xticks(range(len(masks)), masks)
        axis.set_xlabel("missing, % of the picture")
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(measures) :]:
        axis.remove()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    _save(figure, path)


def plot_sweep(path: Path, sigmas: Sequence[float], values: Sequence[tuple[Measure, list[float], float]]) -> None:
    """Draw measures over Canny's σ with the level without edges as a dashed line (figure 6); write a PNG.

    Args:
        path: the PNG.
        sigmas: of the sweep.
        values: each measure with its value at each σ and its value without edges.
    """
    figure = Figure(figsize=(5 * len(values), 3.4), layout="constrained")
    for axis, (measure, series, without) in zip(
        figure.subplots(1, len(values), squeeze=False).flat, values, strict=True
    ):
        _sweep(axis, sigmas, series, without)
        axis.set_ylabel(measure.title)
    _save(figure, path)


def _sweep(axis: Axes, sigmas: Sequence[float], series: list[float], without: float) -> None:
    axis.plot(sigmas, series, marker="o", markersize=3, linewidth=1.2, label="G1's edges")
    axis.axhline(without, linestyle="--", linewidth=1, color="grey", label="no edges")
    axis.set_xlabel("Canny's σ (pixels)")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(
        path, dpi=_DPI, metadata={"Software": None}
    )  # no version inside, so that equal plots are equal files
