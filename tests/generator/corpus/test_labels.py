"""What names and folders say of a song."""

import pytest

from generator.corpus.labels import Origin, game_name, origin_of, scene_of
from generator.protocol.names import SCENES


@pytest.mark.parametrize(
    ("parts", "origin"),
    [
        ("nesmdb train 012_MegaMan2_05_06StageClear.mid", Origin("nesmdb", "megaman2", "train", "StageClear")),
        ("nesmdb valid 323_SuperMarioBros_2_00_01Title.mid", Origin("nesmdb", "supermariobros2", "valid", "Title")),
        ("vgmusic nes mega-man-ii mm2-boss.mid", Origin("vgmusic/nes", "megaman2", None, "mm2 boss")),
        ("vgmusic vgmusic nes castlevania castlevania-death.mid", Origin("vgmusic/nes", "castlevania", None, "death")),
        ("open freedoom musics d_intro.mid", Origin("open", "freedoom", None, "d intro")),
        ("open pop909 POP909 053 053.mid", Origin("open/pop909", "pop909053", None, "")),
        ("tunes a.MID", Origin("tunes", "tunes", None, "a")),
        ("music a.mid", Origin("songs", "songs", None, "a")),
        ("set A battle.mid", Origin("set", "a", None, "battle")),
        ("set ドラクエ Boss_Battle.mid", Origin("set", "トラクエ", None, "boss battle")),
    ],
)
def test_a_files_folders_give_its_collection_game_and_side(parts: str, origin: Origin) -> None:
    found = origin_of(parts.split(" "))
    assert (found.collection, found.game, found.side, found.title.strip()) == (
        origin.collection, origin.game, origin.side, origin.title,
    )  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        ("MegaMan2", "mega-man-ii", "Mega Man II", "mega_man_2"),
        ("Legend of Zelda, The", "legend-of-zelda-the", "The Legend of Zelda"),
        ("Castlevania III", "castlevania-3", "Castlevania3"),
        ("final-fantasy-v-japan", "Final Fantasy 5"),
        ("Pokémon Gold", "pokemon-gold"),
        ("Breath of Fire I", "breath-of-fire"),
        ("Adam & Eve", "Adam_amp_Eve"),
    ],
)
def test_a_game_has_one_name(names: tuple[str, ...]) -> None:
    assert len({game_name(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mega Man", "Mega Man 2"),
        ("ドラクエ", "悪魔城"),
        ("Покемон", "Тетрис"),
        ("Mega Man X", "Mega Man 10"),
        ("V-Rally", "5 Rally"),
        ("...", "The"),
    ],
)
def test_different_games_have_different_names(one: str, other: str) -> None:
    assert game_name(one) != game_name(other)


@pytest.mark.parametrize(
    ("title", "scene"),
    [
        ("01TitleScreen", "title"),
        ("06Underworld", "dungeon"),
        ("BossBattle", "boss"),
        ("03GameOver", "game-over"),
        ("StageClear", "clear"),
        ("Stage1", "stage"),
        ("StaffRoll", "ending"),
        ("ShopTheme", "town"),
        ("PlayerSelect", "menu"),
        ("Continue?", "game-over"),
        ("smb1-Overworld", "stage"),
        ("mm3 wily castle 2", "town"),
        ("wl2end", "ending"),
        ("gb3gover", "game-over"),
        ("ffl1 bt", "boss"),
        ("dkworld7", "stage"),
        ("intro stage", "stage"),
        ("stageselect", "menu"),
        ("PassWord", "menu"),
        ("Continue", None),
        ("LevelUp", None),
        ("nuclear", None),
        ("Close", None),
        ("melodies of life", None),
        ("d map07", None),
        ("Song", None),
        ("", None),
    ],
)
def test_a_title_names_its_scene(title: str, scene: str | None) -> None:
    assert scene_of(title) == scene
    assert scene is None or scene in SCENES
