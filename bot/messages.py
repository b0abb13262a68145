"""`python -m bot.messages`: extracts the texts to translate, and updates the catalogues.

Babel extracts the sentences from the source by the marks `_`, `say`, `ngettext` and `pgettext`, also from the page's
scripts. The names and descriptions of the commands come from the command tree. New texts are added without a
translation, and texts that no longer exist are removed. There is no fuzzy matching: a reworded text counts as new.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.discord.core.command_names import OPTION
from bot.discord.registry import chiptune_group
from bot.languages import COMMAND, LANGUAGES, NATIVE

FOLDER = Path(__file__).parent / "languages"
ROOT = FOLDER.parent.parent
MARKS = {"_": None, "say": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SCRIPT_MARKS = {"_": None, "ngettext": (1, 2)}
SOURCES = (
    ("bot", "**.py", "python", MARKS),
    ("generator", "**.py", "python", MARKS),
    ("bot/web/frontend/src", "**.ts", "javascript", SCRIPT_MARKS),
)
"""Folders, their files that hold texts, Babel's extractor for them, and the functions that mark texts."""
COMMENT = "L10N:"
"""Starts a comment in the source that translators see."""
WIDTH = 110


def collect() -> Catalog:
    """Return all texts to translate, each with the files that contain it."""
    catalogue = Catalog(project="Chiptune Bot", charset="utf-8")
    for folder, files, method, marks in SOURCES:
        for name, _, text, comments, context in extract_from_dir(
            ROOT / folder, method_map=[(files, method)], keywords=marks, comment_tags=(COMMENT,)
        ):
            if text:
                catalogue.add(text, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    for text, context in command_texts():
        catalogue.add(text, locations=[("bot/discord/registry.py", 0)], context=context)
    return catalogue


def command_texts() -> Iterator[tuple[str, str | None]]:
    """Yield (text, context) of all names, descriptions and choices of the commands."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    yield from _texts(chiptune_group().to_dict(tree), COMMAND)


def catalogue_file(name: str) -> Path:
    """Return the path of a language's catalogue."""
    return FOLDER / f"{name}.po"


def read(name: str) -> Catalog:
    """Read a language's catalogue."""
    with catalogue_file(name).open("rb") as file:
        return read_po(file, locale=name, charset="utf-8")


def bring_up_to_date(catalogue: Catalog, extracted: Catalog) -> None:
    """Give a catalogue exactly the extracted texts. Translations of unchanged texts stay."""
    created = catalogue.creation_date
    catalogue.update(extracted, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.creation_date = created  # otherwise every run would change every file


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue to a file."""
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_output=True, ignore_obsolete=True, include_lineno=False)


def translated(message: Message) -> bool:
    """Return whether every form of a text is translated."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms)


def _texts(part: dict[str, Any], context: str) -> Iterator[tuple[str, str | None]]:
    """Yield (text, context) of a command or option, and of everything below it."""
    yield part["name"], context
    yield part["description"], None
    for choice in part.get("choices", []):
        if choice["name"] not in LANGUAGES.values():  # languages are listed by their own names
            yield choice["name"], None
    groups = (discord.AppCommandOptionType.subcommand.value, discord.AppCommandOptionType.subcommand_group.value)
    for option in part.get("options", []):
        yield from _texts(option, COMMAND if option["type"] in groups else OPTION)


def main() -> int:
    """Update every catalogue, and report how many translations each still lacks."""
    extracted = collect()
    for name in LANGUAGES:
        if name == NATIVE:
            continue
        catalogue = read(name) if catalogue_file(name).exists() else Catalog(locale=name, charset="utf-8")
        bring_up_to_date(catalogue, extracted)
        write(catalogue_file(name), catalogue)
        lacking = sum(not translated(message) for message in catalogue if message.id)
        sys.stdout.write(f"{name}: {len(catalogue)} texts, {lacking} of them to translate\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
