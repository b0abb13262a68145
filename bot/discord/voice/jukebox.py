"""Plays tunes one after the other in voice channels, in at most one channel of a server at a time.

`LeaveTimer` decides when the bot leaves; `connection` streams the sound. Who may play is left to the commands. Nothing
is stored: after a restart, the bot is in no channel.
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
"""How long the bot stays when nobody else is in the channel."""
IDLE_SECONDS = 120.0
"""How long the bot stays after the last tune."""
TICK_SECONDS = 1.0
"""The time between two checks whether to leave."""
MAX_WAITING = 20
FULL = ngettext(
    "There is {n} tune waiting already: ask again when it has been played.",
    "There are {n} tunes waiting already: ask again when some have been played.",
)
PLAYING_ELSEWHERE = _("Others are listening in <#{channel}>: join them there, or ask again when they are done.")

Clock = Callable[[], float]
"""Returns seconds since some fixed time."""


@dataclass(frozen=True, slots=True)
class QueuedTune:
    """A tune to play: its title, for the log, and the path of its sound file."""

    title: str
    path: str


class LeaveTimer:
    """Decides when to leave: after a minute alone, or two minutes with nothing to play."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._last_listener = self._last_played = clock()

    def due(self, *, alone: bool, playing: bool) -> bool:
        """Return whether to leave now. alone: nobody else is there. playing: a tune is playing or waiting."""
        now = self._clock()
        self._last_listener = self._last_listener if alone else now
        self._last_played = now if playing else self._last_played
        return now - self._last_listener >= ALONE_SECONDS or now - self._last_played >= IDLE_SECONDS


class Player:
    """The voice connection of one server and the tunes waiting for it."""

    def __init__(self, voice: Connection, clock: Clock = time.monotonic) -> None:
        self.voice = voice
        self.waiting: deque[QueuedTune] = deque()
        self._leaving = LeaveTimer(clock)
        self._loop = asyncio.get_running_loop()
        self._check.start()

    @property
    def connected(self) -> bool:
        """Whether the server still has this connection: a moderator may have ended it."""
        return self.voice.guild.voice_client is self.voice

    @property
    def alone(self) -> bool:
        """Whether nobody but bots is listening, as far as the library knows."""
        guild, listeners = self.voice.guild, self.voice.channel.voice_states
        members = [guild.get_member(user) for user in listeners if user != self.voice.user.id]
        return all(member is not None and member.bot for member in members)

    def add(self, tune: QueuedTune) -> int:
        """Play a tune after the waiting ones. Return how many come before it. Raise InputError if too many wait."""
        if len(self.waiting) >= MAX_WAITING:
            raise InputError(FULL.counted(MAX_WAITING))
        before = len(self.waiting) + self.voice.is_playing()
        self.waiting.append(tune)
        self._play_next()
        return before

    async def leave(self) -> None:
        """Leave the channel and drop the waiting tunes."""
        self.waiting.clear()
        self._check.stop()
        await self.voice.disconnect(force=True)

    @tasks.loop(seconds=TICK_SECONDS)
    async def _check(self) -> None:
        """Leave if it is time to, and go on playing if a lost connection is back."""
        self._play_next()
        playing = bool(self.waiting) or self.voice.is_playing()
        if not self.connected or self._leaving.due(alone=self.alone, playing=playing):
            await self.leave()

    def _play_next(self) -> None:
        """Start the next tune, unless one is playing."""
        while self.waiting and self.voice.is_connected() and not self.voice.is_playing():
            tune = self.waiting.popleft()
            try:
                self.voice.play(TuneSource(tune.path), after=self._ended)
            except discord.ClientException as error:  # ffmpeg or the connection has just disappeared
                log.error("%s could not be played: %s", tune.path, error)

    def _ended(self, error: Exception | None) -> None:
        """Start the next tune. Called in the thread that played one to its end. error: why it broke off, if it did."""
        if error:
            log.error("a tune could not be played to its end: %s", error)
        with suppress(RuntimeError):  # the loop is closed if the bot is stopping
            self._loop.call_soon_threadsafe(self._play_next)


class Jukebox:
    """The players by server. connect: joins a channel; tests, which have no voice server, replace it."""

    def __init__(self, connect: Connect = join, clock: Clock = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._players: dict[int, Player] = {}
        self._joining: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def player(self, guild: int) -> Player | None:
        """Return the server's player, or None if the bot is in no voice channel there."""
        player = self._players.get(guild)
        return player if player and player.connected else None

    async def play(self, channel: Channel, tune: QueuedTune) -> int:
        """Play a tune in a channel. Return how many tunes come before it.

        Raise InputError if others are listening in another channel of the server, or if too many tunes are waiting.
        """
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
        """Leave a server's channel and drop the waiting tunes, if the bot is in one."""
        if player := self._players.pop(guild, None):
            await player.leave()

    async def close(self) -> None:
        """Leave every channel."""
        for guild in list(self._players):
            await self.stop(guild)
