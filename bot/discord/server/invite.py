"""The links that add the bot to a server or to a user, and the permissions that it asks for."""

from __future__ import annotations

import base64
import binascii

import discord

from generator.protocol.errors import InputError

PERMISSIONS = {
    "view_channel": "to see the channel that a late tune belongs to; answers to commands need no permission",
    "send_messages": "to post reports, and tunes that took longer than the 15 minutes that an answer may take",
    "send_messages_in_threads": "the same in a thread",
    "attach_files": "to send the files of a tune",
    "read_message_history": "to check whether a tune is already there before posting it again",
    "connect": "to join a voice channel to play a tune",
    "speak": "to play it there",
}
"""Every permission that the bot asks for, with the reason."""
SCOPES = ("bot", "applications.commands")


def permissions() -> discord.Permissions:
    """Return the permissions as discord.py's value."""
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True))


def application_id(token: str) -> int:
    """Return the application's id, the first part of a bot's token in base64. Raise InputError if it is not one."""
    head = token.partition(".")[0]
    try:
        text = base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal():
        raise InputError("DISCORD_TOKEN is not a bot token: copy it from the developer portal, under Bot.")
    return int(text)


def server_link(application: int) -> str:
    """Return the link with which a manager adds the bot to a server."""
    return discord.utils.oauth_url(application, permissions=permissions(), scopes=SCOPES)


def user_link(application: int) -> str:
    """Return the link with which a user installs the commands for themselves."""
    return f"{discord.utils.oauth_url(application, scopes=('applications.commands',))}&integration_type=1"
