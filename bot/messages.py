"""`python -m bot.messages`: collects what is to be translated, and brings the catalogues up to date.

What is said is found in the source by Babel, by the marks `_`, `say`, `ngettext` and `pgettext`; names and descriptions
of commands by a walk through them. A text that is new stands empty in the catalogues, one that is gone goes from them,
and nothing is guessed: what differs a little is a new text.
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
SOURCES = ("bot", "generator")
KEYWORDS = {"_": None, "say": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
COMMENT = "L10N:"
"""Begins a comment in the source that translators see."""
WIDTH = 110


def collect() -> Catalog:
    """Everything that is to be translated, each with the files that it stands in."""
    found = Catalog(project="Chiptune Bot", charset="utf-8")
    for folder in SOURCES:
        for name, _, text, comments, context in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=(COMMENT,)
        ):
            if text:
                found.add(text, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    for text, context in command_texts():
        found.add(text, locations=[("bot/discord/registry.py", 0)], context=context)
    return found


def command_texts() -> Iterator[tuple[str, str | None]]:
    """(text, context) of all names, descriptions and choices of the commands."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    yield from _texts(chiptune_group().to_dict(tree), COMMAND)


def catalogue_file(name: str) -> Path:
    """Where a language's catalogue lies."""
    return FOLDER / f"{name}.po"


def read(name: str) -> Catalog:
    """A language's catalogue as it is."""
    with catalogue_file(name).open("rb") as file:
        return read_po(file, locale=name, charset="utf-8")


def bring_up_to_date(catalogue: Catalog, found: Catalog) -> None:
    """Give a catalogue the texts that were found and no others; translations of the same texts stay."""
    created = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.creation_date = created  # else every file changed each time


def write(path: Path, catalogue: Catalog) -> None:
    """Write a language's catalogue."""
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_output=True, ignore_obsolete=True, include_lineno=False)


def translated(message: Message) -> bool:
    """Whether a text is translated, in each of its forms."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms)


def _texts(part: dict[str, Any], context: str) -> Iterator[tuple[str, str | None]]:
    """Those of a command, or of an option with all that is below it."""
    yield part["name"], context
    yield part["description"], None
    for choice in part.get("choices", []):
        if choice["name"] not in LANGUAGES.values():  # each says its name in itself
            yield choice["name"], None
    groups = (discord.AppCommandOptionType.subcommand.value, discord.AppCommandOptionType.subcommand_group.value)
    for option in part.get("options", []):
        yield from _texts(option, COMMAND if option["type"] in groups else OPTION)


def main() -> int:
    """Bring every catalogue up to date, and say what each still lacks."""
    found = collect()
    for name in LANGUAGES:
        if name == NATIVE:
            continue
        catalogue = read(name) if catalogue_file(name).exists() else Catalog(locale=name, charset="utf-8")
        bring_up_to_date(catalogue, found)
        write(catalogue_file(name), catalogue)
        lacking = sum(not translated(one) for one in catalogue if one.id)
        sys.stdout.write(f"{name}: {len(catalogue)} texts, {lacking} of them to translate\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
