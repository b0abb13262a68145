"""The library's client as we use it: no privileged intents, no pings, commands synced only when they changed.

Holds what commands and buttons work with. Knows nothing of how they answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import discord
from discord import app_commands

from bot.contests.keeper import Contests
from bot.discord.charts import battle, top
from bot.discord.contest import buttons, hall_of_fame
from bot.discord.core import error_replies, locale
from bot.discord.core.command_names import CatalogueTranslator
from bot.discord.core.debounce import Presses
from bot.discord.core.message_edits import Edits
from bot.discord.post.buttons import BUTTONS
from bot.discord.registry import chiptune_group
from bot.discord.tunes.jukebox import Jukebox
from bot.privacy import Privacy
from bot.requests.backlog import Backlog
from bot.scope import Scope
from bot.settings import Settings
from bot.store import Store
from bot.votes.voting import Voting

log = logging.getLogger(__name__)

Fetch = Callable[[discord.Attachment], Awaitable[bytes]]
"""Downloads an attachment; raises InputError where that fails or gets too long."""


class ChiptuneClient(discord.AutoShardedClient):
    """The connection to Discord.

    synced_file: remembers which commands Discord was told of. public_url: where the page is reached from
    outside. connector: None is the library's own. keep_days, grace_days: as in the settings, to be told to people.
    reports_channel: as in the settings.
    """

    def __init__(
        self,
        store: Store,
        backlog: Backlog,
        fetch: Fetch,
        contests: Contests,
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
            # Servers and their channels, so that the library can resolve them, and who is in which voice channel,
            # without which none can be joined; messages and members are never read.
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
        self.privacy = Privacy(store, backlog.files)
        self.public_url = public_url
        self.keep_days = keep_days
        self.grace_days = grace_days
        self.reports_channel = reports_channel
        self.presses = Presses()
        self.jukebox = Jukebox()
        self.voting = Voting(store)
        self.edits = Edits()
        self.logged_in = asyncio.Event()
        self.tree = Tree(self)
        self._synced_file = synced_file

    async def setup_hook(self) -> None:
        """Between login and connection: buttons of old messages, commands, and the posts that wait for a login."""
        self.add_dynamic_items(*BUTTONS, *top.BUTTONS, *battle.BUTTONS)
        self.add_dynamic_items(*buttons.BUTTONS, *hall_of_fame.BUTTONS)
        self.tree.add_command(chiptune_group(), override=True)
        await self.tree.set_translator(CatalogueTranslator())
        self.logged_in.set()
        try:
            await self._sync()
        except discord.HTTPException as error:
            # The commands of the last sync go on working, which is better than no bot.
            log.error("the commands could not be registered: %s", error)

    async def close(self) -> None:
        """Leave the voice channels, then Discord."""
        await self.jukebox.close()
        await super().close()

    async def on_ready(self) -> None:
        """Which servers the bot is in: it may have been removed from some while it was away."""
        await self.store.servers.all_joined({Scope.server(server.id) for server in self.guilds})

    async def on_guild_join(self, server: discord.Guild) -> None:
        """The bot was added to a server."""
        await self.store.servers.joined(Scope.server(server.id))

    async def on_guild_remove(self, server: discord.Guild) -> None:
        """The bot was removed from a server; what is kept of it is forgotten later, unless it comes back."""
        await self.store.servers.left(Scope.server(server.id))

    async def _sync(self) -> None:
        """Register the commands where they differ from those registered last: Discord counts registrations."""
        translator = self.tree.translator or CatalogueTranslator()
        commands = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, discord.__version__, commands], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if await asyncio.to_thread(_read, self._synced_file) == digest:
            return
        await self.tree.sync()
        await asyncio.to_thread(self._synced_file.write_text, digest)
        log.info("commands registered")


class Tree(app_commands.CommandTree[ChiptuneClient]):
    """The commands; their errors become sentences."""

    async def interaction_check(self, interaction: discord.Interaction[ChiptuneClient], /) -> bool:
        """Everybody may; from here on the one who asks is spoken to in their language."""
        locale.listen(interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[ChiptuneClient], error: app_commands.AppCommandError
    ) -> None:
        """Answer an error of a command."""
        await error_replies.answer_error(interaction, error)


def _read(path: Path) -> str | None:
    """A file's text, None where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
