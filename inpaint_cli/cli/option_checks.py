"""Warnings about options that have no effect together with the others."""

import logging
from collections.abc import Iterable, Sequence

from inpaint_cli.options import EdgesMode, FillOptions, Ink, Lines, Method, Painter

logger = logging.getLogger(__name__)

NO_LINES = "--edges none"

_OF_WINDOWS = ("--grow", "--feather", "--size", "--context", "--guide")
_OF_FINISHING = ("--no-texture", "--no-harmonise")
_OF_LINES = ("--edges", "--edges-from", "--edges-mode", "--ink", "--lines", "--sigma", "--painter", "--guide")


def warn_unused(options: FillOptions, usual_grow: int | None = 0, sources: Sequence[str] | None = None) -> None:
    """Warn of every option that has no effect with the others.

    Args:
        options: what was chosen.
        usual_grow: the command's own default of `--grow`.
        sources: the options that say where lines come from: `--edges`, `--edges-from`, `NO_LINES`; None where that
            is unknown or there are none.
    """
    given = set(sources or ())
    known = sources is not None
    wanted = {*_given(options, usual_grow), *given}
    rules = (
        (options.plain, "with --plain", (*_OF_WINDOWS, *_OF_FINISHING, "--seed")),
        (
            options.method is not Method.EDGECONNECT,
            f"with --method {options.method}",
            (*_OF_LINES, *_OF_FINISHING, "--size"),
        ),
        (options.method in {Method.TELEA, Method.NAVIER_STOKES}, f"with --method {options.method}", ("--seed",)),
        (not options.texture and options.method is Method.EDGECONNECT, "with --no-texture", ("--guide", "--seed")),
        (options.grow == 0, "with --grow 0: there is no rim to blend", ("--feather",)),
        (known and given <= {NO_LINES}, "without a sketch", ("--edges-mode",)),
        (known and "--edges" not in given, "without a sketch", ("--ink",)),
        (NO_LINES in given, f"with {NO_LINES}", ("--lines",)),
    )
    for applies, when, idle in rules:
        if applies:
            _warn(wanted.intersection(idle), when)
            wanted -= set(idle)  # one reason is enough


def warn_unused_without_mask(options: FillOptions, *, invert_mask: bool) -> None:
    """Warn of every option that is about the hole of a photo that has none."""
    _warn({*_given(options, 0), *(["--invert-mask"] if invert_mask else [])} - {"--sigma"}, "without a mask")


def warn_without_patches(options: FillOptions) -> None:
    """Warn of `--not-from` where nothing is copied."""
    copies = options.method is Method.PATCHMATCH or (options.method is Method.EDGECONNECT and options.texture)
    if options.plain or not copies:
        _warn(["--not-from"], "where no patches are copied: with --plain, --no-texture or that --method")


def _warn(options: Iterable[str], when: str) -> None:
    for option in sorted(options):
        logger.warning("%s changes nothing %s", option, when)


def _given(options: FillOptions, usual_grow: int | None) -> Iterable[str]:
    """Yield the options set to non-default values."""
    asked = {
        "--grow": options.grow not in {usual_grow, 0},
        "--feather": bool(options.feather),
        "--size": options.size is not None,
        "--context": options.context != FillOptions.context,
        "--guide": bool(options.guide),
        "--sigma": options.sigma is not None,
        "--lines": options.lines not in {Lines.AUTO, Lines.NONE},
        "--painter": options.painter is not Painter.AUTO,
        "--edges-mode": options.edges_mode is EdgesMode.ADD,
        "--ink": options.ink is not Ink.AUTO,
        "--no-texture": not options.texture,
        "--no-harmonise": not options.harmonise,
        "--seed": options.seed != FillOptions.seed,
    }
    return (option for option, is_asked in asked.items() if is_asked)
