"""Evaluation: every token counts once, with history, and a uniform model gets exactly its figures."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from models.cli import evaluate_command
from models.music.midi import read_score
from models.music.songs import CorpusError, Song, midi_files, write_songs
from models.tokens.codec import decode, to_text
from models.tokens.sounds import Codebook
from models.tokens.tokenizer import load_tokenizer, token_events
from models.training.evaluate import evaluate, note_events, windows
from models.training.network import load_network
from tests.models.conftest import MakeModel
from tests.music import random_score

BEAT = 7


@pytest.mark.parametrize("context", [64, 128, 256])
@pytest.mark.parametrize("length", [2, 60, 64, 65, 127, 500, 2000])
@pytest.mark.parametrize("spacing", [5, 40, 1000])
def test_each_token_counts_once_with_half_a_context_of_history(context: int, length: int, spacing: int) -> None:
    random = Random(length)
    head = 6
    ids = [BEAT if i >= head and (i - head) % spacing == 0 else 10 + random.randrange(10_000) for i in range(length)]
    counted: list[int] = []
    for window in windows(ids, frozenset({BEAT}), context):
        assert len(window.ids) <= context
        assert window.first >= 1
        if counted:
            assert window.first >= context // 2
        counted += window.ids[window.first :]
    assert counted == ids[1:]


def test_a_model_that_knows_nothing_pays_the_vocabularys_logarithm(make_model: MakeModel, midi_folder: Path) -> None:
    model = make_model(uniform=True, context=128)
    found = evaluate(midi_folder, model)
    size = load_network(model).config.vocab_size
    assert found.nats == pytest.approx(found.tokens * math.log(size), rel=1e-6)
    assert found.nats_per_note == pytest.approx(found.nats / found.notes)
    assert found.songs == 4
    assert found.seconds == pytest.approx(sum(read_score(path).seconds for path in midi_files(midi_folder)), abs=0.1)
    assert found.notes == sum(read_score(path).note_count for path in midi_files(midi_folder))
    assert found.kept == 1.0
    assert found.expression_nats == 0.0


def test_composition_and_sounds_are_counted_apart(make_model: MakeModel, midi_folder: Path) -> None:
    model = make_model(uniform=True, context=128, sounds=True)
    found = evaluate(midi_folder, model)
    tokenizer = load_tokenizer(model)
    book = Codebook.load(model)
    texts = [to_text(read_score(path), codebook=book, repeats=True) for path in midi_files(midi_folder)]
    spelling = token_events(tokenizer)
    ids = [i for text in texts for i in tokenizer.encode(text).ids[1:]]
    of_sounds = sum(spelling[i][0].startswith(("env:", "duty:", "mode:")) for i in ids)
    each = math.log(tokenizer.get_vocab_size())
    assert found.tokens == len(ids)
    assert 20 < of_sounds < len(ids) / 2
    assert found.expression_nats == pytest.approx(of_sounds * each, rel=1e-6)
    assert found.nats == pytest.approx((len(ids) - of_sounds) * each, rel=1e-6)
    assert found.nats_per_second == pytest.approx(found.nats / found.seconds, rel=0.01)
    assert found.kept == 1.0


def test_arranged_songs_of_a_corpus_name_no_sounds(sound_model: Path, tmp_path: Path) -> None:
    songs = [Song("", "", "", None, None, 0, 0, real, random_score(5)) for real in (True, False)]
    for song in songs:
        write_songs(tmp_path / f"{song.real}.jsonl.gz", [song])
    real, arranged = (evaluate(tmp_path / f"{song.real}.jsonl.gz", sound_model) for song in songs)
    assert arranged.expression_nats == 0.0 < real.expression_nats
    assert arranged.tokens < real.tokens


def test_the_figures_do_not_depend_on_how_songs_share_batches(tiny_model: Path, midi_folder: Path) -> None:
    whole = evaluate(midi_folder, tiny_model)

    def only(i: int) -> Callable[[Iterable[Path]], Iterator[Path]]:
        return lambda files: islice(files, i, i + 1)

    alone = [evaluate(midi_folder, tiny_model, only(i)) for i in range(4)]
    assert whole.nats == pytest.approx(sum(found.nats for found in alone), rel=1e-5)
    assert whole.tokens == sum(found.tokens for found in alone)


@pytest.mark.parametrize("seed", range(20))
def test_tokens_keep_every_note_on_and_note_off(tiny_model: Path, seed: int) -> None:
    score = random_score(seed, grid=seed % 2 == 0)
    tokenizer = load_tokenizer(tiny_model)
    assert note_events(decode(tokenizer, tokenizer.encode(to_text(score)).ids)) == note_events(score)


def test_the_command_prints_one_object(tiny_model: Path, midi_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_command([str(midi_folder), "--model", str(tiny_model), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == list(asdict(evaluate(midi_folder, tiny_model)))
    assert list(printed) == [
        "songs", "seconds", "notes", "tokens", "nats", "nats_per_note", "nats_per_second", "expression_nats", "kept",
    ]  # fmt: skip


def test_a_corpus_file_scores_as_its_songs_do(tiny_model: Path, midi_folder: Path, tmp_path: Path) -> None:
    scores = [read_score(path) for path in midi_files(midi_folder)]
    songs = [Song("", "", "", "boss", "C", 0.9, 0, True, score) for score in scores]
    write_songs(tmp_path / "valid.jsonl.gz", songs)
    assert evaluate(tmp_path / "valid.jsonl.gz", tiny_model) == evaluate(midi_folder, tiny_model)


def test_a_folder_without_songs_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(CorpusError, match="no MIDI files"):
        evaluate(tmp_path, tiny_model)
