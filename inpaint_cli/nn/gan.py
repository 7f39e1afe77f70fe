"""The adversarial games by name. Without torch: the command line lists them."""

from enum import StrEnum


class Gan(StrEnum):
    """The adversarial game: what D's and G's part of equations 3 and 6 look like."""

    NSGAN = "nsgan"  # non-saturating, Goodfellow et al. 2014
    LSGAN = "lsgan"  # least squares, Mao et al. 2017
    HINGE = "hinge"  # Lim and Ye 2017
