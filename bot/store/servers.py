"""Servers: the settings that were changed there, and when the bot was removed from them.

The settings themselves are declared in `bot.store.server_settings`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from typing import Any

from bot.scope import Scope
from bot.store.database.cascade import remove_many_requests
from bot.store.database.connections import Database
from bot.store.server_settings import ServerSettings, check_setting


class Servers:
    """The table `servers`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def settings(self, scope: Scope | None) -> ServerSettings:
        """Return a scope's settings, with defaults for those that were not changed."""
        return ServerSettings(**_stored(await self._db.fetch(_SETTINGS, (scope,))))

    async def change(self, scope: Scope, name: str, value: object) -> ServerSettings:
        """Change one setting. Return all settings. Raise InputError if the value is invalid; nothing changes then."""
        check_setting(name)
        async with self._db.transaction():
            stored = _stored(await self._db.rows(_SETTINGS, (scope,)))
            settings = ServerSettings(**{**stored, name: value})
            await self._write(scope, {**stored, name: value})
        return settings

    async def reset(self, scope: Scope, name: str | None = None) -> ServerSettings:
        """Reset one setting, or all of them, to the defaults. Return all settings. Raise InputError."""
        if name is not None:
            check_setting(name)
        async with self._db.transaction():
            stored = _stored(await self._db.rows(_SETTINGS, (scope,)))
            kept = {key: value for key, value in stored.items() if name not in (None, key)}
            await self._write(scope, kept)
        return ServerSettings(**kept)

    async def left(self, scope: Scope, when: float | None = None) -> None:
        """Save that the bot was removed from a server, unless that is saved. when: seconds since 1970, None for now."""
        await self._db.change(
            "INSERT INTO servers (guild_id, removed) VALUES (:scope, :when)"
            " ON CONFLICT DO UPDATE SET removed = coalesce(removed, excluded.removed)",
            scope=scope,
            when=time.time() if when is None else when,
        )

    async def joined(self, scope: Scope) -> None:
        """Save that the bot is in a server, so that the server's data is kept."""
        await self._db.change(_JOINED, scope=scope)

    async def all_joined(self, scopes: Collection[Scope]) -> None:
        """Save that the bot is in these servers and in no others: it may have been removed while it did not run.

        Only servers that it was in count as left. In others, people may use a bot that they installed for themselves.
        """
        async with self._db.transaction():
            for scope in scopes:
                await self._db.execute(_JOINED, {"scope": scope})
            await self._db.execute(
                "UPDATE servers SET removed = ? WHERE removed IS NULL"
                " AND guild_id NOT IN (SELECT value FROM json_each(?))",
                (time.time(), json.dumps(list(scopes))),
            )

    async def left_before(self, when: float) -> list[Scope]:
        """Return the servers that the bot was removed from before a time, in seconds since 1970."""
        rows = await self._db.fetch("SELECT guild_id FROM servers WHERE removed < ?", (when,))
        return [Scope(row["guild_id"]) for row in rows]

    async def erase(self, scope: Scope, left_before: float) -> set[str]:
        """Remove all data of a server that the bot was removed from before a time. Return the files that it named.

        If the bot comes back meanwhile, the data that is left stays.
        """
        values = {"scope": scope, "before": left_before}
        gone = "EXISTS (SELECT 1 FROM servers WHERE guild_id = :scope AND removed < :before)"
        named = await remove_many_requests(self._db, f"guild_id = :scope AND {gone}", values)
        async with self._db.transaction():
            if await self._db.execute("DELETE FROM servers WHERE guild_id = :scope AND removed < :before", values):
                await self._db.execute("DELETE FROM contests WHERE guild_id = :scope", values)
                await self._db.execute("DELETE FROM rounds WHERE guild_id = :scope", values)
        return named

    async def _write(self, scope: Scope, settings: dict[str, Any]) -> None:
        await self._db.execute(
            "INSERT INTO servers (guild_id, settings) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (scope, json.dumps(settings)),
        )


_SETTINGS = "SELECT settings FROM servers WHERE guild_id = ?"
_JOINED = "INSERT INTO servers (guild_id) VALUES (:scope) ON CONFLICT DO UPDATE SET removed = NULL"


def _stored(rows: list[Any]) -> dict[str, Any]:
    """Return the changed settings, from the server's row if there is one."""
    return dict(json.loads(rows[0]["settings"])) if rows else {}
