"""Everything that is kept about one person: read for them, or removed for good."""

from __future__ import annotations

import json
from typing import Any

from bot.store.database.cascade import remove_many_requests
from bot.store.database.connections import Database
from bot.store.database.records import SONG_JSON

TABLES = {
    "requests": "SELECT * FROM requests WHERE user_id = ? ORDER BY number",
    "songs": "SELECT * FROM songs WHERE user_id = ? ORDER BY number",
    "files": "SELECT files.* FROM files JOIN songs ON songs.id = files.song WHERE user_id = ? ORDER BY song, name",
    "uploads": (
        "SELECT uploads.* FROM uploads JOIN requests ON requests.id = uploads.request WHERE user_id = ? ORDER BY number"
    ),
    "messages": (
        "SELECT song, channel_id, message_id, iif(user_id = ?1, user_id, NULL) AS user_id, created FROM messages"
        " WHERE user_id = ?1 OR song IN (SELECT id FROM songs WHERE user_id = ?1) ORDER BY created"
    ),
    "votes": "SELECT * FROM votes WHERE voter = ? ORDER BY created",
    "battles": "SELECT * FROM battles WHERE voter = ? ORDER BY number",
    "nominations": ("SELECT nominations.* FROM nominations WHERE nominator = ? ORDER BY number"),
    "ballots": "SELECT * FROM ballots WHERE voter = ? ORDER BY round",
    "reports": "SELECT * FROM reports WHERE reporter = ? ORDER BY number",
}
"""Where a person stands, table by table; others who posted the person's songs again are left out."""
JSON_COLUMNS = ("request", "destination", "error_said", "report_said", *SONG_JSON)
SECRET = "token"  # noqa: S105 (its name)


class People:
    """One person's rows in all tables."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def export(self, user_id: str) -> dict[str, Any]:
        """A person's rows by table, as JSON can hold them. The tokens that answers need are Discord's, and left out."""
        async with self._db.looking() as rows:
            found = {table: await rows(sql, (user_id,)) for table, sql in TABLES.items()}
        return {"user": user_id, **{table: [_readable(dict(row)) for row in rows] for table, rows in found.items()}}

    async def erase(self, user_id: str) -> set[str]:
        """Remove a person's rows; the SHA-256 of the files that these named. See `Database.scrub` for what is left.

        Songs go in groups, so that nobody waits for thousands of them: a crash leaves some, for the next time.
        """
        async with self._db.transaction():
            await self._db.execute("DELETE FROM votes WHERE voter = ?", (user_id,))
            await self._db.execute("DELETE FROM battles WHERE voter = ?", (user_id,))
            # A song that the person nominated stays in its round with the votes of others, and without a word of who.
            await self._db.execute("UPDATE nominations SET nominator = NULL WHERE nominator = ?", (user_id,))
            await self._db.execute("DELETE FROM ballots WHERE voter = ?", (user_id,))
            await self._db.execute("DELETE FROM messages WHERE user_id = ?", (user_id,))
            await self._db.execute("DELETE FROM reports WHERE reporter = ?", (user_id,))
        return await remove_many_requests(self._db, "user_id = :user", {"user": user_id})


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose JSON columns are values; `uploads.request` is an id and stays."""
    for name in JSON_COLUMNS:
        if str(row.get(name, "")).startswith("{"):
            row[name] = json.loads(row[name])
    if isinstance(row.get("destination"), dict):
        row["destination"].pop(SECRET, None)
    return row
