"""How often a person may vote, by a clock that the test moves."""

from pathlib import Path

import pytest

from bot.files.song_files import Files
from bot.requests.wait_times import LimitError
from bot.store import Store
from bot.voting import MINUTE, MOST, Voting
from generator.protocol.errors import InputError
from tests.bot.conftest import is_a_sentence
from tests.bot.kept import make


async def test_over_thirty_votes_a_minute_one_is_told_when_again(store: Store, tmp_path: Path) -> None:
    song = await make(store, Files(store, tmp_path), 1)
    now = 0.0
    voting = Voting(store, lambda: now)
    for now in range(MOST):  # noqa: B007 (the clock)
        await voting.toggle(song.id, "a", 1)
    with pytest.raises(LimitError) as refused:
        await voting.toggle(song.id, "a", 1)
    assert is_a_sentence(str(refused.value))
    assert refused.value.retry_after == MINUTE - (MOST - 1)
    assert "30 times in a minute" in str(refused.value)
    assert "again in about 30 seconds" in str(refused.value)
    assert await store.votes.of(song.id, "a") == 0
    assert (await voting.cast(song.id, "b", 1)).votes == 1, "others may"
    now += refused.value.retry_after
    assert (await voting.toggle(song.id, "a", 1)).votes == 2
    with pytest.raises(LimitError):
        await voting.toggle(song.id, "a", 1)


async def test_a_limit_can_be_shared(store: Store, tmp_path: Path) -> None:
    song = await make(store, Files(store, tmp_path), 1)
    voting = Voting(store, lambda: 0.0)
    for voter in range(MOST):
        await voting.cast(song.id, str(voter + 10), 1, person="")
    with pytest.raises(LimitError):
        await voting.cast(song.id, "another", 1, person="")
    assert (await voting.cast(song.id, "known", 1)).votes == MOST + 1


async def test_a_vote_on_what_is_gone_is_a_sentence(store: Store) -> None:
    with pytest.raises(InputError, match="no longer in the history"):
        await Voting(store).toggle("f" * 32, "a", 1)
