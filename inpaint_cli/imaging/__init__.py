"""Image processing without networks: edges, lines, the harmonic fill, windows, blending and texture of arrays."""
