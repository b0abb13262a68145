"""What the bot remembers, in one SQLite file: over one database, a facet for each thing that is kept."""

from bot.store.reports import Report
from bot.store.servers import ServerSettings
from bot.store.store import Store
from bot.store.values import LOCAL_GUILD, Entry, KeptFile, Song, Status

__all__ = ["LOCAL_GUILD", "Entry", "KeptFile", "Report", "ServerSettings", "Song", "Status", "Store"]
