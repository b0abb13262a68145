"""The crops of a listener: some channels of a song as tokens, others as the roll around them."""

from pathlib import Path

import numpy as np
import pytest

from models.inference.cross_attention import ROWS_AHEAD, ROWS_BEHIND
from models.music.grid import ROWS
from models.music.score import CHANNEL_NAMES
from models.music.songs import TRAIN_FILE
from models.tokens.piano_roll import COLUMN_OFFSETS, COLUMNS, COLUMNS_PER_CHANNEL
from models.tokens.tokenizer import load_codebook, load_tokenizer, token_events
from models.tokens.vocabulary import PAD
from models.training.examples import Example, read_examples
from models.training.listener_dataset import ListenerBatch, ListenerDataset
from tests.models.tokens.test_piano_roll import rows_by_event

LENGTH = 48


@pytest.fixture(scope="module")
def songs(corpus_folder: Path, sound_model: Path) -> list[Example]:
    codebook = load_codebook(sound_model, load_tokenizer(sound_model))
    return list(read_examples(corpus_folder / TRAIN_FILE, codebook))


@pytest.fixture(scope="module")
def crops(songs: list[Example], sound_model: Path) -> ListenerDataset:
    return ListenerDataset(load_tokenizer(sound_model), songs, seed=3, arranged=0.1)


@pytest.fixture(scope="module")
def batches(crops: ListenerDataset) -> list[ListenerBatch]:
    return [crops.batch(step, 4, LENGTH) for step in range(30)]


def test_a_crop_is_a_function_of_seed_step_and_row(
    crops: ListenerDataset, songs: list[Example], sound_model: Path
) -> None:
    again = ListenerDataset(load_tokenizer(sound_model), songs, seed=3, arranged=0.1)
    other = ListenerDataset(load_tokenizer(sound_model), songs, seed=4, arranged=0.1)
    assert (crops.batch(5, 4, LENGTH).ids == again.batch(5, 4, LENGTH).ids).all()
    assert (crops.batch(5, 4, LENGTH).ids[:2] == crops.batch(5, 2, LENGTH).ids).all()
    assert (crops.batch(5, 4, LENGTH).ids != other.batch(5, 4, LENGTH).ids).any()
    assert (crops.batch(5, 4, LENGTH).ids != crops.batch(6, 4, LENGTH).ids).any()


def test_written_channels_are_not_given(crops: ListenerDataset, batches: list[ListenerBatch]) -> None:
    spelling = token_events(crops.tokenizer)
    given_at_all = set()
    for batch in batches:
        for ids, roll in zip(batch.ids, batch.rolls, strict=True):
            events = [event for token in ids for event in spelling[token]]
            written = {event.split(":")[1] for event in events if event.startswith(("on:", "off:", "again:"))}
            sounds = roll[roll[:, 0] >= 0][:, ::COLUMNS_PER_CHANNEL][:, : len(CHANNEL_NAMES)]
            given = {
                name
                for channel, name in enumerate(CHANNEL_NAMES)
                if (sounds[:, channel] > COLUMN_OFFSETS[channel * COLUMNS_PER_CHANNEL]).any()
            }
            assert written
            assert not written & given
            given_at_all.add(len(given))
    assert given_at_all >= {0, 1, 2, 3}


def test_the_roll_surrounds_the_tokens(crops: ListenerDataset, batches: list[ListenerBatch]) -> None:
    spelling = token_events(crops.tokenizer)
    for batch in batches:
        for ids, reached, roll in zip(batch.ids, batch.token_rows, batch.rolls, strict=True):
            rows = roll[roll[:, 0] >= 0]
            assert (rows >= COLUMN_OFFSETS[:-1]).all()
            assert (rows < COLUMN_OFFSETS[1:]).all()
            there = reached[ids != PAD]
            first = there[0] // ROWS * ROWS
            assert (there == first + np.array(rows_by_event(spelling, ids[ids != PAD].tolist()))).all()
            assert there[0] <= ROWS_BEHIND
            assert there[-1] < len(rows) <= there[-1] + ROWS + ROWS_AHEAD
            # The roll counts beats like the tokens.
            for token, at in zip(ids, reached, strict=True):
                for event in spelling[token]:
                    if event.startswith("beat:"):
                        assert rows[at, -1] - COLUMN_OFFSETS[len(COLUMNS) - 1] == int(event.split(":")[1])
                        assert rows[at, -2] == COLUMN_OFFSETS[len(COLUMNS) - 2]
