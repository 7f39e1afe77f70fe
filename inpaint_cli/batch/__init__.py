"""Many photos: what is asked for, which files go together, where results go, and the run over them."""
