"""Text of people's in what the bot posts: it neither mentions nor formats nor hides."""

from __future__ import annotations

import pytest

from bot.discord.core.markdown import escape, file_stem
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import custom_id, text, walk
from tests.fake_generator import MIDI

NASTY = (
    "@everyone @here <@1> <@&2> <#3>",
    "**bold** __under__ ~~gone~~ `code` ||hidden||",
    "[click](https://evil.example) https://evil.example",
    "<https://evil.example> <t:0:R> <:smile:1> :smile:",
    "# heading \n> quote\n- list",
    "\u202egnp.exe\u2066 \u200b\u2800",
    "\\*not escaped twice\\*",
    "Z\u0301\u0302\u0303\u0304\u0305\u0306algo",
    "\u2800\u200b",
    "x" * 500,
)
BARE = ("@", "<", ">", "*", "_", "~", "`", "|", "[", "]", ":", "#")


def live(markdown: str) -> set[str]:
    """The special characters that no backslash makes harmless."""
    found = set()
    letters = iter(markdown)
    for letter in letters:
        if letter == "\\":
            next(letters, "")
        elif letter in BARE:
            found.add(letter)
    return found


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_just_its_letters(name: str) -> None:
    shown = escape(name)
    assert live(shown) == set()
    assert shown.isprintable()
    assert 1 <= len(shown.replace("\\", "")) <= 80
    assert file_stem(name).isascii()
    assert file_stem(name).replace("-", "").isalnum()


@pytest.mark.parametrize("name", NASTY)
async def test_nothing_of_a_name_gets_through(stage: Stage, name: str) -> None:
    stage.composer.title = name.replace("{", "").replace("}", "")
    await stage.alice.slash(stage.channel, "chiptune remix", file=(f"{name[:60]}.mid".replace("\n", " "), MIDI))
    [post] = await stage.posted()
    assert not post.mention_everyone
    assert (post.mentions, post.role_mentions) == ([], [])
    heading = text(post).splitlines()
    assert heading[0] == f"## {escape(stage.composer.title)}"
    assert live(heading[0].removeprefix("## ")) == live(heading[1].removeprefix("Remix of ")) == set()
    described = [item.description for part in walk(post.components) for item in getattr(part, "items", [])]
    assert all(words and words.isprintable() for words in described)

    [choice] = await stage.alice.autocomplete(stage.channel, "chiptune song", "song", "")
    assert choice["name"].isprintable()
    page = await stage.alice.slash(stage.channel, "chiptune history")
    line = str(page.response.embeds[0].description)
    assert live(line.split("** · ", maxsplit=1)[0].removeprefix("**")) == set()
    shown = await stage.alice.click(post, custom_id=custom_id(post, "Remix"))
    assert str(shown.modal["title"]).isprintable()
    given = await stage.alice.click(post, custom_id=custom_id(post, "Files"))
    assert all(item.filename.isascii() for item in given.response.attachments)
