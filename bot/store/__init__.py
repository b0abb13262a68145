"""What the bot remembers, in one SQLite file: a facet for requests, songs and votes each, over one database."""

from bot.store.store import Store
from bot.store.values import LOCAL_GUILD, Entry, Song, Status

__all__ = ["LOCAL_GUILD", "Entry", "Song", "Status", "Store"]
