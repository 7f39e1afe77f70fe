"""Models: registries, the Hub, and reading and writing checkpoints."""
