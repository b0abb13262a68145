"""The models that ship with the project: one folder each, with its weights and its tokenizer."""

from pathlib import Path

WEIGHTS_FOLDER = Path(__file__).parent

DEFAULT_MODEL = "nes-2"
"""The name of a folder here: the model of a request that names none."""

DEFAULT_MODEL_FOLDER = WEIGHTS_FOLDER / DEFAULT_MODEL
