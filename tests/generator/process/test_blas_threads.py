"""The number of threads that numpy multiplies with is part of the engine's name, on one core and on several."""

import os
import subprocess
import sys

import pytest

from generator.process.pipeline import blas_threads
from tests.conftest import ROOT

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


@pytest.mark.parametrize("cores", [1, 8, None])
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OPENBLAS_NUM_THREADS": "1"}, 1),
        ({"OPENBLAS_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}, 3),
        ({"OMP_NUM_THREADS": "2"}, 2),
        ({"OPENBLAS_NUM_THREADS": "0", "OMP_NUM_THREADS": "many"}, None),
        ({}, None),
    ],
)
def test_the_environment_decides_or_else_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, environment: dict[str, str], expected: int | None
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert blas_threads() == (expected or cores or 1)


@pytest.mark.parametrize(("threads", "expected"), [(None, "1"), ("1", "1"), ("2", "2")])
def test_the_generator_uses_one_thread_unless_told_otherwise(threads: str | None, expected: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if threads:
        environment["OPENBLAS_NUM_THREADS"] = threads
    program = "import os, generator; print(os.environ['OPENBLAS_NUM_THREADS'])"
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert process.stdout.strip() == expected
