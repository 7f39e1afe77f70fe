"""Files: reading and writing pictures, and what masks, sketches and edge maps in them mean."""
