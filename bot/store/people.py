"""Everything that is stored about one person, to export or to erase."""

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
"""The query for a person's rows in each table. The ids of others who replayed the person's songs are left out."""
JSON_COLUMNS = ("request", "destination", "error_said", "report_said", *SONG_JSON)
SECRET = "token"  # noqa: S105 (its name)


class People:
    """One person's rows in all tables."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def export(self, user_id: str) -> dict[str, Any]:
        """Return a person's rows by table, ready for JSON, without Discord's tokens."""
        async with self._db.snapshot() as rows:
            tables = {table: await rows(sql, (user_id,)) for table, sql in TABLES.items()}
        return {"user": user_id, **{table: [_readable(dict(row)) for row in rows] for table, rows in tables.items()}}

    async def erase(self, user_id: str) -> set[str]:
        """Remove a person's rows. Return the SHA-256 of the files that they named.

        Songs are removed in groups, so that nobody waits for thousands of them; after a crash, erase again. Deleted
        rows leave traces in the file until `Database.scrub`.
        """
        async with self._db.transaction():
            await self._db.execute("DELETE FROM votes WHERE voter = ?", (user_id,))
            await self._db.execute("DELETE FROM battles WHERE voter = ?", (user_id,))
            # A song that the person nominated stays in its round with the votes of others, without the nominator.
            await self._db.execute("UPDATE nominations SET nominator = NULL WHERE nominator = ?", (user_id,))
            await self._db.execute("DELETE FROM ballots WHERE voter = ?", (user_id,))
            await self._db.execute("DELETE FROM messages WHERE user_id = ?", (user_id,))
            await self._db.execute("DELETE FROM reports WHERE reporter = ?", (user_id,))
        return await remove_many_requests(self._db, "user_id = :user", {"user": user_id})


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its JSON columns parsed; `uploads.request` is an id and stays a string."""
    for name in JSON_COLUMNS:
        if str(row.get(name, "")).startswith("{"):
            row[name] = json.loads(row[name])
    if isinstance(row.get("destination"), dict):
        row["destination"].pop(SECRET, None)
    return row
