"""From folders and archives to a corpus: small real ones, made here."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import mido
import pytest

from bot.main import main
from generator.composing.compose import transpose
from generator.corpus.build import BOTH_SIDES, COPY, CorpusFile, Options, build, decide_sides
from generator.corpus.labels import Origin
from generator.corpus.report import REPORT_JSON, REPORT_PAGE, REPORT_PLOTS, figures_of
from generator.corpus.sources import list_files, read_files
from generator.protocol.errors import InputError
from models.music.grid import RowClock
from models.music.midi import midi_bytes, read_score, to_midi, to_nesmdb
from models.music.score import Note, Score
from models.music.songs import TRAIN_FILE, VALID_FILE, CorpusError, Song, read_songs
from tests.music import random_score, scale, song_on, twinkle


def silently(entries: Iterable[CorpusFile], _: int) -> Iterable[CorpusFile]:
    return entries


def corpus(source: Path, out: Path, **options: int | float) -> list[CorpusFile]:
    return build([source], out, Options(**options), silently)  # type: ignore[arg-type]


def songs(out: Path) -> list[Song]:
    return [*read_songs(out / TRAIN_FILE), *read_songs(out / VALID_FILE)]


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def general_midi(seed: int, *, up: int = 0, tempo: int = 500_000, program: int = 0) -> bytes:
    """A song for piano, bass and drums; the same seed is the same music."""
    random = Random(seed)
    midi = mido.MidiFile(type=1, ticks_per_beat=480)
    lead, bass, drums = (mido.MidiTrack() for _ in range(3))
    lead.append(mido.MetaMessage("set_tempo", tempo=tempo))
    lead.append(mido.Message("program_change", channel=0, program=program))
    bass.append(mido.Message("program_change", channel=1, program=33))
    pitch = 72
    for beat in range(64):
        for ticks in random.choice(((480,), (240, 240), (360, 120))):
            pitch = min(90, max(62, pitch + random.choice((-7, -4, -2, -1, 1, 2, 3, 5))))
            _strike(lead, 0, pitch + up, ticks)
        _strike(bass, 1, random.choice((36, 41, 43)) + up, 480)
        _strike(drums, 9, (36, 38)[beat % 2], 480)
    midi.tracks += [lead, bass, drums]
    return midi_bytes(midi)


def _strike(track: mido.MidiTrack, channel: int, pitch: int, ticks: int) -> None:
    track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=90))
    track.append(mido.Message("note_off", channel=channel, note=pitch, time=ticks))


def console(seed: int) -> Score:
    return song_on(RowClock(480), 16, seed)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the two archives have them: a published split, and a folder for each game."""
    folder = tmp_path_factory.mktemp("sources") / "archive"
    put(folder, "nes/train/001_MegaMan_00_01Boss.mid", midi_bytes(to_nesmdb(console(1))))
    put(folder, "nes/train/001_MegaMan_01_02BossAgain.mid", midi_bytes(to_nesmdb(transpose(console(1), 3))))
    put(folder, "nes/valid/002_Zelda_00_01Ending.mid", midi_bytes(to_nesmdb(console(2))))
    put(folder, "fans/mega-man/mm-title.mid", general_midi(3))
    put(folder, "fans/mega-man/mm-title2.mid", general_midi(3, up=4, tempo=600_000, program=56))
    put(folder, "fans/zelda/z-cave.mid", general_midi(4))
    put(folder, "fans/other-game/theme.MIDI", general_midi(5))
    put(folder, "fans/other-game/readme.txt", b"no music")
    return folder


@pytest.fixture(scope="module")
def made(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CorpusFile]]:
    out = tmp_path_factory.mktemp("corpus")
    return out, corpus(archive, out, reductions=2)


def test_songs_are_labelled(made: tuple[Path, list[CorpusFile]]) -> None:
    found = {(song.name, song.reduction): song for song in songs(made[0])}
    boss = found["001_MegaMan_00_01Boss", 0]
    assert (boss.game, boss.collection, boss.scene, boss.real) == ("megaman", "archive/nes", "boss", True)
    assert boss.score == read_score(midi_bytes(to_nesmdb(console(1))))
    assert boss.score.grid is None
    assert boss.clock is not None
    title = found["mm-title", 0]
    assert (title.game, title.collection, title.scene, title.real) == ("megaman", "archive/fans", "title", False)
    assert title.clock is None
    assert title.score.grid is not None
    assert title.score.grid.bpm == pytest.approx(120)
    assert title.key is not None
    assert title.key_correlation == round(title.key_correlation, 4)


def test_a_file_of_the_console_has_one_arrangement_others_have_several(made: tuple[Path, list[CorpusFile]]) -> None:
    found = songs(made[0])
    assert [song.reduction for song in found if song.real] == [0, 0]
    for name in ("z-cave", "theme"):
        own = [song for song in found if song.name == name]
        assert [song.reduction for song in own] == [0, 1]
        assert own[0].score != own[1].score


def test_copies_are_found_by_their_music_and_counted(made: tuple[Path, list[CorpusFile]]) -> None:
    copies = {entry.parts[-1]: entry.copy_of for entry in made[1] if entry.reason == COPY}
    assert {name: original.parts[-1] for name, original in copies.items() if original} == {
        "001_MegaMan_01_02BossAgain.mid": "001_MegaMan_00_01Boss.mid",
        "mm-title2.mid": "mm-title.mid",
    }
    assert figures_of(made[1], Options())["copies"]["same game"] == 2


def test_a_game_is_on_the_side_of_the_published_split(made: tuple[Path, list[CorpusFile]]) -> None:
    train, valid = (list(read_songs(made[0] / name)) for name in (TRAIN_FILE, VALID_FILE))
    assert {song.game for song in train} == {"megaman", "othergame"}
    assert {song.game for song in valid} == {"zelda"}


@pytest.mark.parametrize("kind", [".tar.xz", ".zip"])
def test_archives_are_read_as_folders_and_the_same_input_gives_the_same_bytes(
    archive: Path, made: tuple[Path, list[CorpusFile]], tmp_path: Path, kind: str
) -> None:
    packed = tmp_path / f"archive{kind}"
    if kind == ".zip":
        with zipfile.ZipFile(packed, "w") as file:
            for path in sorted(archive.rglob("*"), reverse=True):
                file.write(path, Path("archive") / path.relative_to(archive))
    else:
        with tarfile.open(packed, "w:xz") as tar:
            tar.add(archive, "archive")
    entries = corpus(packed, tmp_path / "out", reductions=2)
    for name in (TRAIN_FILE, VALID_FILE):
        assert (tmp_path / "out" / name).read_bytes() == (made[0] / name).read_bytes()
    assert figures_of(entries, Options()) == figures_of(made[1], Options())


def test_nothing_of_an_archive_reaches_the_disk(tmp_path: Path) -> None:
    packed = tmp_path / "in" / "bad.tar"
    packed.parent.mkdir()
    with tarfile.open(packed, "w") as tar:
        for name in ("../outside.mid", f"{tmp_path}/absolute.mid", "huge.mid"):
            data = twinkle() if name != "huge.mid" else bytes(5_000_000)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    names = list_files(packed)
    assert "link.mid" not in names
    read = list(read_files(packed, frozenset(names)))
    assert len(read) == 3
    assert max(len(file.data) for file in read) < 2_000_000
    assert not any(".." in file.parts or "/" in file.parts for file in read)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "bad.tar"]


REASONS = {
    "damaged.mid": (b"MThd" + bytes(10), "damaged"),
    "text.mid": (b"hello", "no music file"),
    "empty.mid": (b"", "empty"),
    "few.mid": (
        midi_bytes(to_nesmdb(Score((tuple(Note(9 * i, 9 * i + 9, 60) for i in range(7)), (), (), ()), 400))),
        "fewer",
    ),
    "short.mid": (
        midi_bytes(to_nesmdb(Score((tuple(Note(i, i + 1, 60) for i in range(9)), (), (), ()), 119))),
        "shorter",
    ),
    "silent.mid": (
        midi_bytes(to_midi(Score((tuple(Note(9 * i, 9 * i + 9, 60, ((0, 0),)) for i in range(9)), (), (), ()), 400))),
        "silent|heard",
    ),
}


def test_unfit_files_are_left_out_with_their_reason(tmp_path: Path) -> None:
    for name, (data, _) in REASONS.items():
        put(tmp_path / "in", name, data)
    put(tmp_path / "in", "good.mid", twinkle())
    entries = corpus(tmp_path / "in", tmp_path / "out")
    reasons = {entry.parts[-1]: entry.reason for entry in entries}
    assert reasons.pop("good.mid") is None
    assert reasons.keys() == REASONS.keys()
    for name, reason in reasons.items():
        assert re.search(REASONS[name][1], reason or "")
    figures = figures_of(entries, Options())
    assert sum(figures["left_out"].values()) == len(REASONS)
    assert figures["collections"]["in"]["broken_or_empty"] == len(REASONS)
    assert figures["kept"] == 1


def test_a_damaged_file_in_an_archive_does_not_affect_the_others(tmp_path: Path) -> None:
    packed = tmp_path / "games.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for seed in range(3):
            archive.writestr(f"game/{seed}.mid", midi_bytes(to_midi(random_score(seed))))
    data = bytearray(packed.read_bytes())
    data[data.index(b"MThd") + 40] ^= 0xFF
    packed.write_bytes(data)
    entries = build([packed], tmp_path / "out", Options(), lambda read, _: read)
    assert entries[1].reason is None
    assert str(entries[0].reason).startswith("It cannot be read from its archive: Bad CRC-32")


def test_the_same_drums_in_two_games_are_a_copy(tmp_path: Path) -> None:
    drums = Score(((), (), (), random_score(3).channels[3]), random_score(3).frames)
    for game in ("one", "other"):
        put(tmp_path, f"in/{game}/beat.mid", midi_bytes(to_midi(drums)))
    entries = build([tmp_path / "in"], tmp_path / "out", Options(), lambda read, _: read)
    assert [entry.reason for entry in entries] == [None, COPY]


def test_no_game_is_ever_on_both_sides() -> None:
    random = Random(0)
    for seed in range(40):
        names = [random.choice(("abc", "megaman", "megaman2", "zelda", "zeldaii", "tetris", "x")) for _ in range(40)]
        entries = [
            CorpusFile((str(i),), Origin("c", name, random.choice((None, None, "train", "valid")), ""))
            for i, name in enumerate(names)
        ]
        decide_sides(entries, Options(valid_share=0.5, seed=seed))
        sides: dict[str, set[str | None]] = {}
        for entry in entries:
            assert entry.side in ("train", "valid") or entry.reason == BOTH_SIDES
            sides.setdefault(entry.origin.game, set()).add(entry.side)
            if entry.origin.side == "valid":
                assert entry.side == "valid"
        assert all(not {"train", "valid"} <= found for found in sides.values())


@pytest.mark.parametrize(
    ("game", "side"), [("castlevania2", "valid"), ("castlevania2simonsquest", "valid"), ("casts", "train")]
)
def test_games_of_unknown_side_follow_those_whose_names_begin_alike(game: str, side: str) -> None:
    entries = [
        CorpusFile(("a",), Origin("nes", "castlevania2simonsquest", "valid", "")),
        CorpusFile(("b",), Origin("fans", game, None, "")),
    ]
    decide_sides(entries, Options(valid_share=0))
    assert entries[1].side == side


def test_the_share_of_held_out_games_is_about_the_requested_one() -> None:
    entries = [CorpusFile((str(i),), Origin("fans", f"game number {i}", None, "")) for i in range(2000)]
    decide_sides(entries, Options(valid_share=0.2))
    assert 340 < sum(entry.side == "valid" for entry in entries) < 460


def test_the_valid_copy_stays_if_both_sides_have_one(tmp_path: Path) -> None:
    put(tmp_path / "in", "train/001_A_00_01Song.mid", midi_bytes(to_nesmdb(console(1))))
    put(tmp_path / "in", "train/001_A_01_02Song.mid", midi_bytes(to_nesmdb(console(2))))
    put(tmp_path / "in", "valid/002_B_00_01Song.mid", midi_bytes(to_nesmdb(transpose(console(1), -2))))
    corpus(tmp_path / "in", tmp_path / "out")
    assert [song.game for song in read_songs(tmp_path / "out" / VALID_FILE)] == ["b"]
    assert [song.name for song in read_songs(tmp_path / "out" / TRAIN_FILE)] == ["001_A_01_02Song"]


def test_an_interrupted_run_leaves_no_files_and_damages_none(archive: Path, tmp_path: Path) -> None:
    def interrupted(entries: Iterable[CorpusFile], _: int) -> Iterable[CorpusFile]:
        yield next(iter(entries))
        raise KeyboardInterrupt

    (tmp_path / TRAIN_FILE).write_bytes(b"an earlier corpus")
    with pytest.raises(KeyboardInterrupt):
        build([archive], tmp_path, Options(), interrupted)
    assert [path.name for path in tmp_path.iterdir()] == [TRAIN_FILE]
    assert (tmp_path / TRAIN_FILE).read_bytes() == b"an earlier corpus"


def test_a_limit_is_spread_over_the_sources(archive: Path, tmp_path: Path) -> None:
    entries = corpus(archive, tmp_path, limit=3, reductions=1)
    assert len(entries) == 3
    assert len({entry.origin.collection for entry in entries}) == 2


def test_empty_sources_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.tar.xz").write_bytes(b"\xfd7zXZ\0cut")
    (tmp_path / "cut.zip").write_bytes(b"PK cut")
    (tmp_path / "tune.mp3").write_bytes(b"ID3")
    put(tmp_path, "bad/a.mid", b"MThd")
    for name in ("empty", "gone", "cut.tar.xz", "cut.zip", "tune.mp3"):
        with pytest.raises(InputError):
            corpus(tmp_path / name, tmp_path / "out")
    with pytest.raises(CorpusError, match="can be used for training"):
        corpus(tmp_path / "bad", tmp_path / "out")
    for options in ({"reductions": 0}, {"limit": 0}, {"valid_share": 1.0}, {"valid_share": -0.1}):
        with pytest.raises(InputError):
            Options(**options)


def test_the_commands_make_a_corpus_and_train_on_it(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(archive, tmp_path / "archive")
    put(tmp_path, "more/piece.mid", midi_bytes(to_midi(replace(scale(900), loop=3))))
    sources = [str(tmp_path / "archive"), str(tmp_path / "more")]
    assert main(["corpus", *sources, "--out", str(tmp_path / "corpus"), "--reductions", "1"]) == 0
    assert "6 of 8 files kept" in capsys.readouterr().out
    page = (tmp_path / "corpus" / REPORT_PAGE).read_text()
    figures = json.loads((tmp_path / "corpus" / REPORT_JSON).read_text())
    assert "6 of 8 files" in page
    assert f"| archive/nes | {figures['collections']['archive/nes']['files']} |" in page
    assert figures["left_out"] == {COPY: 2}
    assert (tmp_path / "corpus" / REPORT_PLOTS).read_bytes().startswith(b"\x89PNG")
    run = ["--out", str(tmp_path / "run"), "--steps", "2", "--width", "64", "--layers", "1", "--vocabulary", "900"]
    assert main(["train", str(tmp_path / "corpus"), *run]) == 0
    about = json.loads((tmp_path / "run" / "chiptune.json").read_text())
    assert about["songs"] == len(list(read_songs(tmp_path / "corpus" / TRAIN_FILE)))
    assert main(["corpus", str(tmp_path / "gone"), "--out", str(tmp_path / "x")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) >= 1


def test_the_command_names_the_missing_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["corpus", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "chiptune-bot[train]" in capsys.readouterr().err
