"""What importing a part of the project loads. Which package may import which is in test_architecture.py."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

from tests.conftest import ROOT

HEAVY = {"torch", "transformers", "onnxruntime", "music21", "numpy"}
LIGHT_MODELS = {
    "models",
    "models.errors",
    "models.music",
    "models.music.keys",
    "models.music.scenes",
    "models.music.score",
    "models.weights",
}
"""The modules of `models` that the bot loads through `generator.protocol`: pure standard library."""


def run_program(program: str, *options: str) -> str:
    """Run a program in a process of its own at the repository's root, and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    process = subprocess.run(
        [sys.executable, *options, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return process.stdout


def test_importing_all_of_bot_loads_nothing_heavy() -> None:
    program = """
import importlib, json, pkgutil, sys
import bot
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""
    loaded = set(json.loads(run_program(program, "-W", "ignore::DeprecationWarning")))
    assert "bot.serve" in loaded
    assert not loaded & HEAVY
    assert {name for name in loaded if name.split(".")[0] == "models"} == LIGHT_MODELS
    of_generator = {name for name in loaded if name.startswith("generator.")}
    assert "generator.protocol.client" in of_generator
    assert all(f"{name}.".startswith("generator.protocol.") for name in of_generator)


def test_composing_a_tune_loads_no_torch() -> None:
    program = """
import importlib, json, pkgutil, sys
import generator
for module in pkgutil.walk_packages(generator.__path__, "generator."):
    if module.name != "generator.__main__":
        importlib.import_module(module.name)
from generator.process.pipeline import Pipeline
from models.inference.sampler import TuneSpec
pipeline = Pipeline()
pipeline.composer.compose(TuneSpec(frames=60, seed=0))
print(json.dumps([pipeline.engine, sorted(sys.modules)]))
"""
    engine, loaded = json.loads(run_program(program))
    assert engine == f"onnxruntime-{version('onnxruntime')}-int8"
    assert "models.inference.new_tune" in loaded
    assert not {"torch", "transformers", "scipy"} & set(loaded)


def test_serving_without_a_token_does_not_load_discord() -> None:
    program = "import sys, bot.cli; print('discord' in sys.modules)"
    assert run_program(program).strip() == "False"
