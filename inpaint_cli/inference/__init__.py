"""G1 and G2 at work on arrays, by OpenCV or by torch."""

from inpaint_cli.inference.networks import Networks

__all__ = ["Networks"]
