"""Training of both generators: from a folder of photos to a run, from a run to a model."""
