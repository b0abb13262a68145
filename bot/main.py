"""The `chiptune` script: imports only the module that has the given command, and turns errors into one line.

Exit codes: 0 for success, 1 for a fault of the program, 2 for bad input, 130 if interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from generator.protocol.errors import ChiptuneError, FaultError, InputError, MusicError

COMMANDS = {
    "serve": ("bot", "run the bot: the local page, and Discord if DISCORD_TOKEN is set"),
    "invite": ("bot", "print the links that add the bot to a server or to a person"),
    "backup": ("bot", "write everything that the bot keeps into one file"),
    "restore": ("bot", "restore a backup, checked before anything is replaced"),
    "doctor": ("bot", "check what the bot needs on this machine"),
    "generate": ("generator", "compose a tune into a folder"),
    "remix": ("generator", "make an NES tune of a MIDI file"),
    "render": ("generator", "play a MIDI file into WAV, OGG or MP3, or draw it as PNG"),
    "export": ("generator", "write a tune as NSF, FamiTracker text, sheet music, stems, video and more"),
    "worker": ("generator", "make tunes for a bot on another machine, through NATS"),
    "corpus": ("generator", "make a training corpus from MIDI files"),
    "train": ("models", "train a model"),
    "evaluate": ("models", "score a model on a folder of tunes"),
    "quality": ("generator", "compare a model's tunes with songs it has not seen"),
    "originality": ("generator", "make the index that detects copies of training songs"),
}
"""The commands, each with the package whose `cli` module has it, and one line of help."""

EXTRAS = {
    "bot": "bot",
    "generator": "generator",
    "models": "train",
    "corpus": "train",
    "quality": "train",
    "originality": "train",
}
"""The extra that installs what a command needs; commands that are not listed need that of their package."""
WIDTH = max(map(len, COMMANDS))
HELP = "usage: chiptune COMMAND [--help] …\n\n" + "\n".join(
    f"  {name:<{WIDTH}}  {text}" for name, (_, text) in COMMANDS.items()
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Return the exit code."""
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("--help", "-h", "help"):
        sys.stdout.write(f"{HELP}\n")
        return 0
    try:
        return _run(name, rest)
    except ChiptuneError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, InputError | MusicError) else 1
    except KeyboardInterrupt:
        return 130


def _run(name: str, rest: list[str]) -> int:
    """Import the module that has the command, and run it. Raise InputError if there is no such command."""
    if name not in COMMANDS:
        raise InputError(f"There is no command called “{name[:40]}”: see chiptune --help.")
    package, _ = COMMANDS[name]
    try:
        commands = importlib.import_module(f"{package}.cli").COMMANDS
        return int(commands[name](rest))
    except ModuleNotFoundError as error:
        raise FaultError(
            f"{error}: `pip install 'chiptune-bot[{EXTRAS.get(name, EXTRAS[package])}]'` brings what {name} needs."
        ) from error
