"""Tunes played one after the other in voice channels: at most one channel a server, as Discord has it.

When the bot leaves a channel is decided by `LeaveTimer`, what a tune is heard as by `voice`. Who may ask is left to
`play`. Nothing here is kept: after a restart the bot is in no channel.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import discord
from discord.ext import tasks

from bot.discord.voice.connection import Channel, Connect, Connection, TuneSource, join
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, ngettext

log = logging.getLogger(__name__)

ALONE_SECONDS = 60.0
"""How long the bot plays to nobody."""
IDLE_SECONDS = 120.0
"""How long it stays after the last tune."""
TICK_SECONDS = 1.0
"""Between two looks at whether to leave."""
MAX_WAITING = 20
FULL = ngettext(
    "There is {n} tune waiting already: ask again when it has been played.",
    "There are {n} tunes waiting already: ask again when some have been played.",
)
PLAYING_ELSEWHERE = _("Others are listening in <#{channel}>: join them there, or ask again when they are done.")

Clock = Callable[[], float]
"""Seconds, from any beginning."""


@dataclass(frozen=True, slots=True)
class QueuedTune:
    """What is played: a title for the log, and the file of the sound."""

    title: str
    path: str


class LeaveTimer:
    """When to leave: alone for a minute, or nothing to play for two."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._heard = self._played = clock()

    def due(self, *, alone: bool, playing: bool) -> bool:
        """Whether to leave now. alone: nobody else is there. playing: a tune sounds or waits."""
        now = self._clock()
        self._heard = self._heard if alone else now
        self._played = now if playing else self._played
        return now - self._heard >= ALONE_SECONDS or now - self._played >= IDLE_SECONDS


class Player:
    """One server's connection and the tunes that wait for it."""

    def __init__(self, voice: Connection, clock: Clock = time.monotonic) -> None:
        self.voice = voice
        self.waiting: deque[QueuedTune] = deque()
        self._leaving = LeaveTimer(clock)
        self._loop = asyncio.get_running_loop()
        self._looking.start()

    @property
    def connected(self) -> bool:
        """Whether it is still this connection that the server has: a moderator may have ended it."""
        return self.voice.guild.voice_client is self.voice

    @property
    def alone(self) -> bool:
        """Whether nobody listens but bots, as far as the library knows them."""
        guild, here = self.voice.guild, self.voice.channel.voice_states
        members = [guild.get_member(user) for user in here if user != self.voice.user.id]
        return all(member is not None and member.bot for member in members)

    def add(self, tune: QueuedTune) -> int:
        """Play a tune after those that wait; how many tunes come before it. Raises InputError."""
        if len(self.waiting) >= MAX_WAITING:
            raise InputError(FULL.counted(MAX_WAITING))
        before = len(self.waiting) + self.voice.is_playing()
        self.waiting.append(tune)
        self._play_next()
        return before

    async def leave(self) -> None:
        """Leave the channel, with all that waits."""
        self.waiting.clear()
        self._looking.stop()
        await self.voice.disconnect(force=True)

    @tasks.loop(seconds=TICK_SECONDS)
    async def _looking(self) -> None:
        """Look whether it is time to leave, and whether a connection that was lost is back."""
        self._play_next()
        playing = bool(self.waiting) or self.voice.is_playing()
        if not self.connected or self._leaving.due(alone=self.alone, playing=playing):
            await self.leave()

    def _play_next(self) -> None:
        """Begin the next tune, unless one is being played."""
        while self.waiting and self.voice.is_connected() and not self.voice.is_playing():
            tune = self.waiting.popleft()
            try:
                self.voice.play(TuneSource(tune.path), after=self._ended)
            except discord.ClientException as error:  # ffmpeg has gone, or the connection has, just now
                log.error("%s could not be played: %s", tune.path, error)

    def _ended(self, error: Exception | None) -> None:
        """A tune is over; called in the thread that played it. error: where it broke off."""
        if error:
            log.error("a tune could not be played to its end: %s", error)
        with suppress(RuntimeError):  # the loop is closed where the bot stops
            self._loop.call_soon_threadsafe(self._play_next)


class Jukebox:
    """The players by server. connect: how a channel is joined; another way for tests, which have no voice server."""

    def __init__(self, connect: Connect = join, clock: Clock = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._players: dict[int, Player] = {}
        self._joining: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def player(self, guild: int) -> Player | None:
        """The server's player; None where the bot is in no channel there."""
        found = self._players.get(guild)
        return found if found and found.connected else None

    async def play(self, channel: Channel, tune: QueuedTune) -> int:
        """Play a tune in a channel; how many tunes come before it there. Raises InputError."""
        guild = channel.guild.id
        async with self._joining[guild]:
            player = self.player(guild)
            if player and player.voice.channel.id != channel.id:
                if not player.alone:
                    raise InputError(PLAYING_ELSEWHERE.format(channel=player.voice.channel.id))
                player = None
            if player is None:
                await self.stop(guild)
                player = self._players[guild] = Player(await self._connect(channel), self._clock)
            return player.add(tune)

    async def stop(self, guild: int) -> None:
        """Leave a server's channel, with all that waits there; nothing happens where the bot is in none."""
        if player := self._players.pop(guild, None):
            await player.leave()

    async def close(self) -> None:
        """Leave every channel."""
        for guild in list(self._players):
            await self.stop(guild)
