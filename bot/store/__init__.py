"""What the bot remembers, in one SQLite file: over one database, a facet for each thing that is kept."""

from bot.store.battles import Standing
from bot.store.charts import PERIODS, Ranked
from bot.store.contest.entries import Nominee, Participation, Winner
from bot.store.contest.rounds import Announcement, Round, Stage
from bot.store.database.records import SONG_DELETED, KeptFile, RequestRecord, Song, Status
from bot.store.queue import LimitReached, Limits, OpenRequest, Requester
from bot.store.reports import Report
from bot.store.server_settings import ServerSettings
from bot.store.songs import Version
from bot.store.store import Store
from bot.store.votes import VoteResult

__all__ = [
    "PERIODS",
    "SONG_DELETED",
    "Announcement",
    "KeptFile",
    "LimitReached",
    "Limits",
    "Nominee",
    "OpenRequest",
    "Participation",
    "Ranked",
    "Report",
    "RequestRecord",
    "Requester",
    "Round",
    "ServerSettings",
    "Song",
    "Stage",
    "Standing",
    "Status",
    "Store",
    "Version",
    "VoteResult",
    "Winner",
]
