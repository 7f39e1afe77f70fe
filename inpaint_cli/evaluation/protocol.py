"""The evaluation loop: photos × bins × columns, a batch of photos at a time, with results in the journal."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inpaint_cli.devices import choose_device
from inpaint_cli.errors import PhotoError
from inpaint_cli.evaluation import learned, mask_bins, methods, photos
from inpaint_cli.evaluation.cases import HoledPhoto, PictureColumn
from inpaint_cli.evaluation.journal import TRUTH, Case, Journal
from inpaint_cli.evaluation.learned import Learned
from inpaint_cli.evaluation.mask_bins import Holes
from inpaint_cli.evaluation.methods import Column, FillColumn, Sweep
from inpaint_cli.evaluation.metrics import compare
from inpaint_cli.evaluation.rival_fill import RivalFill
from inpaint_cli.evaluation.settings import Settings
from inpaint_cli.pipeline import EdgeConnect

Picture = NDArray[np.uint8]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """The inputs of an evaluation, known before the first photo is read.

    Attributes:
        settings: what was asked for.
        photos: names inside `settings.data`.
        holes: which photo gets which hole.
        models: in the order of `--weights`.
        columns: of the table.
        sweep: figure 6's, if it was asked for.
        learned: FID's and LPIPS's networks, or the reasons why they are missing.
    """

    settings: Settings
    photos: list[str]
    holes: Holes
    models: list[EdgeConnect]
    columns: list[Column]
    sweep: Sweep | None
    learned: Learned

    @property
    def groups(self) -> list[tuple[str, Column]]:
        """Bin and column of everything that is measured on each batch of photos."""
        swept = self.sweep.columns if self.sweep else []
        return [*product(self.holes.labels, self.columns), *((self.sweep_mask, column) for column in swept)]

    @property
    def sweep_mask(self) -> str:
        """The bin that a sweep is measured in, the second of Table 1's if there is one."""
        labels = self.holes.labels
        return "20-30" if "20-30" in labels else labels[0]

    @property
    def rivals(self) -> dict[str, str]:
        """The sha256 of each rival's weights, by its heading."""
        return {
            column.name: column.fill.sha256
            for column in self.columns
            if isinstance(column, FillColumn) and isinstance(column.fill, RivalFill)
        }

    @property
    def work(self) -> int:
        """The number of cases, for a progress bar."""
        return len(self.photos) * len(self.groups)

    def run(self) -> dict[str, Any]:
        """Return everything that determines the numbers, as JSON stores it."""
        settings = self.settings
        return {
            "photos": self.photos,
            "masks": {label: [path.name for path in paths] for label, paths in (self.holes.folder or {}).items()},
            "columns": list(dict.fromkeys(column.name for _, column in self.groups)),
            "weights": [each.model.sha256 for each in self.models],
            "rivals": list(self.rivals.values()),
            "pictures": {c.name: list(c.sizes()) for c in self.columns if isinstance(c, PictureColumn)},
            "fid weights": self.learned.fid_sha256,
            "size": settings.size,
            "seed": settings.seed,
            "batch": settings.batch,
            "device": str(self.learned.device),
            "dtype": settings.dtype,
            "backend": settings.settled_backend,
            "not available": sorted(self.learned.missing),
        }


def prepare(settings: Settings) -> Plan:
    """Find the photos, the masks, the models and the measures.

    Raises:
        UsageError: there are no photos, a folder of pictures is incomplete, or the device is not available.
        WeightsError: a model, a rival or the named Inception can't be obtained.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    names = photos.find(settings.data)
    folder = mask_bins.sort_masks(settings.masks, settings.size) if settings.masks else None
    holes = Holes(settings.size, settings.seed, folder)
    models = methods.load_models(settings)
    return Plan(
        settings=settings,
        photos=names,
        holes=holes,
        models=models,
        columns=methods.columns(settings, models, names, holes),
        sweep=methods.sweep(models[0], settings.sigmas) if settings.sigmas else None,
        learned=learned.load(
            choose_device(settings.device), offline=settings.offline, fid_weights=settings.fid_weights
        ),
    )


def measure(plan: Plan, journal: Journal, advance: Callable[[int], None]) -> None:
    """Measure what the journal does not have yet. A photo that can't be read is logged, recorded and left out.

    Args:
        plan: what to measure.
        journal: takes the results.
        advance: called with a number of cases whenever they are done.
    """
    for number, start in enumerate(range(0, len(plan.photos), plan.settings.batch)):
        names = plan.photos[start : start + plan.settings.batch]
        todo = [(mask, column) for mask, column in plan.groups if not journal.done(number, mask, column.name)]
        advance(len(names) * (len(plan.groups) - len(todo)))
        if not todo:
            continue
        truths = dict(_read(plan.settings, names, journal))
        if truths and plan.learned.inception:
            journal.add_features(number, TRUTH, TRUTH, plan.learned.features(list(truths.values())))
        for mask, column in todo:
            if truths:
                _measure_group(plan, journal, number, mask, column, truths)
            advance(len(names))


def _read(settings: Settings, names: Sequence[str], journal: Journal) -> Iterator[tuple[str, Picture]]:
    for name in names:
        try:
            yield name, photos.load(settings.data / name, settings.size)
        except PhotoError as error:
            _log.error("%s", error)
            journal.fail(name)


def _measure_group(
    plan: Plan, journal: Journal, number: int, mask: str, column: Column, truths: dict[str, Picture]
) -> None:
    _log.info("%s, holes of %s: %s", column.name, mask, ", ".join(truths))
    holed = [HoledPhoto(name, mask, truth, plan.holes.hole(mask, name)) for name, truth in truths.items()]
    filled = column.run(holed)
    rows = [asdict(compare(case.truth, picture, case.hole)) for case, picture in zip(holed, filled, strict=True)]
    if plan.learned.alexnet:
        for row, distance in zip(rows, plan.learned.lpips(list(truths.values()), filled), strict=True):
            row["lpips"] = distance
    features = plan.learned.features(filled) if plan.learned.inception else None
    cases = [
        Case(case.photo, mask, column.name, float(case.hole.mean()), row) for case, row in zip(holed, rows, strict=True)
    ]
    journal.add(number, cases, features)
