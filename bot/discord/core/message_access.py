"""Access to messages in channels: finding one that was sent before, and classifying Discord's errors.

What is posted, and what is tried after an error, is left to the callers.
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
"""How many of a channel's newest messages are searched for one that was posted before."""
NONCE_LENGTH = 25
TOO_MANY_REQUESTS, TOO_LARGE = 429, 413
TEXT_REJECTED = frozenset({200000, 200001, 240000})
"""Codes of a message whose text the server does not allow: AutoMod, AutoMod for a title, and the filter of links."""


class GoneError(ChiptuneError):
    """A message or channel is gone or forbidden; another way to answer may still work."""


class TextRejectedError(GoneError):
    """The server does not allow the text of a message; the same way may still work with another text."""


async def find_message(
    client: discord.Client, channel: Messageable, custom_id: str, *, first: int | None = None
) -> discord.Message | None:
    """Return the bot's message that has a button or menu with this id, or None. first: the message to check first."""
    me = client.user

    def holds(message: discord.Message) -> bool:
        ours = me is not None and message.author.id == me.id
        return ours and custom_id in _custom_ids(message.components)

    if first is not None:
        with suppress(discord.NotFound, discord.Forbidden):
            if holds(message := await channel.fetch_message(first)):
                return message
    with suppress(discord.Forbidden):  # Without access to the history, the nonce still prevents duplicates.
        async for message in channel.history(limit=MESSAGES_SEARCHED):
            if holds(message):
                return message
    return None


def _custom_ids(components: Iterable[discord.Component]) -> Iterator[str]:
    """Yield the ids of a message's buttons and menus, in any container."""
    for component in components:
        yield getattr(component, "custom_id", None) or ""
        yield from _custom_ids(getattr(component, "children", ()))


@contextmanager
def gone_errors(what: str) -> Iterator[None]:
    """Turn Discord's final refusals into GoneError or TextRejectedError. what: named in the message.

    Whatever its code says (a deleted channel, an archived or locked thread, a missing permission, an expired token), a
    refused request will be refused again in the same way, so that another way is tried. Not among them are rate limits,
    faults of Discord's, and files that are too large, for which the same way may work later or with fewer files.
    """
    try:
        yield
    except discord.HTTPException as error:
        if error.code in TEXT_REJECTED:
            raise TextRejectedError(f"{what}: {error}") from error
        if 400 <= error.status < 500 and error.status not in (TOO_MANY_REQUESTS, TOO_LARGE):
            raise GoneError(f"{what}: {error}") from error
        raise


@contextmanager
def delivery_errors() -> Iterator[None]:
    """Turn every error on the way to Discord into DeliveryError."""
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
    """Return how many seconds Discord asks to wait, or None if it does not say."""
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
