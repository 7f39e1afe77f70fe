"""Every fill behind one small interface: damaged pictures and their holes in, filled pictures out, batch by batch."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.evaluation.settings import Candidate, Settings
from inpaint_cli.imaging import classical
from inpaint_cli.imaging.edges import canny, compose, to_gray
from inpaint_cli.imaging.pixels import to_float32, to_uint8
from inpaint_cli.inference import Networks
from inpaint_cli.options import FillOptions, Method
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.weights.registry import Model, resolve

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Edges = NDArray[np.float32]

# Pictures and holes to C_comp, H×W in [0, 1] each.
EdgeSource = Callable[[Sequence[Picture], Sequence[Mask]], list[Edges]]


class Fill(Protocol):
    """A batch of pictures with holes to pictures without: RGB, H×W×3 uint8 each; known pixels keep their values."""

    def __call__(self, images: Sequence[Picture], holes: Sequence[Mask], /) -> list[Picture]:
        """Return the pictures filled."""


@dataclass(frozen=True)
class Column:
    """A method as it stands in the table.

    Attributes:
        name: its heading, also in the files.
        fill: the method.
        edges: the edges that it paints along, None for a method without.
        sees_truth: it is handed the undamaged photo, because it takes its edges from there.
    """

    name: str
    fill: Fill
    edges: EdgeSource | None = None
    sees_truth: bool = False

    def run(self, truths: Sequence[Picture], holes: Sequence[Mask]) -> list[Picture]:
        """Return the pictures with their holes filled; a method sees in the hole only what it is entitled to."""
        return self.fill(self._inputs(truths, holes), holes)

    def edge_maps(self, truths: Sequence[Picture], holes: Sequence[Mask]) -> list[Edges] | None:
        """Return the edges painted along, H×W in [0, 1] each, or None."""
        return self.edges(self._inputs(truths, holes), holes) if self.edges else None

    def _inputs(self, truths: Sequence[Picture], holes: Sequence[Mask]) -> list[Picture]:
        if self.sees_truth:
            return list(truths)
        return [np.where(hole[..., None], np.uint8(255), truth) for truth, hole in zip(truths, holes, strict=True)]


def load_networks(settings: Settings) -> list[Networks]:
    """Return the models that the settings' methods need, in the order of `--weights`.

    Raises:
        UsageError: there is no such model, device, precision or backend.
        WeightsError: a model can't be had.
    """
    if not settings.needs_model:
        return []
    found = [resolve(weights, weights_file=settings.weights_file) for weights in settings.weights]
    compute = settings.device, settings.dtype, settings.threads
    return [Networks(model, *compute, backend=settings.settled_backend) for model in found]


def model_titles(networks: Sequence[Networks]) -> list[str]:
    """Return what the report calls each model: for a folder its last part, as long as that is unique."""
    names = [each.model.name for each in networks]
    short = [name if name.startswith("hf:") else Path(name).name for name in names]
    return short if len(set(short)) == len(short) else names


def columns(settings: Settings, networks: Sequence[Networks]) -> list[Column]:
    """Return the table's columns: each method that needs a model once for each, the others once."""
    result: list[Column] = []
    titles = model_titles(networks)
    for method in settings.methods:
        if not method.needs_model:
            fill = partial(classical.fill, method=Method(method), seed=settings.seed)
            result.append(Column(method, _one_by_one(fill, settings)))
            continue
        for title, nets in zip(titles, networks, strict=True):
            name = str(method) if len(networks) == 1 else f"{method} ({title})"
            pipeline = method == Candidate.PIPELINE
            result.append(_pipeline(name, nets.model, settings) if pipeline else _plain(name, method, nets))
    return result


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


def sweep(networks: Networks, sigmas: Sequence[float]) -> Sweep:
    """Return the columns of a sweep over the σ of Canny."""
    guessed = [_along(f"σ = {sigma:g}", networks, partial(_completed, networks, sigma)) for sigma in sigmas]
    true = [_along(f"σ = {sigma:g}, true edges", networks, partial(_true, sigma), sees_truth=True) for sigma in sigmas]
    without = _along("no edges", networks, partial(_none, networks.model.config.sigma))
    return Sweep({"G1's edges": guessed, "true edges": true}, without)


def _one_by_one(fill: Callable[[Picture, Mask], Picture], settings: Settings) -> Fill:
    """Return a method for single pictures as one for batches; its pictures are filled side by side."""
    workers = min(settings.batch, settings.threads or os.cpu_count() or 1)

    def fill_batch(images: Sequence[Picture], holes: Sequence[Mask], /) -> list[Picture]:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(fill, images, holes))

    return fill_batch


def _plain(name: str, method: Candidate, networks: Networks) -> Column:
    """Return a column of the paper's method on the whole picture."""
    sigma = networks.model.config.sigma
    if method == Candidate.CANNY:
        return _along(name, networks, partial(_true, sigma), sees_truth=True)
    source = partial(_none, sigma) if method == Candidate.NO_EDGES else partial(_completed, networks, sigma)
    return _along(name, networks, source)


def _along(name: str, networks: Networks, edges: EdgeSource, *, sees_truth: bool = False) -> Column:
    return Column(name, partial(_painted, networks, edges), edges, sees_truth)


def _completed(networks: Networks, sigma: float, images: Sequence[Picture], holes: Sequence[Mask]) -> list[Edges]:
    """Return Canny's edges outside the holes, G1's inside."""
    grays = [to_gray(image) for image in images]
    known = [canny(gray, hole, sigma).astype(np.float32) for gray, hole in zip(grays, holes, strict=True)]
    predicted = networks.edges(grays, known, holes)
    return [compose(*three) for three in zip(known, predicted, holes, strict=True)]


def _none(sigma: float, images: Sequence[Picture], holes: Sequence[Mask]) -> list[Edges]:
    """Return Canny's edges outside the holes, nothing inside."""
    return [
        compose(canny(to_gray(image), hole, sigma), np.zeros(hole.shape, bool), hole)
        for image, hole in zip(images, holes, strict=True)
    ]


def _true(sigma: float, images: Sequence[Picture], holes: Sequence[Mask]) -> list[Edges]:
    """Return Canny's edges of the undamaged photos."""
    return [canny(to_gray(image), None, sigma).astype(np.float32) for image, _ in zip(images, holes, strict=True)]


def _painted(networks: Networks, edges: EdgeSource, images: Sequence[Picture], holes: Sequence[Mask]) -> list[Picture]:
    """Return I ⊙ (1 - M) + I_pred ⊙ M."""
    painted = networks.paint([to_float32(image) for image in images], edges(images, holes), holes)
    return [
        np.where(hole[..., None], to_uint8(picture), image)
        for image, hole, picture in zip(images, holes, painted, strict=True)
    ]


def _pipeline(name: str, model: Model, settings: Settings) -> Column:
    """Return a column of what `inpaint inpaint` does by default: windows, lines, painting, texture."""
    compute = settings.device, settings.dtype, settings.threads
    edgeconnect = EdgeConnect(model, *compute, backend=settings.settled_backend)
    options = FillOptions(seed=settings.seed)

    def fill(image: Picture, hole: Mask) -> Picture:
        result = image.copy()
        edgeconnect.fill(image, hole, options).apply(result)
        return result

    return Column(name, _one_by_one(fill, settings))
