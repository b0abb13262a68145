"""The `chiptune` script: finds the module that owns a command, imports only that one, and turns errors into one line.

Exit codes: 0 done, 1 a fault of ours, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from generator.protocol.errors import ChiptuneError, FaultError, InputError, MusicError

COMMANDS = {
    "serve": ("bot", "run the bot: the local page, and Discord where DISCORD_TOKEN is set"),
    "invite": ("bot", "print the links that add the bot to a server or to a person"),
    "backup": ("bot", "write everything that the bot keeps into one file"),
    "restore": ("bot", "put a backup back, checked before anything is replaced"),
    "generate": ("generator", "compose a tune into a folder"),
    "remix": ("generator", "make an NES tune of a MIDI file"),
    "render": ("generator", "play a MIDI file into WAV, OGG or MP3, or draw it as PNG"),
    "export": ("generator", "write a tune as NSF, FamiTracker text, sheet music, stems, video and more"),
    "corpus": ("generator", "make a corpus to train on of MIDI files"),
    "train": ("models", "train a model"),
    "evaluate": ("models", "score a model on a folder of tunes"),
    "quality": ("generator", "hold a model's tunes against songs it has not seen"),
    "originality": ("generator", "make the index by which copies of training songs are known"),
}
"""Each command with the package whose `cli` module owns it, and one line of help. Packages are also the names of the
extras that bring what they need, but for models, corpora and reports, which come with `train`."""

EXTRAS = {
    "bot": "bot",
    "generator": "generator",
    "models": "train",
    "corpus": "train",
    "quality": "train",
    "originality": "train",
}
WIDTH = max(map(len, COMMANDS))
HELP = "usage: chiptune COMMAND [--help] …\n\n" + "\n".join(
    f"  {name:<{WIDTH}}  {text}" for name, (_, text) in COMMANDS.items()
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
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
    """Import the one module that owns the command, and run it; some of them import more only then."""
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
