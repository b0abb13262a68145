"""The `chiptune` script as people run it, in a process of its own."""

import subprocess
import sys

import pytest

from bot.main import COMMANDS, main
from generator.protocol.errors import FaultError, InputError
from tests.conftest import ROOT


def chiptune(*argv: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    program = "import sys; from bot.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *argv], cwd=ROOT, capture_output=True, text=True, env=env, check=False
    )


@pytest.mark.parametrize("argv", [[], ["--help"], ["help"]])
def test_help_lists_every_command_with_a_line(argv: list[str]) -> None:
    done = chiptune(*argv)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [words[0] for words in lines] == list(COMMANDS)
    assert all(len(words) > 3 for words in lines)


def test_an_unknown_command_is_one_sentence() -> None:
    done = chiptune("compose")
    assert done.returncode == 2
    assert done.stderr == "There is no command called “compose”: see chiptune --help.\n"


def test_serve_has_help() -> None:
    done = chiptune("serve", "--help")
    assert done.returncode == 0
    assert "CHIPTUNE_PORT" in done.stdout


def test_a_bad_setting_is_one_sentence() -> None:
    done = chiptune("serve", env={"CHIPTUNE_PORT": "eighty"})
    assert done.returncode == 2
    assert done.stderr.startswith("CHIPTUNE_PORT must be a port number")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("No."), 2, "No.\n"),
        (FaultError("Broken."), 1, "Broken.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_a_line_and_a_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    said: str,
) -> None:
    def fail(argv: list[str]) -> int:
        raise error

    monkeypatch.setattr("bot.cli.COMMANDS", {"serve": fail})
    assert main(["serve"]) == code
    assert capsys.readouterr().err == said


def test_a_missing_dependency_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "bot.cli", None)
    assert main(["serve"]) == 1
    assert "chiptune-bot[bot]" in capsys.readouterr().err
