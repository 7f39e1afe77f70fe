"""Pictures without networks: files, masks, edges and sketches, lines, diffusion, windows, blending, texture."""
