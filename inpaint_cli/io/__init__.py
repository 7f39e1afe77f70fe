"""Files: reading and writing pictures, and the meaning of masks, sketches and edge maps."""
