"""The report's plots, the same bytes each time for the same numbers and the same matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
            )  # the fixed block is no bin
        axis.set_title(measure.title, fontsize=10)
        axis.set_xticks(range(len(masks)), masks)
        axis.set_xlabel("missing, % of the picture")
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(measures) :]:
        axis.remove()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    _save(figure, path)


@dataclass(frozen=True)
class Curves:
    """A measure over Canny's σ.

    Attributes:
        measure: which.
        series: its value at each σ, by the source of the edges in the hole.
        without: its value without edges there.
    """

    measure: Measure
    series: dict[str, list[float | None]]
    without: float | None


def plot_sweep(path: Path, sigmas: Sequence[float], measures: Sequence[Curves]) -> None:
    """Draw measures over Canny's σ with the level without edges as a dashed line (figure 6); write a PNG."""
    figure = Figure(figsize=(5 * len(measures), 3.4), layout="constrained")
    for axis, curves in zip(figure.subplots(1, len(measures), squeeze=False).flat, measures, strict=True):
        for source, values in curves.series.items():
            axis.plot(sigmas, [_number(v) for v in values], marker="o", markersize=3, linewidth=1.2, label=source)
        axis.axhline(_number(curves.without), linestyle="--", linewidth=1, color="grey", label="no edges")
        axis.set_ylabel(curves.measure.title)
        axis.set_xlabel("Canny's σ (pixels)")
        axis.ticklabel_format(useOffset=False)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    _save(figure, path)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(
        path, dpi=_DPI, metadata={"Software": None}
    )  # no version in the metadata, so that equal plots are equal files
