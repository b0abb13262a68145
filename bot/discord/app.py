"""The Discord side of the bot as one resource, which `bot.serve` opens, runs and closes.

What users can do is in `bot.discord.registry`.
"""

from __future__ import annotations

import asyncio
import itertools
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
from bot.requests.delivery import MAX_DOUBLINGS, MAX_RETRY_SECONDS
from bot.settings import Settings
from bot.store import Store
from generator.protocol.errors import FaultError

log = logging.getLogger(__name__)


def make_connector() -> aiohttp.BaseConnector | None:
    """Return how Discord is reached, or None for the library's default. Called inside the running loop."""
    return None


class DiscordSide:
    """The Discord side, used as `async with DiscordSide(...) as side`.

    `side.delivery` answers requests, `side.announcer` announces contests, and `side.run()` stays connected.
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

            # As a context, the client can be closed even if it never logged in.
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
        self.delivery = DiscordDelivery(self._client, post_rows)
        self.announcer = DiscordAnnouncer(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def run(self) -> None:
        """Stay connected until cancelled, however often Discord cannot be reached.

        Raise FaultError, with one sentence, if Discord refuses the bot.
        """
        for attempt in itertools.count():
            try:
                await self._connect()
                break
            except (aiohttp.ClientError, OSError, discord.GatewayNotFound, discord.DiscordServerError) as error:
                wait = min(2.0**attempt, MAX_RETRY_SECONDS) if attempt < MAX_DOUBLINGS else MAX_RETRY_SECONDS
                log.warning("Discord cannot be reached: %s; the next attempt is in %g s", error, wait)
            # The library would leave its session open when it logs in again.
            await self._client.http.close()
            self._client.http.connector = make_connector() or discord.utils.MISSING
            await asyncio.sleep(wait)

    async def _connect(self) -> None:
        """Log in and stay connected. Raise FaultError if Discord refuses the bot, else what the library raises."""
        try:
            await self._client.start(self._settings.token or "")
        except discord.LoginFailure as error:
            raise FaultError("Discord does not accept the token in DISCORD_TOKEN.") from error
        except discord.PrivilegedIntentsRequired as error:
            raise FaultError(
                "Discord refuses the bot's intents, which need no privilege: is the token right?"
            ) from error
        except discord.ConnectionClosed as error:  # permanently: after other codes, the library reconnects
            raise FaultError(
                f"Discord ended the connection with code {error.code}: is the token still valid?"
            ) from error
        except discord.DiscordServerError:
            raise
        except discord.HTTPException as error:
            raise FaultError(f"Discord refuses the bot: {error}.") from error
