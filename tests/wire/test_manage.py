"""Settings, deletion, reports and privacy over the wire, with restarts in between."""

from __future__ import annotations

import io
import zipfile

from tests.wire.standin.components import walk
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts
from tests.wire.standin.world import CHANNEL, EPHEMERAL, USER, Interaction, Payload

MODERATOR, MANAGER = 1 << 13, 1 << 5
REPORTS = 8003
"""The id of a second channel."""


async def wait_for_answer(discord: StandIn, interaction: Interaction, says: str) -> Payload:
    """Wait until the first answer contains a text. It must be ephemeral. Return it."""
    message = await discord.until(lambda: discord.original(interaction))
    await discord.until(lambda: says in message["content"])
    assert message["flags"] & EPHEMERAL
    return message


async def wait_for_export(discord: StandIn, export: Interaction) -> bytes:
    """Return the archive that an export sent."""
    message = await discord.until(lambda: discord.original(export))
    await discord.until(lambda: bool(message["attachments"]))
    assert names(message) == ["chiptune-bot.zip"]
    data = discord.world.files[int(message["attachments"][0]["id"])].data
    assert len(data) <= export.limit
    return data


def contents(data: bytes) -> set[str]:
    """Return the names of the files in an archive, without their folders."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.rpartition("/")[2] for name in archive.namelist()}


async def test_a_server_s_default_scene_is_used_and_recorded(discord: StandIn, bot: Bot) -> None:
    refused = await discord.answered(await discord.slash("settings scene", {"scene": "boss"}))
    assert (refused.callback, refused.data["flags"]) == (MESSAGE, EPHEMERAL)
    assert "Manage Server" in refused.data["content"]
    shown = await discord.slash("settings scene", {"scene": "boss"}, permissions=MANAGER)
    await wait_for_answer(discord, shown, "- Default scene: boss")
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    assert text(post).startswith("-# Server defaults: boss\n")
    assert bot.rows("SELECT scene FROM songs") == [("boss",)]


async def test_a_report_reaches_the_moderators_and_its_buttons_survive_a_restart(discord: StandIn, bot: Bot) -> None:
    discord.world.channels[REPORTS] = {}
    discord.fault(f"POST /api/v10/channels/{REPORTS}/messages", 403, 50001)
    options = {"channel": REPORTS}
    failed = await discord.slash("settings reports", options, permissions=MANAGER)
    [refusal] = await discord.until(lambda: discord.follow_ups(failed))
    assert "cannot write in" in refusal["content"]
    await wait_for_answer(
        discord, await discord.slash("settings reports", options, permissions=MANAGER), f"reports: <#{REPORTS}>"
    )

    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    form = await discord.answered(await discord.press(post, "🚩Report"))
    report = await discord.submit(form, post, reason="too\nloud")
    await wait_for_answer(discord, report, "forwarded to the moderators")
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


async def test_the_owner_deletes_after_confirming(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    [choice] = await discord.autocomplete("delete", "song", "tune")
    question = await wait_for_answer(
        discord, await discord.slash("delete", {"song": choice["value"]}), "Delete **Tune 50**, with its files"
    )
    refused = await discord.answered(await discord.press(question, "Delete", user=USER + 1))
    assert "Only the person who requested" in refused.data["content"]
    await discord.press(question, "Delete")
    await discord.until(lambda: question["content"] == "**Tune 50** was deleted.")
    assert post not in discord.messages()
    assert bot.rows("SELECT count(*) FROM songs") == [(0,)]
    assert [path for path in (bot.data / "files").rglob("*") if path.is_file()] == []


async def test_a_large_export_has_a_smaller_version_and_erase_leaves_nothing(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    page = await wait_for_answer(discord, await discord.slash("privacy"), "What this bot keeps about you")
    links = [part["url"] for part in walk(page["components"]) if "url" in part]
    assert links == ["https://tunes.example/privacy"]

    export = await discord.answered(await discord.press(page, "📦Export"))
    assert (export.callback, export.data["flags"]) == (DEFER, EPHEMERAL)
    complete = await wait_for_export(discord, export)
    assert contents(complete) == {"about.json", "score.json", "tune.mid", "tune.ogg", "tune.png", "tune.mp4"}
    discord.world.limit = len(complete) - 1
    smaller = await wait_for_export(discord, await discord.press(page, "📦Export"))
    assert contents(smaller) == {"about.json", "tune.mid", "tune.ogg"}

    question = await wait_for_answer(discord, await discord.press(page, "🗑️Erase"), "Erase everything about you")
    await discord.press(question, "Erase")
    await discord.until(lambda: question["content"] == "Erased: 1 tune, 1 request, 5 files; 1 message deleted.")
    assert post not in discord.messages()
    assert bot.rows("SELECT count(*) FROM requests") == bot.rows("SELECT count(*) FROM songs") == [(0,)]
