"""What the documentation names exists: links, paths, modules, subcommands, make targets and slash commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.discord.registry import COMMANDS as SLASH_COMMANDS
from bot.main import COMMANDS
from tests.conftest import ROOT

MODEL_CARDS = sorted((ROOT / "models/weights").glob("*/README.md"))
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md"), *MODEL_CARDS]
)
MODULE = re.compile(r"python -m ([a-z_]+(?:\.[a-z_]+)*)")
LINK = re.compile(r"\]\(([^)#\s]+)")
PATH = re.compile(r"(?<![\w./-])(?:bot|generator|models|tests|benchmarks|docs|docker)/[\w./-]*[\w/]")
TREE_LINE = re.compile(r"^( *)((?:[\w.]+/ ?)+|[\w.]+\.py) {2,}", re.MULTILINE)
SUBCOMMAND = re.compile(r"(?:\.venv/bin/|`)chiptune ([a-z]+)")
SLASH = re.compile(r"(?<!bin)/chiptune ([a-z-]+)")
TARGET = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)


def module_exists(name: str) -> bool:
    file = ROOT / name.replace(".", "/")
    return file.with_suffix(".py").exists() or (file / "__init__.py").exists()


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_and_paths_lead_somewhere(page: str) -> None:
    text = text_of(page)
    folder = (ROOT / page).parent
    links = {folder / link for link in LINK.findall(text) if "://" not in link}
    paths = {ROOT / path for path in PATH.findall(LINK.sub("](", text))}
    assert [str(path) for path in links | paths if not path.exists()] == []


def test_every_package_is_in_the_tree_of_the_readme_and_nothing_else() -> None:
    tree = text_of("README.md").split("## Where things are")[1].split("```")[1]
    parents: dict[int, Path] = {}
    named: set[Path] = set()
    for indent, names in TREE_LINE.findall(tree):
        parent = parents.get(len(indent) - 2, Path())
        for name in names.split():
            parents[len(indent)] = parent / name
            named.add(parent / name)
    assert [str(path) for path in named if not (ROOT / path).exists()] == []
    packages = {
        file.parent.relative_to(ROOT) for room in ("bot", "generator", "models") for file in (ROOT / room).rglob("*.py")
    }
    assert {str(path) for path in packages - named if path.parent.name != "store"} <= {"models/weights"}


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    text = text_of(page)
    assert [name for name in MODULE.findall(text) if not module_exists(name)] == []
    assert set(SUBCOMMAND.findall(text)) <= COMMANDS.keys()
    assert set(SLASH.findall(text)) <= {command.name for command in SLASH_COMMANDS}
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert set(TARGET.findall(text)) <= targets
