"""`inpaint evaluate`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from inpaint_cli.cli import shared
from inpaint_cli.cli.limits import WITH_TORCH, check_memory
from inpaint_cli.errors import ExitCode, InpaintError, UsageError, install_command
from inpaint_cli.evaluation.settings import SIGMA_STEP, Candidate, Settings
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, Rival

_MEASURED = "What is measured"
_SMALLEST = 64  # the least that AlexNet takes, for LPIPS

Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", rich_help_panel=shared.FILES, help="Undamaged photos; sub-folders are searched too."
    ),
]
Report = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", rich_help_panel=shared.FILES, help="The folder for the report."),
]
ExportCases = Annotated[
    Path | None,
    typer.Option(
        "--export-cases",
        metavar="DIR",
        rich_help_panel=shared.FILES,
        help="Write every photo with each of its holes, and the masks, for another program to fill; "
        "without --output nothing else is done.",
    ),
]
Masks = Annotated[
    Path | None,
    typer.Option(
        "--masks",
        metavar="DIR",
        rich_help_panel=_MEASURED,
        help="Masks (white = missing) to sort by their ratio into 10-20, 20-30, 30-40 and 40-50 %. "
        "Not given: irregular ones made from the seed.",
    ),
]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="METHOD|RIVAL=FOLDER",
        rich_help_panel=_MEASURED,
        help="A column of the table; may be given several times. edgeconnect: G1 and G2 on the whole picture. canny: "
        "G2 along the true photo's edges. no-edges: G2 without any. pipeline: what `inpaint inpaint` does. "
        "telea, navier-stokes, patchmatch: the classical methods. ca=FOLDER, glcic=FOLDER, pconv=FOLDER: a rival "
        "that `inpaint train --stage rival` trained and `inpaint weights export` wrote. Not given: all but the rivals.",
    ),
]
Pictures = Annotated[
    list[str] | None,
    typer.Option(
        "--pictures",
        metavar="NAME=DIR",
        rich_help_panel=_MEASURED,
        help="A column for the pictures that another program made of --export-cases, under the same file names; "
        "may be given several times.",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--weights",
        metavar="NAME|DIR|hf:USER/REPO",
        rich_help_panel=shared.MODEL,
        help=f"A model; given several times, each has columns of its own. Not given: {DEFAULT_WEIGHTS}.",
    ),
]
SweepSigma = Annotated[
    str | None,
    typer.Option(
        "--sweep-sigma",
        metavar="FROM..TO",
        rich_help_panel=_MEASURED,
        help=f"Also measure the effect of Canny's sigma, in steps of {SIGMA_STEP:g} (0.5..5 is the paper's figure 6).",
    ),
]
Size = Annotated[
    int,
    typer.Option(
        "--size",
        metavar="PIXELS",
        min=_SMALLEST,
        rich_help_panel=_MEASURED,
        help="Side of the square that photos are cropped and scaled to.",
    ),
]
Batch = Annotated[
    int,
    typer.Option(
        "--batch", metavar="N", min=1, rich_help_panel=shared.MODEL, help="Photos that go through a network together."
    ),
]
EvaluationBackend = Annotated[
    Backend,
    typer.Option(
        "--backend",
        rich_help_panel=shared.MODEL,
        help="What runs the networks; auto takes torch, whose passes are the fastest.",
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        rich_help_panel=_MEASURED,
        help="Download no Inception and AlexNet; without them FID and LPIPS are reported as not available.",
    ),
]
FidWeights = Annotated[
    Path | None,
    typer.Option(
        "--fid-weights",
        metavar="FILE",
        rich_help_panel=_MEASURED,
        help="FID's Inception as TorchScript, such as inception-2015-12-05.pt; it needs no torchvision. It is "
        "executable code: use only a file from a trusted source.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", rich_help_panel=shared.FILES, help="Go on with the stopped run in the report's folder."),
]


def evaluate(
    *,
    data: Data,
    report: Report = None,
    export_cases: ExportCases = None,
    masks: Masks = None,
    method: Methods = None,
    pictures: Pictures = None,
    sweep_sigma: SweepSigma = None,
    size: Size = Settings.size,
    offline: Offline = False,
    fid_weights: FidWeights = None,
    resume: Resume = False,
    overwrite: shared.Overwrite = False,
    weights: Models = None,
    weights_file: shared.WeightsFile = None,
    device: shared.Device = Settings.device,
    dtype: shared.Dtype = Settings.dtype,
    backend: EvaluationBackend = Settings.backend,
    batch: Batch = Settings.batch,
    threads: shared.Threads = None,
    seed: shared.Seed = Settings.seed,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    debug: shared.Debug = False,
) -> int:
    """Measure how well holes in your photos are filled: l1, SSIM, PSNR, LPIPS and FID per share that is missing.

    Compares the model with classical methods, and with what else you name, as the paper's Table 1 does.
    Writes a report with tables, plots and pictures. Two runs write the same bytes.
    """
    methods, rivals = _methods(method)
    if export_cases is not None:
        failed = _export(export_cases, data, masks, size=size, seed=seed, overwrite=overwrite or resume)
        if report is None:
            return ExitCode.FAILED if failed else ExitCode.OK
    if report is None:
        raise UsageError("--output is missing: a folder for the report; or give --export-cases")
    for package in ("torchmetrics", "matplotlib"):
        if find_spec(package) is None:
            raise InpaintError(f"{package} is not installed, which evaluations need: {install_command('evaluate')}")
    check_memory(WITH_TORCH)
    settings = Settings(
        data=data,
        report=report,
        masks=masks,
        methods=methods,
        rivals=rivals,
        pictures=_pictures(pictures or [], {*methods, *Rival}),
        weights=tuple(dict.fromkeys(weights or [DEFAULT_WEIGHTS])),
        weights_file=weights_file,
        sigmas=_sigmas(sweep_sigma),
        size=size,
        seed=seed,
        batch=batch,
        device=device,
        dtype=dtype,
        backend=backend,
        threads=threads,
        offline=offline,
        fid_weights=fid_weights,
        resume=resume,
        overwrite=overwrite,
    )
    return ExitCode.FAILED if _run(settings, quiet) else ExitCode.OK


def _methods(given: list[str] | None) -> tuple[tuple[Candidate, ...], tuple[tuple[Rival, Path], ...]]:
    """Return the methods and the rivals with their folders that `--method` names, each once."""
    methods: list[Candidate] = []
    rivals: list[tuple[Rival, Path]] = []
    for word in given or list(Candidate):
        name, is_rival, folder = word.partition("=")
        if not is_rival and name in set(Candidate):
            methods.append(Candidate(name))
        elif folder and name in set(Rival):
            rivals.append((Rival(name), Path(folder)))
        else:
            known = ", ".join([*Candidate, *(f"{rival}=FOLDER" for rival in Rival)])
            raise UsageError(f"--method {word}: one of {known}")
    return tuple(dict.fromkeys(methods)), tuple(dict.fromkeys(rivals))


def _pictures(given: list[str], taken: set[str]) -> tuple[tuple[str, Path], ...]:
    """Return the headings and folders that `--pictures` names."""
    found: dict[str, Path] = {}
    for word in given:
        name, _, folder = word.partition("=")
        if not name or not folder:
            raise UsageError(f"--pictures {word}: a heading and a folder, as in lama=results")
        if name in taken or name in found:
            raise UsageError(f"--pictures {word}: there is a column {name} already; choose another heading")
        found[name] = Path(folder)
    return tuple(found.items())


def _export(folder: Path, data: Path, masks: Path | None, *, size: int, seed: int, overwrite: bool) -> list[str]:
    """Write the cases and return the photos that could not be read."""
    from inpaint_cli.evaluation.cases import export  # noqa: PLC0415
    from inpaint_cli.evaluation.mask_bins import Holes, sort_masks  # noqa: PLC0415

    holes = Holes(size, seed, sort_masks(masks, size) if masks else None)
    return export(folder, data, holes, overwrite=overwrite)


def _sigmas(sweep: str | None) -> tuple[float, ...]:
    """Return the values of `FROM..TO`, none for None."""
    if sweep is None:
        return ()
    first, dots, last = sweep.partition("..")
    try:
        low, high = float(first), float(last)
    except ValueError:
        low, high = 0.0, 0.0
    if not dots or not 0.1 <= low <= high <= 20:
        raise UsageError(f"--sweep-sigma {sweep}: two numbers from 0.1 to 20 with two dots between, as in 0.5..5")
    return tuple(low + SIGMA_STEP * step for step in range(int((high - low) / SIGMA_STEP + 1e-9) + 1))


def _run(settings: Settings, quiet: bool) -> list[str]:
    """Evaluate with a progress bar on standard error, if that is a terminal; return the photos left out."""
    from inpaint_cli.evaluation.report import evaluate as run  # noqa: PLC0415
    from inpaint_cli.progress import progress_bar  # noqa: PLC0415 - rich

    with progress_bar("measuring", shown=not quiet) as progress:

        def start(cases: int) -> Callable[[int], None]:
            task = progress.add_task("", total=cases, note="")
            return lambda done: progress.advance(task, done)

        return run(settings, start)
