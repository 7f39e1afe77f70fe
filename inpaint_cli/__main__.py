"""`python -m inpaint_cli`, which is also what `accelerate launch -m inpaint_cli train` starts."""

import sys

from inpaint_cli.cli import main

if __name__ == "__main__":
    sys.exit(main())
