"""What a person sees of each command, on a simulated Discord."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest

from bot.discord.post.layout import COLOURS
from bot.scope import Scope
from generator.protocol.errors import FAULT_SENTENCE
from generator.protocol.names import KEYS
from generator.protocol.uploads import UNKNOWN
from tests.discord_side.conftest import DAMAGED, Stage
from tests.discord_side.reading import custom_id, files, gallery, text
from tests.fake_generator import FILES, MIDI, PNG


async def test_generate_posts_a_tune_with_its_recipe(stage: Stage) -> None:
    result = await stage.alice.slash(
        stage.channel, "chiptune generate", scene="boss", key="Bbm", tempo=120, seconds=12, seed=5, temperature=0.8
    )
    assert result.acknowledged
    assert not result.ephemeral
    [post] = await stage.posted()
    assert post.id == result.response.id
    assert post.flags.components_v2
    assert [item.filename for item in post.attachments] == ["tune.mp4", "tune.mid"]
    assert text(post).splitlines() == [
        "## Tune \\*1\\* \\@everyone",
        "**119.5 BPM · Bbm · 12 s, 16 bars · medium density**",
        "-# Requested: boss · 120 BPM · Bbm · 12 s · temperature 0.8",
        "-# Longest run shared with any training song: 9 notes",
        "-# Seed 5 · model nes, fake 1",
    ]
    [container] = post.components
    assert isinstance(container, discord.Container)
    assert container.accent_colour == discord.Colour(COLOURS["boss"])
    song = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0]
    assert song.message_id == str(post.id)
    assert post.mentions == []
    assert not post.mention_everyone


async def test_the_player_is_described_and_the_notes_lie_beside_it(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate", key="C")
    [post] = await stage.posted()
    [player] = gallery(post)
    assert player.media.url == post.attachments[0].url
    assert player.description == (
        "Tune *1* @everyone, 30 seconds of NES music at 120 BPM in C, with its piano roll: the four channels over time"
    )
    assert files(post) == ["tune.mid"]


async def test_without_a_film_the_picture_is_shown_and_the_sound_is_a_file(stage: Stage) -> None:
    stage.composer.files = [(name, data) for name, data in FILES if name != "tune.mp4"]
    await stage.alice.slash(stage.channel, "chiptune generate")
    [post] = await stage.posted()
    assert [item.filename for item in post.attachments] == ["tune.png", "tune.ogg", "tune.mid"]
    [picture] = gallery(post)
    assert picture.media.url == post.attachments[0].url
    assert files(post) == ["tune.ogg", "tune.mid"]


async def test_what_is_left_out_is_the_model_s_choice(stage: Stage) -> None:
    for _ in range(2):
        await stage.alice.slash(stage.channel, "chiptune generate")
    posts = await stage.posted(2)
    first, second = stage.composer.requests
    assert first.seed != second.seed
    assert (first.scene, first.key, first.bpm, first.seconds) == (None, None, None, None)
    assert "Nothing specific was requested" in text(posts[0])


async def test_a_refused_job_takes_the_placeholder_away(stage: Stage) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune generate", seed=DAMAGED)
    await stage.gone()
    assert result.response is None
    [said] = result.followups
    assert said.content == "The MIDI file is damaged."
    assert said.ephemeral


async def test_remix_takes_a_midi_file(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("_my_ song.mid", MIDI))
    [post] = await stage.posted()
    [request] = stage.composer.requests
    assert (request.mode, request.name) == ("arrange", "_my_ song.mid")
    assert stage.client.backlog.files.path_of(request.upload or "").read_bytes() == MIDI
    assert "Remix of \\_my\\_ song.mid\n-# 4 of 9 parts were kept." in text(post)


async def test_remix_hands_on_what_its_mode_has_a_use_for(stage: Stage) -> None:
    for options in (
        {"mode": "continue", "from_bar": 9, "bars": 4, "tempo": 75, "transpose": -2, "seed": 31},
        {"mode": "accompany", "keep": "p1,tr"},
        {"mode": "vary", "strength": 0.25},
        {"mode": "infill", "span": "5-8"},
    ):
        await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI), **options)
    await stage.posted(4)
    first, second, third, fourth = stage.composer.requests
    assert (first.mode, first.from_bar, first.bars) == ("continue", 9, 4)
    assert (first.bpm, first.transpose, first.seed) == (75, -2, 31)
    assert (second.mode, second.keep) == ("accompany", ("p1", "tr"))
    assert (third.mode, third.strength) == ("vary", 0.25)
    assert (fourth.mode, fourth.span) == ("infill", (5, 8))


async def test_a_posted_tune_is_remixed_and_named_as_the_parent(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate", seed=7)
    [post] = await stage.posted()
    choices = await stage.bob.autocomplete(stage.channel, "chiptune remix", "song", "tune")
    assert [choice["name"].split(" · ")[0] for choice in choices] == ["Tune *1* @everyone"]
    assert await stage.bob.autocomplete(stage.channel, "chiptune remix", "song", "other") == []
    await stage.bob.slash(stage.channel, "chiptune remix", song=choices[0]["value"], mode="vary")
    _, remix = await stage.posted(2)
    request = stage.composer.requests[1]
    assert (request.mode, request.name) == ("vary", "Tune *1* @everyone.mid")
    made = await stage.client.backlog.files.path(choices[0]["value"], "tune.mid")
    assert made
    assert stage.client.backlog.files.path_of(request.upload or "").read_bytes() == made.read_bytes()
    link = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}/{post.id}"
    assert f"Variation on [Tune \\*1\\* \\@everyone]({link})" in text(remix)
    await stage.alice.click(remix, label="Another take")
    *_, third = await stage.posted(3)
    assert "Another take of [Tune" in text(third)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Give either a MIDI file or a tune made here."),
        ({"song": "0" * 32}, "There is no such tune here: pick one from the list."),
        ({"song": "0" * 32, "span": "9-2"}, "not from 9 to 2."),
        ({"song": "0" * 32, "keep": "p1"}, "The mode arrange has no use for keep: leave it out."),
        ({"song": "0" * 32, "mode": "accompany", "keep": "p1,p2,tr,no"}, "there is nothing to write."),
    ],
)
async def test_remix_says_what_is_wrong_with_its_options(
    stage: Stage, options: dict[str, object], sentence: str
) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune remix", **options)
    assert result.ephemeral
    assert sentence in result.response.content
    stage.refused()


async def test_a_tune_of_another_server_cannot_be_remixed(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted()
    song = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0]
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    result = await carol.slash(other.create_text_channel("music"), "chiptune remix", song=song.id)
    assert "There is no such tune here" in result.response.content
    stage.refused()


async def test_channels_to_keep_are_completed(stage: Stage) -> None:
    choices = await stage.alice.autocomplete(stage.channel, "chiptune remix", "keep", "")
    assert len(choices) == 14
    found = await stage.alice.autocomplete(stage.channel, "chiptune remix", "keep", "noise")
    assert {"name": "triangle + noise", "value": "tr,no"} in [{k: c[k] for k in ("name", "value")} for c in found]


async def test_bars_density_and_takes_are_in_the_recipe(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate", bars=8, density="high", takes=3)
    [post] = await stage.posted()
    assert "**119.5 BPM · C · 30 s, 16 bars · medium density**" in text(post)
    assert "Requested: 8 bars · high density · best of 3" in text(post)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("cat.png", PNG, str(UNKNOWN)),
        ("empty.mid", b"", "The file is empty."),
        ("huge.mid", b"MThd" + bytes(5 * 1024 * 1024 - 4), "The file has 5.0 MB; 1 MB is the most for a MIDI file."),
    ],
    ids=["not a MIDI file", "empty", "too large"],
)
async def test_remix_refuses_at_the_edge(stage: Stage, name: str, data: bytes, sentence: str) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune remix", file=(name, data))
    assert result.response.content == sentence
    assert result.ephemeral
    assert not result.deferred
    assert stage.composer.requests == []
    stage.refused()


async def test_remix_refuses_what_is_no_midi_inside(stage: Stage) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune remix", file=("cat.mid", PNG))
    assert result.response is None
    [said] = result.followups
    assert "That is a picture" in said.content
    assert said.ephemeral
    stage.refused()


async def test_a_fault_is_logged_and_answered_with_one_sentence(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "files").write_text("in the way")
    result = await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    assert result.response is None
    [said] = result.followups
    assert said.content == FAULT_SENTENCE
    assert said.ephemeral
    assert "Traceback" in caplog.text
    assert "FaultError: an upload could not be kept" in caplog.text
    assert len(stage.env.errors) == 1


async def test_a_direct_message_has_a_history_of_its_own(stage: Stage) -> None:
    await stage.alice.user.slash("chiptune generate", seed=7)
    await stage.gone()
    [post] = [message for message in stage.alice.user.dm_channel.history() if message.attachments]
    page = await stage.alice.user.slash("chiptune history")
    [line] = _lines(page.response.message)
    assert f"https://discord.com/channels/@me/{stage.alice.user.dm_channel.id}/{post.id}" in line
    assert await stage.store.songs.history(Scope.server(stage.channel.guild.id)) == []


async def test_an_unknown_key_is_refused_with_a_hint(stage: Stage) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune generate", key="H")
    assert result.ephemeral
    assert "There is no key called “H”" in result.response.content
    stage.refused()


@pytest.mark.parametrize(
    ("typed", "first", "count"), [("", "C", 24), ("c", "C", 4), ("BB", "Bb", 2), ("f#m", "F#m", 1), ("x", None, 0)]
)
async def test_keys_are_completed(stage: Stage, typed: str, first: str | None, count: int) -> None:
    choices = await stage.alice.autocomplete(stage.channel, "chiptune generate", "key", typed)
    assert len(choices) == count
    assert all(choice["value"] in KEYS for choice in choices)
    if first:
        assert choices[0]["value"] == first


async def test_history_shows_the_newest_first_in_pages(stage: Stage) -> None:
    empty = await stage.alice.slash(stage.channel, "chiptune history")
    assert "Nothing yet" in str(empty.response.embeds[0].description)
    for _ in range(12):
        await stage.alice.slash(stage.channel, "chiptune generate")
    posts = await stage.posted(12)
    await stage.bob.click(posts[11], custom_id=custom_id(posts[11], "Like"))

    page = await stage.alice.slash(stage.channel, "chiptune history")
    assert page.ephemeral
    lines = _lines(page.response.message)
    assert len(lines) == 10
    assert lines[0].startswith("**Tune \\*12\\*")
    assert "👍 1" in lines[0]
    assert f"/{stage.channel.guild.id}/{stage.channel.id}/{posts[11].id}" in lines[0]

    await stage.alice.click(page.response.message, label="Older")
    lines = _lines(page.response.message)
    assert [line.split("\\*")[1] for line in lines] == ["2", "1"]
    assert page.response.components == []


async def test_history_is_each_server_s_own(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted()
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    page = await carol.slash(other.create_text_channel("music"), "chiptune history")
    assert "Nothing yet" in str(page.response.embeds[0].description)


def _lines(message: discord.Message) -> list[str]:
    return str(message.embeds[0].description).splitlines()
