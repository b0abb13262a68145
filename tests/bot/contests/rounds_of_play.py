"""What tests of contests share: songs of several people, and rounds at a certain time."""

from pathlib import Path

from bot.files.song_files import Files
from bot.scope import Scope
from bot.store import Song, Store
from bot.store.contest.rounds import Round
from tests.bot.kept import make

START = 1_800_000_000.0
"""When the contest begins in these tests."""
PLACE = "7"


class Place:
    """A server whose contest has begun. songs: four, of the people 1 to 4; other: one of another server."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.files = Files(store, folder)
        self.songs: list[Song] = []

    async def fill(self) -> None:
        for seed in (1, 2, 3, 4):
            self.songs.append(await make(self.store, self.files, seed, user_id=str(seed)))
        self.other = await make(self.store, self.files, 5, user_id="5", scope="8")
        await self.store.contests.start(Scope(PLACE), "9", START)

    async def round(self) -> Round:
        found = await self.store.contests.open(Scope(PLACE))
        assert found
        return found

    async def last(self) -> Round:
        """The round that ended last."""
        found = await self.store.contests.last(Scope(PLACE))
        assert found
        return found

    async def nominate(self, *numbers: int, at: float = START) -> None:
        """Have these songs nominated, each by somebody of its own."""
        for number in numbers:
            await self.store.contests.nominate(Scope(PLACE), self.songs[number].id, f"fan {number}", at)

    async def vote(self, number: int, *voters: str, at: float) -> None:
        for voter in voters:
            await self.store.contests.vote(Scope(PLACE), self.songs[number].id, voter, at)

    async def count(self, table: str) -> int:
        return int((await self.store.database.fetch(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608
