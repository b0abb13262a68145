"""What the bot remembers, in one SQLite file: over one database, a facet for each thing that is kept."""

from bot.store.battles import Standing
from bot.store.charts import PERIODS, Ranked
from bot.store.contest.entries import Famous, Mine, Nominee
from bot.store.contest.rounds import Announcement, Round, Stage
from bot.store.database.records import GONE, KeptFile, RequestRecord, Song, Status
from bot.store.queue import Asker, Limits, Reached, Waiting
from bot.store.reports import Report
from bot.store.server_settings import ServerSettings
from bot.store.store import Store
from bot.store.votes import Cast

__all__ = [
    "GONE",
    "PERIODS",
    "Announcement",
    "Asker",
    "Cast",
    "Famous",
    "KeptFile",
    "Limits",
    "Mine",
    "Nominee",
    "Ranked",
    "Reached",
    "Report",
    "RequestRecord",
    "Round",
    "ServerSettings",
    "Song",
    "Stage",
    "Standing",
    "Status",
    "Store",
    "Waiting",
]
