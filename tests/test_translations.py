"""The catalogues against the source: everything that people read is marked, and is in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from bot import messages
from bot.discord.core.command_names import LOCALES
from bot.languages import COMMAND, LANGUAGES, NATIVE, command, say, using_language
from tests.conftest import ROOT

CATALOGUE_NAMES = [name for name in LANGUAGES if name != NATIVE]
GAP = re.compile(r"\{[^{}]*\}")
COUNT = {"{n}", "{n:g}", "{n:,}", "{n:+d}"}
MARKUP = re.compile(r"\*\*|`|<[@#]|~~|\|\|")
MARKS = ("_", "say", "ngettext", "pgettext")
FOR_PEOPLE = ("InputError", "LimitError")
"""The errors whose sentences people read on Discord."""
FOR_OPERATORS = (
    "bot/files/backup.py", "bot/cli.py", "bot/main.py", "bot/files/restore.py", "bot/settings.py", "bot/web",
    "bot/discord/server/invite.py",
    "generator/cli.py", "generator/corpus", "generator/quality", "generator/exporting", "generator/apu",
    "generator/composing/originality.py",
)  # fmt: skip
"""Where sentences are for those who run the bot or type commands, and for the page: English alone."""
UNSAID = (
    "debug", "info", "warning", "error", "exception", "DeliveryError", "GoneError", "FaultError", "command", "describe",
    "describe_options",
    "Group", "gone_errors",
)  # fmt: skip
"""Calls whose texts are for the log, or are found by the walk through the commands."""
SHOWN = ("label", "placeholder", "title", "text", "content", "description")
"""Arguments of the library that people read."""
TWO_WORDS = re.compile(r"[A-Za-z’']{2,} [a-z’']{2,}")
"""What a text of English looks like."""


def sources(*folders: str) -> list[Path]:
    """Our files whose sentences people may read."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [file for file in files if not str(file.relative_to(ROOT)).startswith(FOR_OPERATORS)]


def called_name(node: ast.AST) -> str:
    """What a call calls, without what stands before the last point."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.fixture(scope="module")
def found() -> Catalog:
    return messages.collect()


def gaps(text: str) -> set[str]:
    return set(GAP.findall(text))


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (text or "",)


def key(message: Message) -> tuple[tuple[str, ...], str | None]:
    return forms(message.id), message.context


@pytest.mark.parametrize("name", CATALOGUE_NAMES)
def test_a_catalogue_has_every_text_and_nothing_else(found: Catalog, name: str) -> None:
    catalogue = messages.read(name)
    assert {key(message) for message in catalogue if message.id} == {key(message) for message in found if message.id}
    assert not catalogue.obsolete
    assert not catalogue.fuzzy or not [message for message in catalogue if message.fuzzy and message.id]
    lacking = [message.id for message in catalogue if message.id and not messages.translated(message)]
    assert not lacking, f"{len(lacking)} texts are not translated: `make messages`, then see {name}.po"


@pytest.mark.parametrize("name", CATALOGUE_NAMES)
def test_a_translation_has_the_gaps_and_the_markup_of_its_text(name: str) -> None:
    catalogue = messages.read(name)
    for message in catalogue:
        if not message.id:
            continue
        texts = forms(message.id)
        said = forms(message.string)
        assert len(said) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        for one in said:
            # A form for a single thing may leave the number out, as English does.
            assert gaps(texts[0]) & gaps(texts[-1]) <= gaps(one) | COUNT <= gaps(texts[-1]) | COUNT, (message.id, one)
            assert sorted(MARKUP.findall(one)) == sorted(MARKUP.findall(texts[-1])), (message.id, one)
            assert one.count("\n") == texts[-1].count("\n"), message.id
            assert one == one.strip(), message.id


def test_whatever_is_marked_is_found(found: Catalog) -> None:
    known = {form for message in found for form in forms(message.id)}
    for file in sources("bot", "generator"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if called_name(node) in ("_", "say") and isinstance(node, ast.Call) and node.args:
                text = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
                assert text in known, f"{file}:{node.lineno}: it is not found: inside an f-string no mark is"


@pytest.mark.parametrize("name", CATALOGUE_NAMES)
def test_a_catalogue_is_as_make_messages_writes_it(found: Catalog, name: str, tmp_path: Path) -> None:
    catalogue = messages.read(name)
    written = messages.catalogue_file(name).read_bytes()
    messages.bring_up_to_date(catalogue, found)
    messages.write(tmp_path / "again.po", catalogue)
    assert (tmp_path / "again.po").read_bytes() == written


def test_every_language_of_a_catalogue_is_one_of_discord_s() -> None:
    assert set(LOCALES.values()) == set(CATALOGUE_NAMES)


def refusals(file: Path) -> Iterator[ast.Call]:
    """Every error for people that is made in a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and called_name(node) in FOR_PEOPLE:
            yield node


@pytest.mark.parametrize("file", sources("bot", "generator"), ids=lambda file: str(file.relative_to(ROOT)))
def test_errors_for_people_are_made_of_marked_sentences(file: Path) -> None:
    for call in refusals(file):
        for node in ast.walk(call.args[0]):
            assert not isinstance(node, ast.JoinedStr), f"{file}:{node.lineno}: an f-string cannot be translated"
        texts = [
            node for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        marked = [node for part in ast.walk(call.args[0]) if called_name(part) in MARKS for node in ast.walk(part)]
        for text in texts:
            assert text in marked or not TWO_WORDS.search(str(text.value)), f"{file}:{text.lineno}: {text.value!r}"


def unmarked(node: ast.AST) -> Iterator[str]:
    """Texts of English below a node that are neither marked nor docstrings nor for the log, with their lines."""
    body = getattr(node, "body", None)
    for child in ast.iter_child_nodes(node):
        documents = isinstance(body, list) and isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if documents or called_name(child) in (*MARKS, *UNSAID):
            continue
        text = child.value if isinstance(child, ast.Constant) and isinstance(child.value, str) else ""
        shown = isinstance(node, ast.keyword) and node.arg in SHOWN and text[:1].isalpha()
        if shown or (TWO_WORDS.search(text) and not text.startswith("-")):  # options of ffmpeg
            yield f"{getattr(child, 'lineno', 0)}: {text}"
        yield from unmarked(child)


@pytest.mark.parametrize("file", sources("bot/discord"), ids=lambda file: file.name)
def test_nothing_on_discord_s_side_is_said_in_english_alone(file: Path) -> None:
    assert not list(unmarked(ast.parse(file.read_text(encoding="utf-8"))))


def test_sentences_name_commands_by_what_each_language_calls_them() -> None:
    known = {text for text, context in messages.command_texts() if context == COMMAND}
    for file in sources("bot"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if called_name(node) == "command" and isinstance(node, ast.Call) and node.args:
                path = node.args[0]
                assert not isinstance(path, ast.Constant) or set(str(path.value).split()) <= known, path.lineno
            if called_name(node) in MARKS:
                assert "/chiptune " not in ast.unparse(node), f"{file}: name the command with command()"
    with using_language("de"):
        assert say(command("settings reports")) == "/chiptune einstellungen meldungen"
