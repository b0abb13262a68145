"""numpy multiplies with one thread."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


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
