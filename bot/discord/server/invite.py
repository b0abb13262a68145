"""The links by which the bot is added, and all that it may do there."""

from __future__ import annotations

import base64
import binascii

import discord

from generator.protocol.errors import InputError

PERMISSIONS = {
    "view_channel": "to see the channel that a late tune belongs to; answers to commands need no permission",
    "send_messages": "to post a tune that took longer than the 15 minutes for which an answer is open, and reports",
    "send_messages_in_threads": "the same in a thread",
    "attach_files": "a tune is files",
    "read_message_history": "to look whether a tune is there already before it is posted again",
    "connect": "to join the voice channel that a tune is to be played in",
    "speak": "to be heard there",
}
"""Every permission that is asked for, with its reason."""
SCOPES = ("bot", "applications.commands")


def permissions() -> discord.Permissions:
    """The permissions as Discord counts them."""
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True))


def application_id(token: str) -> int:
    """The application's id, which the first part of a bot's token holds in base64. Raises InputError."""
    head = token.partition(".")[0]
    try:
        text = base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal():
        raise InputError("DISCORD_TOKEN is no bot's token: copy it from the developer portal, under Bot.")
    return int(text)


def server_link(application: int) -> str:
    """The link for somebody who may add the bot to a server."""
    return discord.utils.oauth_url(application, permissions=permissions(), scopes=SCOPES)


def user_link(application: int) -> str:
    """The link for a person who wants the commands everywhere."""
    return f"{discord.utils.oauth_url(application, scopes=('applications.commands',))}&integration_type=1"
