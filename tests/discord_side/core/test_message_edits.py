"""Edits of one message that are asked for at once: one at a time, and the last shows the truth."""

from __future__ import annotations

import asyncio

import pytest

from bot.discord.core.message_edits import Edit, MessageEdits
from generator.protocol.errors import InputError


class Board:
    """A message that takes its time to be edited; `truth` is what it should show."""

    def __init__(self) -> None:
        self.truth = 0
        self.shown: list[int] = []
        self.gate = asyncio.Event()
        self.under_way = 0

    async def edit(self) -> None:
        self.under_way += 1
        assert self.under_way == 1
        now = self.truth
        await self.gate.wait()
        self.shown.append(now)
        self.under_way -= 1


async def ask(edits: MessageEdits, board: Board, message: int = 1, edit: Edit | None = None) -> asyncio.Task[None]:
    """Change what is true, and ask for it to be shown; the first edit of a message has begun then."""
    board.truth += 1
    task = asyncio.create_task(edits.run(message, edit or board.edit))
    await asyncio.sleep(0)
    return task


async def test_of_many_only_the_first_and_the_newest_are_made() -> None:
    edits, board = MessageEdits(), Board()
    tasks = [await ask(edits, board) for _ in range(100)]
    assert [task.done() for task in tasks] == [False, *[True] * 99]
    board.gate.set()
    await asyncio.gather(*tasks)
    assert board.shown == [1, 100]
    await (await ask(edits, board))
    assert board.shown == [1, 100, 101]


async def test_another_message_does_not_wait() -> None:
    edits, board, other = MessageEdits(), Board(), Board()
    other.gate.set()
    held = await ask(edits, board, 1)
    await (await ask(edits, other, 2))
    assert (board.shown, other.shown) == ([], [1])
    board.gate.set()
    await held


async def test_what_fails_is_made_up_for_by_the_next(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    edits, board = MessageEdits(), Board()

    async def fail() -> None:
        await board.gate.wait()
        raise InputError("This tune is no longer in the history.")

    tasks = [await ask(edits, board, edit=fail), await ask(edits, board)]
    board.gate.set()
    await asyncio.gather(*tasks)
    assert board.shown == [2]
    assert "a message could not be updated" in caplog.text


async def test_a_fault_lets_go_of_the_message() -> None:
    edits, board = MessageEdits(), Board()

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await edits.run(1, fail)
    board.gate.set()
    await (await ask(edits, board))
    assert board.shown == [1]
