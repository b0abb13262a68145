"""Settings, deletion, reports and privacy over the wire, with restarts in between."""

from __future__ import annotations

import io
import zipfile

from tests.wire.standin.components import walk
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import CHANNEL, EPHEMERAL, USER, Interaction, Payload
from tests.wire.test_restarts import posted

MODERATOR, MANAGER = 1 << 13, 1 << 5
REPORTS = 8003
"""A second channel."""


async def answer(discord: StandIn, interaction: Interaction, says: str) -> Payload:
    """Wait until the first answer says so; it is for the one who asks alone."""
    message = await discord.until(lambda: discord.original(interaction))
    await discord.until(lambda: says in message["content"])
    assert message["flags"] & EPHEMERAL
    return message


async def exported(discord: StandIn, given: Interaction) -> bytes:
    """The archive that an export gave."""
    message = await discord.until(lambda: discord.original(given))
    await discord.until(lambda: bool(message["attachments"]))
    assert names(message) == ["chiptune-bot.zip"]
    data = discord.world.files[int(message["attachments"][0]["id"])].data
    assert len(data) <= given.limit
    return data


def contents(data: bytes) -> set[str]:
    """The names of the files in an archive, without their folders."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.rpartition("/")[2] for name in archive.namelist()}


async def test_a_server_s_usual_scene_is_used_and_kept(discord: StandIn, bot: Bot) -> None:
    refused = await discord.answered(await discord.slash("settings scene", {"scene": "boss"}))
    assert (refused.callback, refused.data["flags"]) == (MESSAGE, EPHEMERAL)
    assert "Manage Server" in refused.data["content"]
    shown = await discord.slash("settings scene", {"scene": "boss"}, permissions=MANAGER)
    await answer(discord, shown, "- Default scene: boss")
    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    assert text(post).startswith("-# Server defaults: boss\n")
    assert bot.rows("SELECT scene FROM songs") == [("boss",)]


async def test_a_report_reaches_the_moderators_and_its_buttons_outlive_a_restart(discord: StandIn, bot: Bot) -> None:
    discord.world.channels[REPORTS] = {}
    discord.fault(f"POST /api/v10/channels/{REPORTS}/messages", 403, 50001)
    options = {"channel": REPORTS}
    shut = await discord.slash("settings reports", options, permissions=MANAGER)
    [said] = await discord.until(lambda: discord.follow_ups(shut))
    assert "cannot write in" in said["content"]
    await answer(
        discord, await discord.slash("settings reports", options, permissions=MANAGER), f"reports: <#{REPORTS}>"
    )

    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    form = await discord.answered(await discord.press(post, "🚩Report"))
    report = await discord.submit(form, post, reason="too\nloud")
    await answer(discord, report, "passed on to the moderators")
    *_, card = discord.messages(REPORTS)
    assert card["content"].endswith(f"/{CHANNEL}/{post['id']}) was reported by <@{USER}>: too loud")
    assert bot.rows("SELECT reason FROM reports WHERE handled IS NULL") == [("too loud",)]

    await bot.end()
    await bot.start()
    refused = await discord.answered(await discord.press(card, "Delete"))
    assert "Only moderators" in refused.data["content"]
    await discord.press(card, "Delete", permissions=MODERATOR)
    await discord.until(lambda: card["content"].endswith(f"\nDeleted by <@{USER}>."))
    assert card["components"] == []
    assert discord.posts() == []
    assert bot.rows("SELECT count(*) FROM songs") == bot.rows("SELECT count(*) FROM reports") == [(0,)]


async def test_the_owner_deletes_after_being_asked(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    [choice] = await discord.autocomplete("delete", "song", "tune")
    asked = await answer(
        discord, await discord.slash("delete", {"song": choice["value"]}), "Delete **Tune 50**, with its files"
    )
    refused = await discord.answered(await discord.press(asked, "Delete", user=USER + 1))
    assert "Only the one who asked" in refused.data["content"]
    await discord.press(asked, "Delete")
    await discord.until(lambda: asked["content"] == "**Tune 50** was deleted.")
    assert post not in discord.messages()
    assert bot.rows("SELECT count(*) FROM songs") == [(0,)]
    assert [path for path in (bot.data / "files").rglob("*") if path.is_file()] == []


async def test_export_has_a_smaller_form_and_erase_leaves_nothing(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    page = await answer(discord, await discord.slash("privacy"), "What this bot keeps about you")
    links = [part["url"] for part in walk(page["components"]) if "url" in part]
    assert links == ["https://tunes.example/privacy"]

    given = await discord.answered(await discord.press(page, "📦Export"))
    assert (given.callback, given.data["flags"]) == (DEFER, EPHEMERAL)
    whole = await exported(discord, given)
    assert contents(whole) == {"about.json", "tune.mid", "tune.ogg", "tune.png", "tune.mp4"}
    discord.world.limit = len(whole) - 1
    smaller = await exported(discord, await discord.press(page, "📦Export"))
    assert contents(smaller) == {"about.json", "tune.mid", "tune.ogg"}

    asked = await answer(discord, await discord.press(page, "🗑️Erase"), "Erase everything about you")
    await discord.press(asked, "Erase")
    await discord.until(lambda: asked["content"] == "Erased: 1 tune, 1 request, 4 files; 1 message deleted.")
    assert post not in discord.messages()
    assert bot.rows("SELECT count(*) FROM requests") == bot.rows("SELECT count(*) FROM songs") == [(0,)]
