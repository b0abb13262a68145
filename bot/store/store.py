"""The store: one database, and one object for each group of tables.

Every method of these objects is one short transaction. The bot is the only process that writes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store.battles import Battles
from bot.store.charts import Charts
from bot.store.contest.entries import Contests
from bot.store.contest.rounds import Rounds
from bot.store.counts import Counts
from bot.store.database.connections import Database
from bot.store.files import FileNames
from bot.store.messages import Messages
from bot.store.people import People
from bot.store.queue import Queue
from bot.store.reports import Reports
from bot.store.requests import Requests
from bot.store.servers import Servers
from bot.store.songs import Songs
from bot.store.tastes import Tastes
from bot.store.votes import Votes


class Store:
    """Everything that the bot stores; open it with `Store.open`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.requests = Requests(database)
        self.queue = Queue(database)
        self.songs = Songs(database)
        self.messages = Messages(database)
        self.votes = Votes(database)
        self.charts = Charts(database)
        self.battles = Battles(database)
        self.contests = Contests(database)
        self.rounds = Rounds(database)
        self.tastes = Tastes(database)
        self.reports = Reports(database)
        self.servers = Servers(database)
        self.files = FileNames(database)
        self.people = People(database)
        self.counts = Counts(database)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Store]:
        """Open or create the database at `path` and migrate its schema; close it at the end."""
        async with Database.open(path) as database:
            yield cls(database)
