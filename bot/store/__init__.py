"""What the bot remembers: requests, songs and votes, in one SQLite file."""

from bot.store.store import Store
from bot.store.values import LOCAL_GUILD, Entry, Song, Status

__all__ = ["LOCAL_GUILD", "Entry", "Song", "Status", "Store"]
