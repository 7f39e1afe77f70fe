"""The progress bar of every command: on standard error, on a terminal only."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def progress_bar(label: str, *, shown: bool) -> Progress:
    """Return a bar with the number done, a note, the time and the time left; tasks have a field `note`.

    Args:
        label: what is going on.
        shown: whether the user wants to see it; it is drawn on a terminal only.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    return Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
        refresh_per_second=4,
        redirect_stdout=False,
        transient=True,
    )
