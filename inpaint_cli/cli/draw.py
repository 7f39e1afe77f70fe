"""`inpaint draw`: mask, lines and result in the browser."""

import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from inpaint_cli.batch.job import NO_EDGES, Job, Request
from inpaint_cli.cli import fill_options, shared
from inpaint_cli.cli.limits import check_memory
from inpaint_cli.cli.option_checks import NO_LINES, warn_unused
from inpaint_cli.cli.runs import import_numpy
from inpaint_cli.errors import ExitCode, UsageError, reason
from inpaint_cli.io.boxes import parse_box
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.locations import locate
from inpaint_cli.options import DEFAULT_WEIGHTS, Backend, Dtype, EdgesMode, FillOptions, Ink, Lines, Method, Painter

if TYPE_CHECKING:
    from inpaint_cli.draw.session import Session

PAGE = "Page"
# Options that the saved files or the page replace, and options without influence on the pixels.
_NOT_REPEATED = frozenset(
    {"images", "mask", "box", "mask_alpha", "invert_mask", "edges", "seed", "output", "overwrite"}
    | {"port", "no_browser", "quiet", "verbose", "debug"}
)

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="N",
        min=1024,
        max=65535,
        rich_help_panel=PAGE,
        help="The local port of the page, for example for a tunnel; a free one if not given.",
    ),
]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", rich_help_panel=PAGE, help="Only print the address; do not open a browser.")
]


def draw(
    call: typer.Context,
    images: shared.Images = None,
    mask: fill_options.Masks = None,
    box: fill_options.Boxes = None,
    mask_alpha: fill_options.MaskAlpha = False,
    invert_mask: fill_options.InvertMask = False,
    grow: fill_options.Grow = fill_options.AUTO,
    feather: fill_options.Feather = None,
    edges: fill_options.Edges = None,
    edges_from: fill_options.EdgesFrom = None,
    edges_mode: fill_options.EdgesModeOption = EdgesMode.REPLACE,
    ink: fill_options.InkOption = Ink.AUTO,
    lines: fill_options.LinesOption = Lines.AUTO,
    sigma: fill_options.Sigma = None,
    method: fill_options.MethodOption = Method.EDGECONNECT,
    painter: fill_options.PainterOption = Painter.AUTO,
    guide: fill_options.Guide = None,
    size: fill_options.Size = None,
    context: fill_options.Context = FillOptions.context,
    no_harmonise: fill_options.NoHarmonise = False,
    no_texture: fill_options.NoTexture = False,
    plain: fill_options.Plain = False,
    output: shared.Output = None,
    overwrite: shared.Overwrite = False,
    port: Port = None,
    no_browser: NoBrowser = False,
    weights: shared.Weights = DEFAULT_WEIGHTS,
    weights_file: shared.WeightsFile = None,
    device: shared.Device = "auto",
    dtype: shared.Dtype = Dtype.AUTO,
    backend: shared.Backend = Backend.AUTO,
    threads: shared.Threads = None,
    seed: shared.Seed = 0,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    debug: shared.Debug = False,
) -> int:
    """Draw mask and lines on a page in the browser, see the result at once, and save what `remove` would write.

    The page is served on this machine, to this machine only; it also saves the mask, the lines, and the command that
    makes the same picture from them. Masks and sketches given by options are its starting point.
    """
    if edges is not None and edges_from is not None:
        raise UsageError("--edges and --edges-from both say where the lines come from; give one")
    if mask_alpha and not mask:
        raise UsageError("--mask-alpha is about a mask file; without --mask, draw the hole on the page")
    options = FillOptions(
        method=method,
        lines=lines,
        painter=painter,
        sigma=sigma,
        edges_mode=edges_mode,
        ink=ink,
        size=size,
        context=context,
        grow=fill_options.parse_grow(grow),
        feather=feather,
        harmonise=not no_harmonise,
        texture=not no_texture,
        guide=guide,
        plain=plain,
        seed=seed,
    )
    sketch, reference = (None if text is None else locate(text) for text in (edges, edges_from))
    request = Request(
        images=tuple(images or ()),
        masks=tuple(map(locate, mask or ())),
        edges=sketch,
        also_read=() if reference is None else (reference,),
        output=output,
    )
    boxes = tuple(parse_box(text) for text in box or [])
    sources = [NO_LINES if sketch == NO_EDGES else "--edges"] if edges is not None else []
    warn_unused(options, None, [*sources, *(["--edges-from"] if edges_from is not None else [])])
    check_memory()
    jobs = _jobs(request)
    _check_extra()
    import_numpy()  # as a run does: the result has to be the same
    from inpaint_cli.draw.session import Session, Settings  # noqa: PLC0415 - numpy and all the rest
    from inpaint_cli.io.masks import MaskOptions  # noqa: PLC0415
    from inpaint_cli.pipeline import EdgeConnect  # noqa: PLC0415

    # As for a single photo: each saved result is reproduced by a command for that photo alone.
    model = EdgeConnect.load(
        weights, device, dtype, weights_file=weights_file, threads=threads, backend=backend, max_concurrent=1
    )
    masks = MaskOptions(invert_mask, mask_alpha, boxes)
    session = Session(Settings(model, options, masks, reference, overwrite, _repeated(call)), jobs)
    return _serve(
        session, len(jobs), port or 0, lambda address: _announce(address, browser=not no_browser, quiet=quiet)
    )


def _serve(session: "Session", photos: int, port: int, announce: Callable[[str], None]) -> int:
    """Serve the page until it finishes or Ctrl-C; return the exit code.

    Args:
        session: what the page works on.
        photos: how many it has; a single one is read while the server is loaded.
        port: to listen on; 0 takes a free one.
        announce: called with the address.
    """
    with ThreadPoolExecutor(1) as pool:
        reading = [pool.submit(session.open, 0)] if photos == 1 else []
        from inpaint_cli.draw.server import bind, serve  # noqa: PLC0415
        from inpaint_cli.draw.worker import Worker  # noqa: PLC0415

        listening = bind(port)
        for photo in reading:
            photo.result()
    worker, code = Worker(), ExitCode.OK
    try:
        serve(session, worker, listening, announce)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    if worker.is_busy:
        _leave(code)
    return code


def _jobs(request: Request) -> list[Job]:
    """Return the photos to draw on, each with where its result goes.

    Raises:
        UsageError: a photo or a result that is no file, or files that make no sense together.
        PhotoError: a picture that serves every photo is not there.
    """
    from inpaint_cli.batch import discovery  # noqa: PLC0415

    try:
        discovery.check_shared(request)
        jobs = list(discovery.plan(request))
    except OSError as error:
        raise UsageError(f"{error.filename}: {reason(error)}") from error
    streams = [*request.masks, *(path for job in jobs for path in (job.photo, job.output, job.edges))]
    if STREAM in streams:
        raise UsageError("-: what is drawn on is read and saved several times; name files")
    return jobs


def _check_extra() -> None:
    """Raise if the packages of the extra are not installed."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"inpaint draw needs {' and '.join(missing)}, which are not installed: pip install 'inpaint-cli[draw]'"
        )


def _repeated(call: typer.Context) -> tuple[tuple[str, ...], ...]:
    """Return the options that `inpaint remove` needs for the same result: those that differ from its defaults."""
    repeated: list[tuple[str, ...]] = []
    for parameter in call.command.params:
        value = call.params.get(parameter.name or "")
        if parameter.name in _NOT_REPEATED or value == parameter.default:
            continue
        repeated.append((parameter.opts[0],) if value is True else (parameter.opts[0], str(value)))
    return tuple(repeated)


def _leave(code: ExitCode) -> NoReturn:
    """End the process at once: a thread inside a library can't be stopped, and Python would abort on it."""
    if code is ExitCode.INTERRUPTED:
        typer.echo("inpaint: interrupted", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _announce(address: str, *, browser: bool, quiet: bool) -> None:
    """Print the address, on standard output, and open it."""
    typer.echo(address)
    if not quiet:
        typer.echo("inpaint: the page ends with Finish, or here with Ctrl-C", err=True)
    if browser:  # a thread: some browsers return only when they are closed
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
