"""The buttons under a tune: takes, votes, files, and those that ask first."""

from __future__ import annotations

import io

import discord
import pytest

from bot.discord.core.debounce import REPEAT_SECONDS
from bot.scope import Scope
from bot.store import Song
from bot.voting import MOST, OWN
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, custom_id, form, text
from tests.fake_generator import FILES, MIDI


async def made(stage: Stage) -> tuple[discord.Message, Song]:
    await stage.alice.slash(stage.channel, "chiptune generate", scene="town", seed=9)
    [post] = await stage.posted()
    [song] = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    return post, song


async def press(stage: Stage, who: str, word: str) -> str | None:
    """Press a button of the only tune; what the thumb up shows then."""
    [post] = await stage.posted()
    await getattr(stage, who).click(post, custom_id=custom_id(post, word))
    [post] = await stage.posted()
    return buttons(post)["Like"].label


async def test_every_button_says_in_words_what_it_does(stage: Stage) -> None:
    post, song = await made(stage)
    labels = [button.label for button in buttons(post).values()]
    assert labels == [
        "Another take", "Extend by 8 bars", "Remix…", "Like", "Dislike", "Files", "Report…", "On the web"
    ]  # fmt: skip
    assert buttons(post)["On"].url == f"https://tunes.example/song/{song.id}"


async def test_a_vote_counts_once_and_can_be_changed_and_taken_back(stage: Stage) -> None:
    _, song = await made(stage)
    for who, word, shown in (
        ("alice", "Like", "Like (+1)"),
        ("bob", "Like", "Like (+2)"),
        ("bob", "Dislike", "Like"),
        ("bob", "Dislike", "Like (+1)"),
        ("alice", "Like", "Like"),
        ("alice", "Dislike", "Like (-1)"),
    ):
        assert await press(stage, who, word) == shown
    found = await stage.store.songs.get(song.id)
    assert found is not None
    assert found.votes == -1


async def test_a_vote_leaves_the_post_as_it_is(stage: Stage) -> None:
    before, _ = await made(stage)
    await press(stage, "bob", "Like")
    [after] = await stage.posted()
    assert text(after) == text(before)
    assert [item.filename for item in after.attachments] == [item.filename for item in before.attachments]


async def test_a_vote_on_one_s_own_tune_is_shown_and_said_once_not_to_rank(stage: Stage) -> None:
    post, song = await made(stage)
    said = []
    for word in ("Like", "Dislike"):
        said.append(await stage.alice.click(post, custom_id=custom_id(post, word)))
    assert [[(one.content, one.ephemeral) for one in result.followups] for result in said] == [[(OWN, True)], []]
    assert not (await stage.bob.click(post, custom_id=custom_id(post, "Like"))).followups
    [row] = await stage.store.database.fetch("SELECT likes, dislikes, votes FROM songs WHERE id = ?", (song.id,))
    assert tuple(row) == (1, 0, 0)


async def test_too_many_votes_are_refused_with_when_again(stage: Stage) -> None:
    post, song = await made(stage)
    for _ in range(MOST):
        await stage.client.voting.cast(song.id, str(stage.bob.id), 1)
    refused = await stage.bob.click(post, custom_id=custom_id(post, "Like"))
    [said] = refused.followups
    assert said.ephemeral
    assert said.content.startswith("You have voted 30 times in a minute, which is the most: again in about ")
    assert await stage.store.votes.of(song.id, str(stage.bob.id)) == 1
    assert await press(stage, "alice", "Like") == "Like (+2)"


async def test_a_vote_on_a_copy_is_shown_on_the_post_too(stage: Stage) -> None:
    post, song = await made(stage)
    before = text(post)
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    _, again = await stage.posted(2)
    await stage.bob.click(again, custom_id=custom_id(again, "Like"))
    home, again = await stage.posted(2)
    assert [buttons(message)["Like"].label for message in (home, again)] == ["Like (+1)"] * 2
    assert (text(home), len(home.attachments)) == (before, len(post.attachments))
    await stage.client.get_partial_messageable(stage.channel.id).get_partial_message(post.id).delete()
    await stage.bob.click(again, custom_id=custom_id(again, "Dislike"))
    [again] = await stage.posted()
    assert buttons(again)["Like"].label == "Like (-1)"


async def test_a_vote_on_a_tune_that_is_looked_at_leaves_its_family_there(stage: Stage) -> None:
    post, _ = await made(stage)
    await stage.bob.click(post, custom_id=custom_id(post, "Extend"))
    await stage.posted(2)
    child = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0]
    looked = await stage.bob.slash(stage.channel, "chiptune song", song=child.id)
    before = text(looked.response.message)
    await stage.bob.click(looked.response.message, custom_id=custom_id(looked.response.message, "Like"))
    assert buttons(looked.response.message)["Like"].label == "Like (+1)"
    assert "**Family**" in before
    assert text(looked.response.message) == before


async def test_buttons_of_a_post_by_an_earlier_version_go_on_working(stage: Stage) -> None:
    _, song = await made(stage)
    view = discord.ui.View(timeout=None)
    for name in ("take", "vote:up", "vote:down"):
        view.add_item(discord.ui.Button(label=name, custom_id=f"chiptune:{name}:{song.id}"))
    channel = stage.client.get_partial_messageable(stage.channel.id)
    old = await channel.send(embed=discord.Embed(title="Tune"), file=discord.File(io.BytesIO(MIDI), "a.mid"), view=view)
    await stage.bob.click(old, label="vote:up")
    old = await channel.fetch_message(old.id)
    assert buttons(old)["Like"].label == "Like (+1)"
    assert (old.embeds[0].title, len(old.attachments)) == ("Tune", 1)
    await stage.bob.click(old, custom_id=f"chiptune:take:{song.id}")
    await stage.posted(3)


async def test_another_take_is_the_same_request_with_another_seed(stage: Stage) -> None:
    post, song = await made(stage)
    result = await stage.bob.click(post, custom_id=custom_id(post, "Another"))
    assert result.acknowledged
    _, second = await stage.posted(2)
    first_request, second_request = stage.composer.requests
    assert second_request.scene == first_request.scene == "town"
    assert second_request.seed != first_request.seed
    link = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}/{post.id}"
    assert f"Another take of [Tune \\*1\\* \\@everyone]({link})" in text(second)
    newest = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0]
    assert (newest.parent, newest.user_id) == (song.id, str(stage.bob.id))


async def test_another_take_of_a_remix_uses_its_file_again(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    [post] = await stage.posted()
    await stage.bob.click(post, custom_id=custom_id(post, "Another"))
    _, second = await stage.posted(2)
    assert stage.composer.requests[0].upload == stage.composer.requests[1].upload
    assert "Remix of song.mid\nAnother take of " in text(second)


async def test_another_take_of_a_remix_whose_file_is_gone_is_refused(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    [post] = await stage.posted()
    stage.client.backlog.files.path_of(stage.composer.requests[0].upload or "").unlink()
    result = await stage.bob.click(post, custom_id=custom_id(post, "Another"))
    assert result.response is None
    [said] = result.followups
    assert said.ephemeral
    assert "no longer here" in said.content


async def test_extend_goes_on_for_eight_bars(stage: Stage) -> None:
    post, song = await made(stage)
    await stage.bob.click(post, custom_id=custom_id(post, "Extend"))
    _, second = await stage.posted(2)
    request = stage.composer.requests[1]
    assert (request.mode, request.bars, request.name) == ("continue", 8, "Tune *1* @everyone.mid")
    assert "Continuation of [Tune \\*1\\* \\@everyone](https://" in text(second)
    assert (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0].parent == song.id


async def test_one_channel_is_written_anew_and_the_others_are_kept(stage: Stage) -> None:
    post, _ = await made(stage)
    await stage.bob.select(post, ["tr"], custom_id=custom_id(post, "Rewrite"))
    await stage.posted(2)
    request = stage.composer.requests[1]
    assert (request.mode, request.keep) == ("accompany", ("p1", "p2", "no"))


@pytest.mark.parametrize(
    ("filled", "field", "value"),
    [
        ({}, "strength", 0.5),
        ({"strength": "0,25"}, "strength", 0.25),
        ({"mode": ["accompany"], "keep": ["p1", "no"]}, "keep", ("p1", "no")),
        ({"mode": ["accompany"]}, "keep", ("p1",)),
        ({"mode": ["infill"]}, "mode", "infill"),
    ],
)
async def test_remix_asks_how_and_has_defaults(
    stage: Stage, filled: dict[str, object], field: str, value: object
) -> None:
    post, song = await made(stage)
    shown = await stage.bob.click(post, custom_id=custom_id(post, "Remix"))
    await stage.bob.submit_modal(shown, form(shown.modal, **filled))
    await stage.posted(2)
    assert getattr(stage.composer.requests[1], field) == value
    assert (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[0].parent == song.id


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"strength": "lots"}, "The strength is a number from 0 to 1, such as 0.5."),
        ({"strength": "7"}, "The strength must be 0 to 1"),
        ({"strength": "nan"}, "The strength must be 0 to 1"),
    ],
)
async def test_remix_says_what_is_wrong_with_the_form(stage: Stage, filled: dict[str, object], sentence: str) -> None:
    post, _ = await made(stage)
    shown = await stage.bob.click(post, custom_id=custom_id(post, "Remix"))
    result = await stage.bob.submit_modal(shown, form(shown.modal, **filled))
    assert result.ephemeral
    assert sentence in result.response.content
    assert len(stage.composer.requests) == 1


async def test_files_are_sent_to_the_one_who_asks(stage: Stage) -> None:
    stage.composer.files += [("tune.nsf", b"NESM"), ("died", b"")]
    post, _ = await made(stage)
    result = await stage.bob.click(post, custom_id=custom_id(post, "Files"))
    assert result.ephemeral
    assert result.response.content == "The files of Tune \\*1\\* \\@everyone"
    names = [item.filename for item in result.response.attachments]
    assert names == [f"tune-1-everyone.{suffix}" for suffix in ("mp4", "ogg", "mid", "png", "nsf")]
    assert [await item.read() for item in result.response.attachments][1] == dict(FILES)["tune.ogg"]
    assert not result.response.flags.components_v2, "in a message of components Discord plays no sound"


@pytest.mark.parametrize("word", ["Another", "Extend", "Rewrite"])
async def test_a_double_press_asks_for_one_tune(stage: Stage, word: str) -> None:
    post, _ = await made(stage)
    name = custom_id(post, word)

    async def pressed() -> str:
        if word == "Rewrite":
            result = await stage.bob.select(post, ["no"], custom_id=name)
        else:
            result = await stage.bob.click(post, custom_id=name)
        return str(result.response.content) if result.ephemeral else ""

    assert await pressed() == ""
    assert await pressed() == "You have just asked for that: it is on its way."
    await stage.posted(2)
    stage.clock.now += REPEAT_SECONDS
    assert await pressed() == ""
    await stage.posted(3)


@pytest.mark.parametrize("word", ["Another", "Extend", "Remix", "Rewrite", "Like", "Dislike", "Files", "Report"])
async def test_a_tune_that_is_gone_is_said_to_be(stage: Stage, word: str) -> None:
    post, song = await made(stage)
    name = custom_id(post, word)
    await stage.client.backlog.files.delete(song.id)
    if word == "Rewrite":
        result = await stage.bob.select(post, ["p1"], custom_id=name)
    else:
        result = await stage.bob.click(post, custom_id=name)
    [said] = result.followups or [result.response]  # a vote is acknowledged before it is cast
    assert result.ephemeral or said.ephemeral
    assert said.content == "This tune is no longer in the history."
