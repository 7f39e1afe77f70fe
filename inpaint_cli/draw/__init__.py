"""`inpaint draw`: a local page for drawing masks and lines, and a server that fills while the user draws.

The page sends strokes, never paths; the server keeps no drawing, only photos and recent results.
"""
