"""README, `--help` and code agree."""

import importlib.util
import re
from collections.abc import Callable

import pytest
import typer

from inpaint_cli.cli.app import application
from tests.conftest import CHECKOUT, Run

README = (CHECKOUT / "README.md").read_text("utf-8")
COMMANDS = typer.main.get_command(application()).commands  # type: ignore[attr-defined]
OTHERS = {"--version", "--install-completion"} | {
    "-m",
    "-e",
    "-c",
    "-o",
    "-r",
    "-n",
    "-P",
    "-name",
    "-print0",
    "-0",
    "-L",
}  # of pip, find, xargs, jq, ssh


def leaves() -> dict[str, object]:
    """Return each command by the words that call it, those of a group too."""
    found = {}
    for name, command in COMMANDS.items():
        if hasattr(command, "commands"):
            found |= {f"{name} {child}": inner for child, inner in command.commands.items()}
        else:
            found[name] = command
    return found


def options(command) -> set[str]:
    return {
        text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts) if text[0] == "-"
    }


def test_the_readme_names_every_command():
    for name in COMMANDS:
        assert f"`inpaint {name}`" in README


def test_every_option_in_the_readme_exists():
    known = {"--help", *OTHERS}.union(*(options(command) for command in leaves().values()))
    for option in set(
        re.findall(r"(?<![\w-])--?[a-z][\w-]*", re.sub(r"```bibtex.*?```|\]\(.*?\)", "", README, flags=re.DOTALL))
    ):
        assert option in known, option


@pytest.mark.parametrize("name", leaves())
def test_every_option_is_explained_in_a_sentence(name: str):
    command = leaves()[name]
    assert command.help
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        assert text, f"{name} {parameter.name} has no help"
        assert text[0].isupper() or not text[0].isalpha() or text.startswith("`"), text
        assert text.rstrip()[-1] in ".)", f"{name} {parameter.name}: {text}"


@pytest.mark.parametrize("name", [*COMMANDS, *(name for name in leaves() if " " in name)])
def test_help_is_printed(inpaint: Callable[..., Run], name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    run = inpaint(*name.split(), "--help")
    assert run.code == 0
    assert "Usage: inpaint" in run.out
    if name in leaves():
        for option in options(leaves()[name]):
            assert option in run.out


def test_the_page_of_the_command_line_is_what_help_prints():
    spec = importlib.util.spec_from_file_location("generate", CHECKOUT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (CHECKOUT / "docs/cli.md").read_text("utf-8") == generate.page(), "run python docs/generate.py"
    assert {command.split()[0] for command in generate.COMMANDS} == set(COMMANDS)
