"""`inpaint draw`: a page on this machine where masks and lines are drawn, and a server that fills while one draws.

The page sends strokes, never paths; the server keeps no drawing, only photos and recent results.
"""
