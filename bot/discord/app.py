"""Discord's side put together: opened, run and closed by whoever runs the bot.

What people can do is in `commands` and `buttons`; the connection itself is the library's.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
import discord

from bot.contests.keeper import Contests
from bot.discord.contest.announcer import DiscordAnnouncer
from bot.discord.core.client import ChiptuneClient
from bot.discord.post.delivery import DiscordDelivery
from bot.discord.queue.submission import fetch
from bot.discord.registry import add_features
from bot.discord.tunes.post_buttons import post_rows
from bot.requests.backlog import Backlog
from bot.settings import Settings
from bot.store import Store
from generator.protocol.errors import FaultError


def make_connector() -> aiohttp.BaseConnector | None:
    """How Discord is reached; None is the library's own way. Called inside the running loop."""
    return None


class DiscordSide:
    """`async with DiscordSide(...) as side`: `side.poster` answers requests, `side.announcer` tells of
    contests, `side.run()` connects and stays.
    """

    def __init__(self, settings: Settings, store: Store, backlog: Backlog, contests: Contests) -> None:
        self._settings = settings
        self._store = store
        self._backlog = backlog
        self._contests = contests

    async def __aenter__(self) -> Self:
        # At DEBUG the library logs what it sends and receives, interaction tokens included.
        logging.getLogger("discord").setLevel(logging.INFO)
        async with AsyncExitStack() as stack:
            downloads = await stack.enter_async_context(aiohttp.ClientSession(connector=make_connector()))

            async def fetch_attachment(attachment: discord.Attachment) -> bytes:
                return await fetch(downloads, attachment.url)

            # Entered, and not only made: a client that never logged in can then be closed too.
            self._client = await stack.enter_async_context(
                ChiptuneClient(
                    self._store,
                    self._backlog,
                    fetch_attachment,
                    self._contests,
                    add_features,
                    synced_file=self._settings.data_dir / "discord-commands.sha256",
                    public_url=self._settings.public_url,
                    keep_days=self._settings.keep_days,
                    grace_days=self._settings.grace_days,
                    reports_channel=self._settings.reports_channel,
                    connector=make_connector(),
                )
            )
            self._open = stack.pop_all()
        self.poster = DiscordDelivery(self._client, post_rows)
        self.announcer = DiscordAnnouncer(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def run(self) -> None:
        """Log in, and stay connected until cancelled. Raises FaultError, one sentence, where that is impossible."""
        try:
            await self._client.start(self._settings.token or "")
        except discord.LoginFailure as error:
            raise FaultError("Discord does not accept the token in DISCORD_TOKEN.") from error
        except discord.PrivilegedIntentsRequired as error:
            raise FaultError(
                "Discord refuses the bot's intents, which need no privilege: is the token right?"
            ) from error
        except discord.ConnectionClosed as error:  # for good: other codes are connected again after
            raise FaultError(
                f"Discord ended the connection with code {error.code}: is the token still valid?"
            ) from error
        except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError) as error:
            raise FaultError(f"Discord cannot be reached: {error}.") from error
