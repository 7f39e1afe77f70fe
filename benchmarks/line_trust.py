"""How likely a link between two edges is right: the laws in `imaging/links.py`, fitted and tried.

    python benchmarks/line_trust.py --train PHOTOS --val PHOTOS [--each 60] [--weights NAME]

Both are folders of JPEGs of 1000 pixels and more, cut into windows as in `windows.py`. A link is right if 60 % of its
curve lies within two pixels of an edge of the photo that runs in the same direction. Prints the laws for shape alone
and with G1's map, and how often links of each trust are right on the validation photos.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from cuts import Cut, cuts
from numpy.typing import NDArray
from scipy.optimize import minimize

from inpaint_cli.imaging.edges import canny, soft_probability, to_gray
from inpaint_cli.imaging.endpoints import find_ends, sample
from inpaint_cli.imaging.links import describe_pairs
from inpaint_cli.imaging.pixels import to_uint8
from inpaint_cli.imaging.resampling import resize_area
from inpaint_cli.options import DEFAULT_WEIGHTS, FillOptions, Lines
from inpaint_cli.pipeline import EdgeConnect

Vector = NDArray[np.float64]

_BINS = (0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.01)


def right(curves: Vector, inside: NDArray[np.bool_], truth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which curves, pairs×N×2, follow edges of the undamaged window, RGB in [0, 1], H×W×3."""
    edges = canny(to_gray(truth))
    smooth = cv2.GaussianBlur(to_gray(truth), (0, 0), 2)
    distance, labels = cv2.distanceTransformWithLabels(
        (~edges).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.zeros((labels.max() + 1, 2), int)
    rows, columns = np.nonzero(edges)
    places[labels[rows, columns]] = np.stack([rows, columns], axis=1)
    nearest = places[sample(labels, curves)]
    gradient = np.stack([axis[nearest[..., 0], nearest[..., 1]] for axis in np.gradient(smooth)[::-1]], axis=-1)
    tangent = np.gradient(curves, axis=1)
    along = np.abs((gradient * tangent).sum(-1)) / (
        np.linalg.norm(gradient, axis=-1) * np.linalg.norm(tangent, axis=-1) + 1e-9
    )
    met = (sample(distance, curves) <= 2) & (along < 0.5) & inside
    share: Vector = met.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    return share > 0.6


def links(model: EdgeConnect, chosen: list[Cut]) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the features of every pair of ends of some windows, with G1's map, and which pairs are right."""
    features, truths = [np.empty((0, 6))], [np.empty(0, np.bool_)]
    for cut in chosen:
        damaged = np.where(cut.hole[..., None], np.uint8(0), cut.truth)
        for size in (192, 256):
            (crop,) = model.find_edges(damaged, cut.hole, FillOptions(lines=Lines.G1, size=size))
            edges = np.zeros_like(crop.small) if crop.edges is None else crop.edges
            ends = find_ends(to_uint8(crop.small), edges > 0.5, crop.small_hole)
            if len(ends) < 2:
                continue
            probability = np.where(crop.small_hole, soft_probability(edges), np.float32(0))
            # Where a line was found, its level stands in place of the probability: the look of its neighbours does.
            drawn = (edges > 0.5) & crop.small_hole
            probability[drawn] = cv2.dilate(probability, np.ones((3, 3), np.uint8))[drawn]
            pairs = describe_pairs(ends, crop.small_hole, probability)
            truth = resize_area(cut.truth[crop.window.box.slices].astype(np.float32) / 255, crop.window.size)
            features.append(pairs.features)
            truths.append(right(pairs.curves, pairs.inside, truth))
    return np.concatenate(features), np.concatenate(truths)


def fit(features: Vector, is_right: NDArray[np.bool_]) -> Vector:
    """Return intercept and weights of the logistic regression."""
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    design = np.column_stack([np.ones(len(features)), (features - mean) / deviation])

    def loss(weights: Vector) -> float:
        scores = design @ weights
        return float(np.mean(np.logaddexp(0, scores) - is_right * scores) + 1e-3 * (weights[1:] ** 2).sum())

    found = minimize(loss, np.zeros(design.shape[1])).x
    weights = found[1:] / deviation
    return np.array([found[0] - weights @ mean, *weights])


def main() -> None:
    """Fit on one folder of photos, try on the other, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--val", type=Path, required=True)
    parser.add_argument("--each", type=int, default=60, help="windows of either kind")
    parser.add_argument("--weights", default=DEFAULT_WEIGHTS)
    arguments = parser.parse_args()
    model = EdgeConnect.load(arguments.weights)
    seen, unseen = (links(model, cuts(folder, arguments.each)) for folder in (arguments.train, arguments.val))
    for name, columns in (("shape", 5), ("shape and G1", 6)):
        law = fit(seen[0][:, :columns], seen[1])
        print(
            f"{name}: {len(seen[1])} links; intercept {law[0]:.2f}, weights", *(f"{weight:.2f}" for weight in law[1:])
        )
        trust = 1 / (1 + np.exp(-(law[0] + unseen[0][:, :columns] @ law[1:])))
        for least, most in pairwise(_BINS):
            here = (trust >= least) & (trust < most)
            if here.any():
                print(f"  trust {least:.1f} to {most:.1f}: {here.sum()} links, right {unseen[1][here].mean():.2f}")


if __name__ == "__main__":
    main()
