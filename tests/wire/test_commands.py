"""Commands over the wire: defers, posts and refusals."""

from __future__ import annotations

import itertools
import json

import pytest

from generator.protocol.uploads import MAX_UPLOAD_BYTES
from tests.fake_generator import HELD, MIDI, MP4, PNG
from tests.wire.standin.components import IS_COMPONENTS_V2
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.rest import DEFER, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import EPHEMERAL, GUILD, USER, File


async def test_a_tune_is_deferred_saved_and_posted(discord: StandIn, bot: Bot) -> None:
    options = {"scene": "boss", "key": "f#m", "tempo": 150, "seconds": 20, "seed": 99}
    interaction = await discord.answered(await discord.slash("generate", options))
    assert interaction.callback == DEFER
    assert interaction.latency is not None
    assert interaction.latency < 1.0
    [post] = await discord.until(discord.posts)
    assert int(post["id"]) == interaction.original
    files = [discord.world.files[int(item["id"])] for item in post["attachments"]]
    assert [(file.name, file.data) for file in files] == [("tune.mp4", MP4), ("tune.mid", MIDI)]
    assert all(file.description for file in files)
    assert text(post).splitlines() == [
        "## Tune 99",
        "**150 BPM · F#m · 20 s, 16 bars · medium density**",
        "-# Requested: boss · 150 BPM · F#m · 20 s",
        "-# Seed 99 · model nes-2, fake 1",
    ]
    assert post["flags"] & IS_COMPONENTS_V2
    assert not post["content"]
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
    [row] = bot.rows(
        "SELECT requests.user_id, songs.guild_id, message_id, destination FROM songs JOIN requests USING (id)"
    )
    assert row == (str(USER), str(GUILD), post["id"], "{}")
    assert text(discord.world.edits[0][2]).startswith("Queued: next, ready in ")
    assert all(body["allowed_mentions"]["parse"] == [] for _, _, body in discord.world.edits)


async def test_progress_is_shown_at_a_moderate_rate(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: len(discord.world.edits) > 3)
    texts = [(at, text(body)) for at, _, body in discord.world.edits]
    bot.gate.touch()
    await discord.until(discord.posts)
    assert any(line.startswith("Composing ▰") for _, line in texts)
    assert all(later - at > 1.1 for (at, _), (later, _) in itertools.pairwise(texts))


async def test_the_request_in_progress_is_cancelled_and_the_next_one_is_composed(discord: StandIn, bot: Bot) -> None:
    blocked = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    pids = bot.generator_pids()
    following = await discord.slash("generate", {"seed": 61}, user=USER + 1)
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'queued'"))
    done = await discord.answered(await discord.slash("cancel"))
    assert (done.callback, done.data["flags"]) == (DEFER, EPHEMERAL)
    await discord.until(lambda: (discord.original(done) or {}).get("content") == "Cancelled.")
    [post] = await discord.until(discord.posts)
    assert int(post["id"]) == following.original
    await discord.until(lambda: text(discord.original(blocked) or {}) == "This was cancelled.")
    assert bot.generator_pids() == pids


async def test_a_remix_downloads_its_file_and_names_it(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("remix", file=File("My_song.MID", MIDI))
    [post] = await discord.until(discord.posts)
    assert int(post["id"]) == interaction.original
    assert "Remix of My\\_song.MID\n-# 4 of 9 parts were kept." in text(post)
    [(request,)] = bot.rows("SELECT request FROM requests")
    sha256 = json.loads(request)["upload"]
    upload = bot.data / "files" / sha256[:2] / sha256
    assert upload.read_bytes() == MIDI


async def test_a_file_keeps_the_name_that_discord_replaces(discord: StandIn, bot: Bot) -> None:
    await discord.slash("remix", file=File("Лунный свет.mid", MIDI))
    [post] = await discord.until(discord.posts)
    assert "Remix of Лунный свет.mid" in text(post)


@pytest.mark.parametrize(
    ("file", "declared", "sentence"),
    [
        (File("cat.png", PNG), None, "no music file"),
        (File("empty.mid", b""), None, "is empty"),
        (File("huge.mid", MIDI), 50 * 1024 * 1024, "50.0 MB"),
    ],
    ids=["no music file", "empty", "50 MB"],
)
async def test_an_obviously_bad_upload_is_refused_before_the_defer(
    discord: StandIn, bot: Bot, file: File, declared: int | None, sentence: str
) -> None:
    interaction = await discord.answered(await discord.slash("remix", file=file, declared=declared))
    assert interaction.callback == MESSAGE
    assert sentence in interaction.data["content"]
    assert interaction.data["flags"] == EPHEMERAL
    assert bot.rows("SELECT count(*) FROM requests") == [(0,)]


async def test_a_later_refusal_removes_the_placeholder(discord: StandIn, bot: Bot) -> None:
    cases = [
        ("remix", None, File("cat.mid", PNG), "a picture"),
        ("remix", None, File("longer.mid", MIDI + bytes(MAX_UPLOAD_BYTES)), "1 MB is the most"),
        ("generate", {"seed": 3}, None, "a track ends too early"),
        ("generate", {"seed": 7}, None, "Something went wrong on our side"),
    ]
    for name, options, file, sentence in cases:
        interaction = await discord.slash(name, options, file=file, declared=100 if file else None)
        await discord.until(lambda call=interaction: discord.follow_ups(call))  # type: ignore[misc]
        [refusal] = discord.follow_ups(interaction)
        assert sentence in refusal["content"]
        assert refusal["flags"] == EPHEMERAL
        assert discord.original(interaction) is None


async def test_options_outside_their_limits_are_refused(discord: StandIn, bot: Bot) -> None:
    for options, sentence in (({"seconds": -5}, "The length must be"), ({"key": "H"}, "There is no key called")):
        interaction = await discord.answered(await discord.slash("generate", options))
        assert interaction.callback == MESSAGE
        assert sentence in interaction.data["content"]
        assert interaction.data["flags"] == EPHEMERAL


async def test_keys_are_completed(discord: StandIn, bot: Bot) -> None:
    choices = await discord.autocomplete("generate", "key", "f#")
    assert [(choice["name"], choice["value"]) for choice in choices] == [("F# major", "F#"), ("F# minor", "F#m")]


async def test_play_needs_a_voice_channel(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.answered(await discord.slash("play"))
    assert (interaction.callback, interaction.data["flags"]) == (MESSAGE, EPHEMERAL)
    assert "Join a voice channel first" in interaction.data["content"]
    interaction = await discord.answered(await discord.slash("stop"))
    assert interaction.data["content"] == "Nothing is being played here."
