"""A zip dropped into `/chiptune remix`: its only file is taken, and of several one is chosen from a menu."""

from __future__ import annotations

from tests.archives import zipped
from tests.discord_side.conftest import Stage
from tests.fake_generator import MIDI


async def test_the_only_song_of_a_zip_is_remixed(stage: Stage) -> None:
    data = zipped({"readme.txt": b"x", "folder/castle.mid": MIDI})
    await stage.alice.slash(stage.channel, "chiptune remix", file=("songs.zip", data))
    await stage.posted()
    [request] = stage.composer.requests
    assert request.name == "castle.mid"


async def test_one_of_several_songs_is_chosen_from_a_menu_that_only_the_user_sees(stage: Stage) -> None:
    data = zipped({"a/one.mid": MIDI, "b/two.mid": MIDI + b"\0", "c/" + "x" * 200 + ".mid": MIDI})
    result = await stage.alice.slash(stage.channel, "chiptune remix", file=("songs.zip", data), transpose=2)
    [asked] = result.followups
    assert asked.ephemeral
    assert asked.content == "The zip holds several files. Which one?"
    assert stage.composer.requests == []
    [menu] = asked.components[0]["components"]
    assert [option["label"] for option in menu["options"]][:2] == ["a/one.mid", "b/two.mid"]
    await stage.alice.select(asked, [menu["options"][1]["value"]], custom_id=menu["custom_id"])
    await stage.posted()
    [request] = stage.composer.requests
    assert (request.name, request.transpose) == ("two.mid", 2)


async def test_a_bomb_is_refused(stage: Stage) -> None:
    bomb = zipped({"bomb.mid": b"MThd" + bytes(30 * 1024 * 1024)})
    result = await stage.alice.slash(stage.channel, "chiptune remix", file=("bomb.zip", bomb))
    [said] = result.followups
    assert said.content == "The file has 30.1 MB; 1 MB is the most for a MIDI file."
    stage.refused()
