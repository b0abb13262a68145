"""The hierarchy of exceptions that `generator.protocol.errors` draws."""

import ast
import re

from generator.protocol import errors
from models.errors import ChiptuneError, MusicError
from tests.conftest import ROOT


def test_the_drawing_has_every_exception_of_the_project_and_no_other() -> None:
    bases: dict[str, str] = {}
    for room in ("models", "generator", "bot"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.bases:
                    bases[node.name] = ast.unparse(node.bases[0])
    exceptions = {"ChiptuneError"}
    while more := {name for name, base in bases.items() if base in exceptions} - exceptions:
        exceptions |= more
    assert errors.__doc__
    drawn = re.findall(r"^(?:[| ]*\+-- )?(\w+) {2,}", errors.__doc__, re.MULTILINE)
    assert set(drawn) == exceptions
    assert len(drawn) == len(set(drawn))


def test_no_exception_has_another_root() -> None:
    for room in ("models", "generator", "bot"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name != "ChiptuneError":
                    names = {ast.unparse(base) for base in node.bases}
                    builtin = {"Exception", "ValueError", "RuntimeError", "OSError", "LookupError", "TypeError"}
                    assert not names & builtin or "ChiptuneError" in names, f"{file}:{node.lineno}: {node.name}"


def test_the_root_is_in_models() -> None:
    assert errors.ChiptuneError is ChiptuneError
    assert issubclass(MusicError, ChiptuneError)
    assert issubclass(MusicError, ValueError)
