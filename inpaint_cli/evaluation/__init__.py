"""Evaluation on the user's own photos: the paper's Table 1 and figures 6 and 7, for any model and its rivals."""
