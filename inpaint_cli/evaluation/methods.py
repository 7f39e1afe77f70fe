"""All methods behind one interface: batches of damaged pictures and their holes in, filled pictures out."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.crops import Crop
from inpaint_cli.evaluation.cases import HoledPhoto, PictureColumn
from inpaint_cli.evaluation.mask_bins import Holes
from inpaint_cli.evaluation.rival_fill import RivalFill
from inpaint_cli.evaluation.settings import Candidate, Settings
from inpaint_cli.imaging import classical
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.io.sketches import EdgeMap
from inpaint_cli.options import FillOptions, Lines, Method
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.results import InpaintResult
from inpaint_cli.weights.registry import resolve

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Edges = NDArray[np.float32]


class Column(Protocol):
    """A column of the table."""

    name: str  # its heading, also in the files

    def run(self, cases: Sequence[HoledPhoto]) -> list[Picture]:
        """Return the photos with their holes filled, RGB, H×W×3 uint8 each; known pixels keep their values."""

    def edge_maps(self, cases: Sequence[HoledPhoto]) -> list[Edges] | None:
        """Return the edges painted along, H×W in [0, 1] each, or None."""


class BatchFill(Protocol):
    """A batch of pictures with holes to pictures without: RGB, H×W×3 uint8 each; known pixels keep their values."""

    def __call__(self, images: Sequence[Picture], holes: Sequence[Mask], /) -> list[Picture]:
        """Return the pictures filled."""


@dataclass
class FillColumn:
    """A method that sees only the damaged pictures.

    Attributes:
        name: its heading.
        fill: the method.
    """

    name: str
    fill: BatchFill

    def run(self, cases: Sequence[HoledPhoto]) -> list[Picture]:
        """Return the photos with their holes filled."""
        return self.fill([case.damaged for case in cases], [case.hole for case in cases])

    def edge_maps(self, cases: Sequence[HoledPhoto]) -> None:
        """Return None: it gives no edges."""


@dataclass
class PlainColumn:
    """The pipeline with `plain`: the paper's method on the whole picture.

    Attributes:
        name: its heading.
        model: G1 and G2.
        options: with `plain`.
        true_edges: paint along the edges of the undamaged photo: the last column of Table 1.
    """

    name: str
    model: EdgeConnect
    options: FillOptions
    true_edges: bool = False

    def run(self, cases: Sequence[HoledPhoto]) -> list[Picture]:
        """Return the photos with their holes filled; G2 paints all of them together."""
        crops = [crop for case in cases for crop in self._find_edges(case)]  # plain: one crop a photo
        crops = self.model.finish(self.model.paint(crops, self.options), self.options)
        pictures = [case.damaged for case in cases]
        for picture, case, crop in zip(pictures, cases, crops, strict=True):
            InpaintResult.of([crop], float(case.hole.mean())).apply(picture)
        return pictures

    def edge_maps(self, cases: Sequence[HoledPhoto]) -> list[Edges]:
        """Return C_comp of each photo, H×W in [0, 1]."""
        return [self.model.join_edges(case.damaged, case.hole, self._find_edges(case), self.options) for case in cases]

    def _find_edges(self, case: HoledPhoto) -> list[Crop]:
        sketch = None
        if self.true_edges:
            true = canny(to_gray(case.truth), None, self.model.sigma(self.options))
            sketch = EdgeMap(true.astype(np.float32))
        return self.model.find_edges(case.damaged, case.hole, self.options, sketch)


def load_models(settings: Settings) -> list[EdgeConnect]:
    """Return the models that the settings' methods need, in the order of `--weights`.

    Raises:
        UsageError: there is no such model, device, precision or backend.
        WeightsError: a model can't be obtained.
    """
    if not settings.needs_model:
        return []
    found = [resolve(weights, weights_file=settings.weights_file) for weights in settings.weights]
    compute = settings.device, settings.dtype, settings.threads
    return [EdgeConnect(model, *compute, backend=settings.settled_backend) for model in found]


def model_titles(models: Sequence[EdgeConnect]) -> list[str]:
    """Return the models' names in the report: for a folder its last part, if that is unique."""
    return _short([each.model.name for each in models])


def _short(names: list[str]) -> list[str]:
    short = [name if name.startswith("hf:") else Path(name).name for name in names]
    return short if len(set(short)) == len(short) else names


def columns(settings: Settings, models: Sequence[EdgeConnect], names: Sequence[str], holes: Holes) -> list[Column]:
    """Return the table's columns: each method that needs a model once for each, then the others.

    Args:
        settings: what is compared.
        models: of `load_models`.
        names: the photos.
        holes: which photo gets which hole.

    Raises:
        UsageError: a rival's folder holds another rival, or pictures of another program are missing.
        WeightsError: a rival's folder holds none.
    """
    result: list[Column] = []
    for method in settings.methods:
        if not method.needs_model:
            fill = partial(classical.fill, method=Method(method), seed=settings.seed)
            result.append(FillColumn(method, _one_by_one(fill, settings)))
            continue
        for title, model in zip(model_titles(models), models, strict=True):
            name = str(method) if len(models) == 1 else f"{method} ({title})"
            result.append(_column(name, method, model, settings))
    titles = _short([str(folder) for _, folder in settings.rivals])
    kinds = [rival for rival, _ in settings.rivals]
    for (rival, folder), title in zip(settings.rivals, titles, strict=True):
        name = str(rival) if kinds.count(rival) == 1 else f"{rival} ({title})"
        result.append(FillColumn(name, RivalFill(rival, folder, settings.device, settings.dtype)))
    result += [PictureColumn(name, folder, settings.data, names, holes) for name, folder in settings.pictures]
    return result


def _column(name: str, method: Candidate, model: EdgeConnect, settings: Settings) -> Column:
    if method is Candidate.PIPELINE:
        return FillColumn(name, _one_by_one(partial(_fill, model, FillOptions(seed=settings.seed)), settings))
    lines = Lines.NONE if method is Candidate.NO_EDGES else Lines.G1
    return PlainColumn(name, model, FillOptions(plain=True, lines=lines), method is Candidate.CANNY)


@dataclass(frozen=True)
class Sweep:
    """Figure 6's columns for a model: G2 along edges of Canny at each σ.

    Attributes:
        series: per source of edges a column for each σ: G1's edges in the hole, then the true photo's.
        without: no edges in the hole, at the model's own σ.
    """

    series: dict[str, list[Column]]
    without: Column

    @property
    def columns(self) -> list[Column]:
        """All of them, each once."""
        return [*(column for columns in self.series.values() for column in columns), self.without]


def sweep(model: EdgeConnect, sigmas: Sequence[float]) -> Sweep:
    """Return the columns of a sweep over the σ of Canny."""

    def along(sigma: float, suffix: str = "", *, true_edges: bool = False) -> Column:
        options = FillOptions(plain=True, lines=Lines.G1, sigma=sigma)
        return PlainColumn(f"σ = {sigma:g}{suffix}", model, options, true_edges)

    guessed = [along(sigma) for sigma in sigmas]
    true = [along(sigma, ", true edges", true_edges=True) for sigma in sigmas]
    without = PlainColumn("no edges", model, FillOptions(plain=True, lines=Lines.NONE))
    return Sweep({"G1's edges": guessed, "true edges": true}, without)


def _one_by_one(fill: Callable[[Picture, Mask], Picture], settings: Settings) -> BatchFill:
    """Return a method for single pictures as one for batches, which fills them in several threads."""
    workers = min(settings.batch, settings.threads or os.cpu_count() or 1)

    def fill_batch(images: Sequence[Picture], holes: Sequence[Mask], /) -> list[Picture]:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(fill, images, holes))

    return fill_batch


def _fill(model: EdgeConnect, options: FillOptions, image: Picture, hole: Mask) -> Picture:
    result = image.copy()
    model.fill(image, hole, options).apply(result)
    return result
