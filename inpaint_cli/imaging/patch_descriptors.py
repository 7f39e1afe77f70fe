"""Patches in a few numbers, so that they are compared fast: the strongest of their cosine transforms' coefficients."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.patch_pyramid import RADIUS, SIDE, Places, Scale, patches_at

Floats = NDArray[np.float32]

_COEFFICIENTS = 24  # of a patch's 147, in which a photo's patches have nearly all of their variance
_SAMPLES = 1000  # patches by which they are chosen
_TEXTURE = 20.0  # weight of a patch's texture against its colours, 50 in Newson et al.
_GUIDE = 20.0  # weight of the guide's colours against the patch's where a guide of weight 1 is asked for


def _cosines() -> Floats:
    """Return the orthonormal cosines of a patch's side, one for each row."""
    k, x = np.mgrid[:SIDE, :SIDE]
    waves = np.cos(np.pi * k * (2 * x + 1) / (2 * SIDE)) * np.sqrt(np.where(k > 0, 2, 1) / SIDE)
    return np.asarray(waves, np.float32)


_COSINES = _cosines()
_PLANE_WAVES = np.kron(_COSINES, _COSINES)  # of a patch, one for each row


@dataclass(frozen=True)
class Descriptors:
    """How the patches of one scale are described; the squared distance of descriptions is nearly that of patches.

    A description holds the patch's coefficients in the scale's principal colours, the texture at its centre and the
    guide's colours there, both weighted as if the whole patch had them.

    Attributes:
        colours: the principal colours, 3×3.
        coefficients: (colour, vertical, horizontal) frequencies.
        guide: the weighted guide with the mirrored border, h×w×3; None for none.
    """

    colours: Floats
    coefficients: list[tuple[int, int, int]]
    guide: Floats | None

    @classmethod
    def of(cls, scale: Scale, weight: float, random: np.random.Generator) -> "Descriptors":
        """Return what describes a scale's sources best.

        Args:
            scale: at least one of its patches may be copied.
            weight: of its guide.
            random: draws the patches that are looked at.
        """
        places = np.flatnonzero(scale.copied)
        if len(places) > _SAMPLES:
            places = random.choice(places, _SAMPLES, replace=False)
        patches = patches_at(scale.mirrored(scale.picture)[..., :3], places)
        means = patches.mean(axis=(2, 3), dtype=np.float64)
        means -= means.mean(axis=0)
        colours = np.linalg.eigh(np.einsum("nc,nd->cd", means, means))[1].astype(np.float32).T
        spectra = (colours @ patches.reshape(-1, 3, SIDE**2) @ _PLANE_WAVES.T).reshape(patches.shape)
        strongest = np.argsort(-spectra.var(axis=0), axis=None, kind="stable")[:_COEFFICIENTS]
        chosen = np.stack(np.unravel_index(strongest, spectra.shape[1:]), axis=1)
        guide = None if scale.guide is None else scale.mirrored(scale.guide) * _weighted(_GUIDE * weight)
        return cls(colours, [(int(c), int(v), int(u)) for c, v, u in chosen], guide)

    def everywhere(self, picture: Floats) -> Floats:
        """Return the description of the patch around every pixel, N×D in the order of the pixels.

        Args:
            picture: the scale's, as filled so far, with the mirrored border, h×w×4.
        """
        return self._described(picture, np.s_[:, :])

    def at(self, picture: Floats, targets: Places) -> Floats:
        """Return the description of the patches at flat places, N×D."""
        rows, columns = np.divmod(targets, picture.shape[1])
        top, left = rows.min() - RADIUS, columns.min() - RADIUS
        box = np.s_[top : rows.max() + RADIUS + 1, left : columns.max() + RADIUS + 1]
        width = box[1].stop - left
        return np.asarray(self._described(picture, box)[(rows - top) * width + columns - left], np.float32)

    def _described(self, picture: Floats, box: tuple[slice, slice]) -> Floats:
        principal = cv2.split(cv2.transform(picture[box][..., :3], self.colours))
        layers = [cv2.sepFilter2D(principal[k], -1, _COSINES[u], _COSINES[v]) for k, v, u in self.coefficients]
        layers.append(picture[box][..., 3] * _weighted(_TEXTURE))
        if self.guide is not None:
            layers.extend(cv2.split(self.guide[box]))
        return np.asarray(cv2.merge(layers), np.float32).reshape(-1, len(layers))


def _weighted(weight: float) -> np.float32:
    """Return the factor of a value that counts as if all pixels of a patch had it."""
    return np.float32(SIDE * np.sqrt(weight))
