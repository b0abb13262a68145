"""What the bot remembers, in one SQLite file: over one database, a facet for each thing that is kept."""

from bot.store.queue import Asker, Limits, Reached, Waiting
from bot.store.reports import Report
from bot.store.servers import ServerSettings
from bot.store.store import Store
from bot.store.values import LOCAL_GUILD, Entry, KeptFile, Song, Status

__all__ = [
    "LOCAL_GUILD",
    "Asker",
    "Entry",
    "KeptFile",
    "Limits",
    "Reached",
    "Report",
    "ServerSettings",
    "Song",
    "Status",
    "Store",
    "Waiting",
]
