"""The layers of docs/architecture.md: imports point downwards, and nothing heavy is imported too early."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

PACKAGE = CHECKOUT / "inpaint_cli"
TOP = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"} - {"__pycache__", "bundled"}
# Each part of the package, and the parts that it may import.
BASE = {"errors", "fields", "options"}
MAY_IMPORT = {
    "errors": set(),
    "fields": set(),
    "options": {"errors"},
    "imaging": BASE,
    "nn": BASE,
    "io": {*BASE, "imaging"},
    "weights": {*BASE, "nn", "io"},
    "devices": BASE,
    "crops": {*BASE, "imaging"},
    "results": {*BASE, "imaging", "io", "crops"},
    "inference": {*BASE, "imaging", "nn", "weights", "devices"},
}


def imports(path: Path) -> set[str]:
    """Return the parts of the package that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "inpaint_cli":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("inpaint_cli."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("inpaint_cli.")}
    return found & TOP


def files(part: str) -> list[Path]:
    folder = PACKAGE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_point_downwards(part: str):
    for path in files(part):
        upwards = imports(path) - MAY_IMPORT[part] - {part}
        assert not upwards, f"{path.relative_to(PACKAGE)} imports {upwards}"


def test_only_the_command_line_imports_the_command_line():
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "cli" and path.name != "__main__.py":
            assert "cli" not in imports(path), path


def test_imaging_and_io_know_no_torch():
    for part in ("imaging", "io", "batch"):
        for path in files(part):
            tree = ast.parse(path.read_text("utf-8"))
            modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            assert not any(module and module.split(".")[0] == "torch" for module in modules), path


def test_nothing_heavy_is_imported_for_help():
    code = (
        "import sys; from inpaint_cli.cli import main; main(['remove', '--help']); print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stderr.split())
    assert "inpaint_cli.cli.fill" in loaded
    assert not loaded & {"numpy", "cv2", "PIL.Image", "torch", "scipy", "skimage", "inpaint_cli.pipeline"}
