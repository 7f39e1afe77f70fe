"""The report: a folder with report.md, both tables as CSV, plots and pictures; the same bytes for the same run."""

import logging
import platform
from collections.abc import Callable, Iterator
from importlib import metadata

from inpaint_cli import __version__
from inpaint_cli.errors import OutputError, PhotoError
from inpaint_cli.evaluation import learned, plots, sheets, tables
from inpaint_cli.evaluation.journal import TRUTH, Journal
from inpaint_cli.evaluation.methods import Column, Sweep, model_titles
from inpaint_cli.evaluation.protocol import Plan, measure, prepare
from inpaint_cli.evaluation.settings import Settings
from inpaint_cli.evaluation.tables import MEASURES, PAPER, Measure, Table

_log = logging.getLogger(__name__)

_PACKAGES = (
    "torch",
    "numpy",
    "scikit-image",
    "torchmetrics",
    "opencv-python-headless",
    "pypatchmatch",
    "scipy",
    "pillow",
    "matplotlib",
)

_DEFINITIONS = """\
- Photos are cropped to their central square and scaled to {size}×{size} (Lanczos, by Pillow). A method is handed the
  photo with a white hole; `canny` alone sees the whole photo, because it takes its edges there.
- **l1**, **SSIM** and **PSNR** are the paper's, as its authors' script computes them: on grey pictures (0.2125 R +
  0.7154 G + 0.0721 B, in [0, 1]), over the whole merged picture, known pixels included; means over the photos.
  l1 is relative: 100 Σ|a − b| / Σ(a + b). SSIM and PSNR are scikit-image's `structural_similarity` (data range 1,
  Gaussian window of 11×11 with σ = 1.5, population covariance, as Wang et al. 2004) and `peak_signal_noise_ratio`
  (data range 1). The paper gives SSIM's window as 11; the authors' script has a uniform one of 51.
- **PSNR in the hole** is `peak_signal_noise_ratio` of the missing pixels alone, RGB, data range 255.
- **LPIPS** is torchmetrics' (AlexNet, RGB in [0, 1]). **FID** is torchmetrics' over the 2048 features of an Inception
  (RGB uint8): torch-fidelity's, bilinear to 299×299, or the file of `--fid-weights`. With a few dozen photos it only
  ranks the columns of one table.
- The paper's columns, in italics, come from its Table 1: Places2, its own irregular masks, networks trained on
  millions of photos. They say what the measures look like there, not who is better here."""
_FILES = ("report.md", "cases.csv", "table.csv", "measures.png", "cases.jpg", "sigma.png", "sigma.jpg")
_SWEPT = ("psnr", "psnr_hole", "fid")
_FIXED = "`fixed` is the block of half the side in the centre"


def evaluate(settings: Settings, start: Callable[[int], Callable[[int], None]]) -> list[str]:
    """Measure and write the report.

    Args:
        settings: what to measure and where to write.
        start: called once with the number of cases; returns what is called with a number of cases when they are done.

    Returns:
        The photos that could not be read and were left out.

    Raises:
        OutputError: the folder holds a report already.
        PhotoError: not one photo could be read.
        UsageError, WeightsError: see `protocol.prepare` and `journal.Journal`.
    """
    _check_folder(settings)
    plan = prepare(settings)
    journal = Journal(settings.report, plan.run(), resume=settings.resume)
    measure(plan, journal, start(plan.work))
    if len(journal.failed) == len(plan.photos):
        journal.remove()
        raise PhotoError(f"{settings.data}: none of its {len(plan.photos)} pictures could be read")
    write(plan, journal)
    journal.remove()
    if journal.failed:
        _log.warning("%d of %d photos are not in the report", len(journal.failed), len(plan.photos))
    return journal.failed


def write(plan: Plan, journal: Journal) -> None:
    """Write the report of a finished journal into `plan.settings.report`."""
    folder = plan.settings.report
    for name in _FILES:  # a report without a sweep must not keep the files of an older one
        (folder / name).unlink(missing_ok=True)
    table = tables.average(journal.cases())
    if "fid" not in plan.learned.missing:
        for (mask, column), cell in table.items():
            if cell.cases > 1:
                cell.fid = learned.frechet_distance(journal.features(TRUTH, TRUTH), journal.features(mask, column))
    measured = [m for m in MEASURES if m.name not in plan.learned.missing]
    names = [column.name for column in plan.columns]
    per_case = [m for m in measured if m.name != "fid"]
    tables.write_cases(folder / "cases.csv", journal.cases(), per_case)
    tables.write_table(folder / "table.csv", table)
    plots.plot_measures(folder / "measures.png", table, measured, plan.holes.labels, names)
    sheets.write_cases(folder / "cases.jpg", plan, sheets.pick(journal.cases(), names[0]))
    if plan.sweep:
        shown = [m for m in measured if m.name in _SWEPT]
        plots.plot_sweep(folder / "sigma.png", plan.settings.sigmas, _curves(plan, plan.sweep, table, shown))
        readable = [name for name in plan.photos if name not in journal.failed]
        sheets.write_strip(folder / "sigma.jpg", plan, sheets.spread(readable))
    text = "\n".join(_lines(plan, journal, table))
    (folder / "report.md").write_text(text + "\n", encoding="utf-8")


def _check_folder(settings: Settings) -> None:
    """Make the report's folder, or raise OutputError before any work is done."""
    folder = settings.report
    stopped = settings.resume and Journal.exists(folder)
    if (folder / "report.md").exists() and not settings.overwrite and not stopped:
        raise OutputError(f"{folder}: holds a finished report; --overwrite replaces it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: can't be made ({error.strerror}); name another folder with -o") from error


def _curves(plan: Plan, sweep: Sweep, table: Table, measures: list[Measure]) -> list[plots.Curves]:
    def value(column: Column, measure: Measure) -> float | None:
        return table[plan.sweep_mask, column.name].mean(measure.name)

    return [
        plots.Curves(
            m,
            {source: [value(column, m) for column in columns] for source, columns in sweep.series.items()},
            value(sweep.without, m),
        )
        for m in measures
    ]


def _lines(plan: Plan, journal: Journal, table: Table) -> Iterator[str]:
    names = [column.name for column in plan.columns]
    yield "# Evaluation"
    yield ""
    yield from _setup(plan, journal)
    for m in MEASURES:
        yield from ("", f"## {m.title}", "")
        if m.name in plan.learned.missing:
            yield f"{plan.learned.missing[m.name]}."
        shown = [] if m.name in plan.learned.missing else names
        rows = list(tables.markdown(m, table, plan.holes.labels, shown))
        yield from ["", *rows] if rows and not shown else rows
    yield from ("", f"*In italics: {PAPER}; other photos, other masks, other training.*")
    yield from ("", "![The measures over the share that is missing](measures.png)")
    yield from ("", "## Best, median and worst", "")
    yield f"Ranked by the PSNR in the hole of `{names[0]}`, one case per photo."
    yield from ("", "![Contact sheet](cases.jpg)")
    if plan.sweep:
        yield from _sweep_lines(plan, plan.sweep, table)
    yield from ("", "## Definitions", "", _DEFINITIONS.format(size=plan.settings.size))
    versions = [f"inpaint {__version__}", f"Python {platform.python_version()}"]
    versions += [f"{package} {_version(package)}" for package in _PACKAGES]
    yield from ("", "## Versions", "", ", ".join(versions) + ".")


def _setup(plan: Plan, journal: Journal) -> Iterator[str]:
    settings = plan.settings
    yield from ("```", settings.command, "```", "")
    measured = len(plan.photos) - len(journal.failed)
    yield f"- {measured} photos, {settings.size}×{settings.size} pixels, seed {settings.seed}"
    if journal.failed:
        yield f"- left out, because they could not be read: {', '.join(f'`{name}`' for name in journal.failed)}"
    if settings.masks:
        counts = ", ".join(f"{len(paths)} of {label} %" for label, paths in (plan.holes.folder or {}).items())
        yield f"- masks from the folder `{settings.masks.name}`: {counts}; {_FIXED}"
    else:
        yield f"- irregular masks made from the seed, by their share of the picture; {_FIXED}"
    computed = f"{plan.learned.device.type} by {settings.settled_backend}"
    yield f"- networks on {computed}, {settings.dtype}, in batches of {settings.batch}"
    for title, each in zip(model_titles(plan.models), plan.models, strict=True):
        for part, digest in each.model.sha256.items():
            yield f"- `{title}`, {part}: sha256 `{digest}`"
    for name, digest in plan.rivals.items():
        yield f"- `{name}`: sha256 `{digest}`"
    for name, _ in settings.pictures:
        yield f"- `{name}`: another program's pictures; what they show in the hole, the true photo around it"
    if plan.learned.fid_sha256:
        yield f"- FID's Inception: sha256 `{plan.learned.fid_sha256}`"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # a module of another distribution, such as cv2
        return "(unknown)"


def _sweep_lines(plan: Plan, sweep: Sweep, table: Table) -> Iterator[str]:
    curves = _curves(
        plan, sweep, table, [m for m in MEASURES if m.name in _SWEPT and m.name not in plan.learned.missing]
    )
    sources = list(sweep.series)
    headings = [f"{each.measure.title}, {source}" for each in curves for source in sources]
    yield from ("", "## Canny's σ (the paper's figures 6 and 7)", "")
    yield f"`{model_titles(plan.models)[0]}`, holes of {plan.sweep_mask} %, in them G1's edges or the true photo's."
    if "fid" in plan.learned.missing:
        yield f"FID is {plan.learned.missing['fid']}."
    yield from ("", "| σ | " + " | ".join(headings) + " |", "|---|" + "---:|" * len(headings))
    for place, sigma in enumerate(plan.settings.sigmas):
        cells = [
            tables.as_text(each.series[source][place], each.measure.decimals) for each in curves for source in sources
        ]
        yield f"| {sigma:g} | " + " | ".join(cells) + " |"
    cells = [tables.as_text(each.without, each.measure.decimals) for each in curves for _ in sources]
    yield "| no edges | " + " | ".join(cells) + " |"
    yield from (
        "",
        "![Measures over σ](sigma.png)",
        "",
        "![Edges and pictures at three σ and without edges](sigma.jpg)",
    )
