"""`inpaint train`."""
