"""Run `inpaint draw …`, open its page, press Finish: what the README's test does instead of a reader."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.drawing import drawing

with drawing(Path.cwd(), *sys.argv[2:]) as server:
    server.enter()
    assert server.ask("GET", "/api/photos/0/preview")[0].status == 200
    assert server.ask("POST", "/api/finish")[0].status == 200
    code = server.process.wait(10)
sys.exit(code)
