"""The import rule: the bot's side knows only the generator's contract and client, and never loads the model."""

import ast
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from generator.protocol import names
from models.tokens import vocabulary
from tests.conftest import ROOT

OURS = ("bot", "generator", "models")
HEAVY = ("torch", "transformers", "onnxruntime", "music21", "numpy")

ALLOWED = {
    "bot": ("bot", "generator.protocol"),
    "generator": ("generator", "models"),
    "models": ("models",),
}


def imports_of_ours(file: Path) -> set[str]:
    """The modules of ours that a file imports, as they are written there."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in OURS:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] in OURS}


@pytest.mark.parametrize("package", OURS)
def test_each_package_imports_only_what_it_may(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        for name in imports_of_ours(file):
            allowed = any(name == prefix or name.startswith(f"{prefix}.") for prefix in ALLOWED[package])
            assert allowed, f"{file.relative_to(ROOT)} imports {name}"


def test_importing_all_of_bot_loads_nothing_heavy() -> None:
    program = """
import importlib, json, pkgutil, sys
import bot
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    assert "bot.serve" in loaded
    assert not loaded & {*HEAVY, "models"}
    assert {name for name in loaded if name.startswith("generator.")} == {
        "generator.protocol",
        *(f"generator.protocol.{file.stem}" for file in (ROOT / "generator/protocol").glob("[a-z]*.py")),
    }


def test_writing_a_tune_loads_no_torch() -> None:
    program = """
import importlib, json, pkgutil, sys
import generator
for module in pkgutil.walk_packages(generator.__path__, "generator."):
    if module.name != "generator.__main__":
        importlib.import_module(module.name)
from generator.work import Workshop
from models.writer import Wish
workshop = Workshop()
workshop.composer.compose(Wish(frames=60, seed=0))
print(json.dumps([workshop.engine, sorted(sys.modules)]))
"""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    engine, loaded = json.loads(done.stdout)
    assert engine == f"numpy-{version('numpy')}-cpu1"
    assert "models.inference.new_tune" in loaded
    assert not {"torch", "transformers", "onnxruntime", "scipy"} & set(loaded)


def test_serving_without_a_token_does_not_load_discord() -> None:
    program = "import sys, bot.cli; print('discord' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_contract_and_the_vocabulary_name_the_same_scenes_and_keys() -> None:
    assert names.SCENES == vocabulary.SCENES
    assert names.KEYS == vocabulary.KEYS
