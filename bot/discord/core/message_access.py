"""What stands between the bot and a message in a channel: which errors mean what, and whether it is there already.

What is posted, and which way is tried next, is left to those who post.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import aiohttp
import discord
from discord.abc import Messageable

from bot.requests.delivery import DeliveryError
from generator.protocol.errors import ChiptuneError

MESSAGES_SEARCHED = 100
"""How many messages to look through for one that was posted already."""
NONCE_LENGTH = 25
INVALID_TOKEN = 50027


class GoneError(ChiptuneError):
    """One way of answering is closed; the next one may be open."""


async def find_message(
    client: discord.Client, channel: Messageable, custom_id: str, *, first: int | None = None
) -> discord.Message | None:
    """A message of the bot's that has a button or menu of this id. first: the message to look at before the others."""
    me = client.user

    def holds(message: discord.Message) -> bool:
        ours = me is not None and message.author.id == me.id
        return ours and custom_id in _custom_ids(message.components)

    if first is not None:
        with suppress(discord.NotFound, discord.Forbidden):
            if holds(message := await channel.fetch_message(first)):
                return message
    with suppress(discord.Forbidden):  # Without the history there is still the nonce.
        async for message in channel.history(limit=MESSAGES_SEARCHED):
            if holds(message):
                return message
    return None


def _custom_ids(components: Iterable[discord.Component]) -> Iterator[str]:
    """The ids of a message's buttons, in any container."""
    for component in components:
        yield getattr(component, "custom_id", None) or ""
        yield from _custom_ids(getattr(component, "children", ()))


@contextmanager
def gone_errors(what: str) -> Iterator[None]:
    """Turns the answers that mean "no longer" or "not allowed" into GoneError."""
    try:
        yield
    except discord.HTTPException as error:
        if isinstance(error, discord.NotFound | discord.Forbidden) or error.code == INVALID_TOKEN:
            raise GoneError(f"{what}: {error}") from error
        raise


@contextmanager
def delivery_errors() -> Iterator[None]:
    """Turns everything that can go wrong on the way to Discord into PostError."""
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryError(str(error), retry_after=error.retry_after) from error
    except discord.HTTPException as error:
        again = error.status == 429 or error.status >= 500
        raise DeliveryError(str(error), retryable=again, retry_after=_retry_after(error)) from error
    except FileNotFoundError as error:
        raise DeliveryError(f"a file of the tune is missing: {error.filename}", retryable=False) from error
    except (discord.DiscordException, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DeliveryError(f"Discord's answer cannot be read: {type(error).__name__}: {error}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise DeliveryError(f"Discord cannot be reached: {type(error).__name__}") from error


def _retry_after(error: discord.HTTPException) -> float | None:
    """The seconds that Discord asks to wait, where it says so."""
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
