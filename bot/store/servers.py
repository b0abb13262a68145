"""Settings of servers, each with a default, and since when the bot is no longer in a server.

What a setting does is up to those who read it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.languages import LANGUAGES
from bot.scope import Scope
from bot.store.database.cascade import remove_many_requests
from bot.store.database.connections import Database
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _
from generator.protocol.names import SOUNDS
from generator.protocol.requests import Request

PERSON_LIMIT = (1, 50)
SERVER_LIMIT = (1, 500)
COOLDOWN = (0, 3600)
CLEARERS = ("moderators", "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What can be set for a server. Raises InputError, one sentence, for a value that is none.

    channel_id: where alone tunes are asked for, None: anywhere. scene, seconds, sound: of a request that names none;
    None leaves the first two to the model, and the sound as the contract has it. person_limit, server_limit: open
    requests of one person and of all. cooldown: seconds between two requests of a person. report_channel_id: where
    reports go, None: nowhere. clear: who may delete tunes, "moderators" alone, or everybody their "own", too. taste:
    whether what people like there chooses among takes. language: of `bot.languages`, None: the one that Discord names.
    """

    channel_id: str | None = None
    scene: str | None = None
    seconds: float | None = None
    sound: str | None = None
    person_limit: int = 3
    server_limit: int = 20
    cooldown: int = 0
    report_channel_id: str | None = None
    clear: str = "own"
    language: str | None = None
    taste: bool = True

    def __post_init__(self) -> None:
        Request(scene=self.scene, seconds=self.seconds, sound=self.sound or SOUNDS[0])  # it knows what these may be
        _check_channel(self.channel_id)
        _check_channel(self.report_channel_id)
        _check_whole(_("limit of open requests a person"), self.person_limit, PERSON_LIMIT)
        _check_whole(_("limit of open requests"), self.server_limit, SERVER_LIMIT)
        _check_whole(_("cooldown in seconds"), self.cooldown, COOLDOWN)
        if self.clear not in CLEARERS:
            raise InputError(_("Tunes are cleared by {who}.").format(who=", ".join(CLEARERS)))
        if self.language is not None and self.language not in LANGUAGES:
            raise InputError(_("The language must be one of {names}.").format(names=", ".join(LANGUAGES)))
        if not isinstance(self.taste, bool):
            raise InputError(_("The taste of a server is on or off."))


class Servers:
    """The table `servers`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def settings(self, scope: Scope | None) -> ServerSettings:
        """A server's settings; the defaults where none were set."""
        return ServerSettings(**_stored(await self._db.fetch(_SETTINGS, (scope,))))

    async def change(self, scope: Scope, name: str, value: object) -> ServerSettings:
        """Set one setting; what holds now. Raises InputError, one sentence, and changes nothing then."""
        _check_setting(name)
        async with self._db.transaction():
            stored = _stored(await self._db.rows(_SETTINGS, (scope,)))
            settings = ServerSettings(**{**stored, name: value})
            await self._write(scope, {**stored, name: value})
        return settings

    async def reset(self, scope: Scope, name: str | None = None) -> ServerSettings:
        """Set one setting back to its default, or all of them; what holds now. Raises InputError."""
        if name is not None:
            _check_setting(name)
        async with self._db.transaction():
            stored = _stored(await self._db.rows(_SETTINGS, (scope,)))
            left = {key: value for key, value in stored.items() if name not in (None, key)}
            await self._write(scope, left)
        return ServerSettings(**left)

    async def left(self, scope: Scope, when: float | None = None) -> None:
        """The bot was removed from a server. when: seconds since 1970, None is now; an earlier time stays."""
        await self._db.change(
            "INSERT INTO servers (guild_id, removed) VALUES (:scope, :when)"
            " ON CONFLICT DO UPDATE SET removed = coalesce(removed, excluded.removed)",
            scope=scope,
            when=time.time() if when is None else when,
        )

    async def joined(self, scope: Scope) -> None:
        """The bot is in a server, again or for the first time: what is kept of it stays."""
        await self._db.change(_JOINED, scope=scope)

    async def all_joined(self, scopes: Collection[Scope]) -> None:
        """The bot is in these servers and in no others: it may have been removed while it did not run.

        A server where it never was has nothing to lose: people who installed it for themselves use it there, too.
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
        """The servers that the bot was removed from before a time, in seconds since 1970."""
        rows = await self._db.fetch("SELECT guild_id FROM servers WHERE removed < ?", (when,))
        return [Scope(row["guild_id"]) for row in rows]

    async def erase(self, scope: Scope, left_before: float) -> set[str]:
        """Remove everything of a server that the bot was removed from before a time; the files that it named.

        Nothing happens where the bot came back; what is left then stays.
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
    """What was set, from the server's row or from none."""
    return dict(json.loads(rows[0]["settings"])) if rows else {}


def _check_setting(name: str) -> None:
    names = ServerSettings.__dataclass_fields__
    if name not in names:
        said = _("There is no setting called “{name}”: there are {names}.")
        raise InputError(said.format(name=name[:40], names=", ".join(names)))


def _check_channel(value: object) -> None:
    if value is not None and not (isinstance(value, str) and value.isascii() and value.isdecimal()):
        raise InputError(_("A channel is named by its id."))


def _check_whole(what: Sentence, value: object, limits: tuple[int, int]) -> None:
    low, high = limits
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        said = _("The {what} must be a whole number from {low} to {high}.")
        raise InputError(said.format(what=what, low=low, high=high))
