"""The connection to Discord, and the services that commands and buttons use. It imports no command and no button."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import discord
from discord import app_commands

from bot.contests.keeper import Contests
from bot.discord.core.command_sync import sync_commands
from bot.discord.core.debounce import Debouncer
from bot.discord.core.message_edits import MessageEdits
from bot.discord.voice.jukebox import Jukebox
from bot.privacy import Privacy
from bot.requests.backlog import Backlog
from bot.requests.submissions import Submissions
from bot.scope import Scope
from bot.settings import Settings
from bot.store import Store
from bot.voting import Voting

Fetch = Callable[[discord.Attachment], Awaitable[bytes]]
"""Downloads an attachment; raises InputError if that fails or takes too long."""
AddFeatures = Callable[["ChiptuneClient"], app_commands.CommandTree["ChiptuneClient"]]
"""Adds commands and buttons to a client; returns its command tree."""


class ChiptuneClient(discord.AutoShardedClient):
    """The connection to Discord.

    add_features: adds commands and buttons. synced_file: remembers which commands Discord knows. public_url: where the
    page is reached from outside. connector: None is the library's own. keep_days, grace_days, reports_channel: as in
    the settings.
    """

    def __init__(
        self,
        store: Store,
        backlog: Backlog,
        fetch: Fetch,
        contests: Contests,
        add_features: AddFeatures,
        *,
        synced_file: Path,
        public_url: str | None = None,
        keep_days: int = Settings.keep_days,
        grace_days: int = Settings.grace_days,
        reports_channel: str | None = None,
        connector: aiohttp.BaseConnector | None = None,
        shard_count: int | None = None,
    ) -> None:
        super().__init__(
            # Servers and channels, which the library resolves, and voice states, without which no voice channel can be
            # joined. Messages and members are never read.
            intents=discord.Intents(guilds=True, voice_states=True),
            allowed_mentions=discord.AllowedMentions.none(),
            connector=connector,
            max_messages=None,
            shard_count=shard_count,
        )
        self.store = store
        self.backlog = backlog
        self.fetch = fetch
        self.contests = contests
        self.submissions = Submissions(store, backlog)
        self.privacy = Privacy(store, backlog.files)
        self.public_url = public_url
        self.keep_days = keep_days
        self.grace_days = grace_days
        self.reports_channel = reports_channel
        self.debouncer = Debouncer()
        self.jukebox = Jukebox()
        self.voting = Voting(store)
        self.message_edits = MessageEdits()
        self.logged_in = asyncio.Event()
        self.tree = add_features(self)
        self._synced_file = synced_file

    async def setup_hook(self) -> None:
        """Called by the library between login and connection."""
        self.logged_in.set()
        await sync_commands(self.tree, self._synced_file)

    async def close(self) -> None:
        """Leave the voice channels, then Discord."""
        await self.jukebox.close()
        await super().close()

    async def on_ready(self) -> None:
        """Note which servers the bot is in: it may have been removed from some while it was offline."""
        await self.store.servers.all_joined({Scope.server(server.id) for server in self.guilds})

    async def on_guild_join(self, server: discord.Guild) -> None:
        """Note that the bot was added to a server."""
        await self.store.servers.joined(Scope.server(server.id))

    async def on_guild_remove(self, server: discord.Guild) -> None:
        """Note that the bot was removed from a server, whose data is deleted later unless the bot comes back."""
        await self.store.servers.left(Scope.server(server.id))
