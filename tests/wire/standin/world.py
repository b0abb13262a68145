"""The state of the stand-in for Discord: channels, messages, interactions, files, and the faults to play.

Enforces the rules of Discord that depend on state: expiry, nonces and upload limits. HTTP is left to `rest.py`.
"""

from __future__ import annotations

import copy
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.wire.standin.components import IS_COMPONENTS_V2, faults, show_files

APP_ID, TOKEN = 7001, "MDAw.wire.bot-token-that-no-log-may-hold"
GUILD, CHANNEL, USER = 8001, 8002, 9001
MODERATORS, MANAGE_MESSAGES = 8009, 1 << 13
"""The server's role for moderators, and the permission that makes a user have it."""
BOT_USER = {"id": str(APP_ID), "username": "chiptune", "discriminator": "0000", "avatar": None, "bot": True}
EPHEMERAL = 1 << 6
NONCE_SECONDS = 180
EPOCH_MS = 1_420_070_400_000
Payload = dict[str, Any]


class ApiError(Exception):
    """An error answer: HTTP status, Discord's code and text, and headers. raw: a body that is not JSON."""

    def __init__(self, status: int, code: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers = status, code, text, headers or {}
        self.extra: Payload = {}
        self.raw = b""


@dataclass
class Fault:
    """An error to play `times` times on requests whose "METHOD /path?query" matches `pattern`.

    For a request with files, " with files" is appended to that text. after: do the work first, and replace the answer.
    """

    pattern: str
    error: ApiError
    times: int = 1
    after: bool = False


@dataclass
class File:
    """An uploaded file."""

    name: str
    data: bytes
    description: str = ""


@dataclass
class Interaction:
    """An interaction: what was sent and when, and how the bot answered. latency: seconds to the first answer."""

    id: int
    token: str
    channel: int
    user: int
    sent: float
    limit: int
    message: int | None = None
    callback: int | None = None
    data: Payload = field(default_factory=dict)
    latency: float | None = None
    original: int | None = None
    loading: bool = False
    followups: list[int] = field(default_factory=list)


@dataclass
class World:
    """The whole state.

    offset: seconds to add to the clock by which tokens and nonces expire. answer_seconds: how long an interaction waits
    for its first answer. token_seconds: how long its token lives. locale, guild_locale: of people and of the
    server. joined: whether the bot is in the server. limit: the largest file, in bytes.
    """

    offset: float = 0.0
    answer_seconds: float = 3.0
    token_seconds: float = 15 * 60.0
    locale: str = "en-US"
    guild_locale: str = "en-US"
    commands: list[Payload] = field(default_factory=list)
    syncs: int = 0
    channels: dict[int, dict[int, Payload]] = field(default_factory=lambda: {CHANNEL: {}})
    deleted_channels: set[int] = field(default_factory=set)
    joined: bool = True
    limit: int = 10 * 1024 * 1024
    interactions: dict[str, Interaction] = field(default_factory=dict)
    files: dict[int, File] = field(default_factory=dict)
    nonces: dict[tuple[int, str], tuple[float, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, int]] = field(default_factory=list)
    edits: list[tuple[float, int, Payload]] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> float:
        """Return the time in seconds, by the clock that a test can move."""
        return time.time() + self.offset

    def new_id(self) -> int:
        """Return a new snowflake."""
        return (int(time.time() * 1000) - EPOCH_MS) << 22 | next(self._ids) & 0x3FFFFF

    def play(self, request: str, *, after: bool) -> None:
        """Raise the error of the first fault that matches a request ("METHOD /path?query"), if any."""
        for fault in self.faults:
            if fault.times and fault.after == after and re.search(fault.pattern, request):
                fault.times -= 1
                raise fault.error

    def interaction(self, token: str) -> Interaction:
        """Return the answered interaction of a valid token. Raise ApiError as Discord would."""
        interaction = self.interactions.get(token)
        if interaction is None or interaction.callback is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        if self.now() - interaction.sent > self.token_seconds:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    def channel(self, channel: int) -> dict[int, Payload]:
        """Return a channel's messages by id. Raise ApiError if the channel was deleted."""
        if channel in self.deleted_channels or channel not in self.channels:
            raise ApiError(404, 10003, "Unknown Channel")
        return self.channels[channel]

    def bot_channel(self, channel: int) -> dict[int, Payload]:
        """Return a channel's messages by id. Raise ApiError if the bot may not see the channel."""
        if channel == CHANNEL and not self.joined:
            raise ApiError(403, 50001, "Missing Access")
        return self.channel(channel)

    def message(self, channel: int, message: int | None) -> Payload:
        """Return a message. Raise ApiError if it was deleted."""
        content = self.channel(channel).get(message or 0)
        if content is None:
            raise ApiError(404, 10008, "Unknown Message")
        return content

    def create(self, channel: int, body: Payload, files: list[File], limit: int) -> Payload:
        """Create a message of the bot. If an enforced nonce was used before, return that message instead."""
        messages = self.channel(channel)
        nonce = str(body.get("nonce", ""))
        if len(nonce) > 25:
            raise ApiError(400, 50035, "Invalid Form Body: nonce")
        if nonce and body.get("enforce_nonce"):
            created, earlier = self.nonces.get((channel, nonce), (0.0, 0))
            if earlier in messages and self.now() - created < NONCE_SECONDS:
                return messages[earlier]
        message: Payload = {
            "id": str(self.new_id()),
            "channel_id": str(channel),
            "author": BOT_USER,
            "content": "",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "type": 0,
            "flags": body.get("flags", 0),
        }
        self.write(message, body, files, limit)
        messages[int(message["id"])] = message
        if nonce:
            self.nonces[channel, nonce] = (self.now(), int(message["id"]))
        return message

    def write(self, message: Payload, body: Payload, files: list[File], limit: int) -> None:
        """Write the fields of a request's body into a message. Refuse files over `limit` bytes."""
        if any(len(file.data) > limit for file in files):
            raise ApiError(413, 40005, "Request entity too large")
        if len(body.get("content") or "") > 2000:
            raise ApiError(400, 50035, "Invalid Form Body: content")
        draft: Payload = copy.deepcopy(message)
        for name in ("content", "embeds", "components"):
            if name in body:
                draft[name] = copy.deepcopy(body[name]) or ("" if name == "content" else [])
        flags: int = body.get("flags", draft["flags"]) or 0
        if draft["flags"] & IS_COMPONENTS_V2 and not flags & IS_COMPONENTS_V2:
            raise ApiError(400, 50035, "Invalid Form Body: the flag IS_COMPONENTS_V2 cannot be removed")
        draft["flags"] |= flags & IS_COMPONENTS_V2
        for fault in faults(draft):
            raise ApiError(400, 50035, f"Invalid Form Body: {fault}")
        if "attachments" in body:
            kept = {str(item["id"]) for item in body["attachments"]}
            draft["attachments"] = [item for item in draft["attachments"] if item["id"] in kept]
        described = {str(item["id"]): item.get("description", "") for item in body.get("attachments", [])}
        for number, file in enumerate(files):
            file.description = described.get(str(number), "")
            draft["attachments"].append(self.store(int(draft["channel_id"]), file))
        if "components" in body:
            try:
                show_files(draft["components"], draft["attachments"])
            except KeyError as error:
                raise ApiError(400, 50035, f"Invalid Form Body: {error} is not a file of this message") from error
        message.update(draft)

    def store(self, channel: int, file: File, declared: int | None = None) -> Payload:
        """Store a file on the attachment host. Return its attachment object. declared: a size to claim instead."""
        number = self.new_id()
        self.files[number] = file
        stem, _, suffix = file.name.rpartition(".")
        title = {} if file.name.isascii() else {"title": stem}
        shown = f"{number:x}.{suffix}" if title else file.name
        url = f"https://cdn.discordapp.com/attachments/{channel}/{number}/{shown}"
        return {
            "id": str(number),
            **title,
            "filename": shown,
            "description": file.description,
            "size": len(file.data) if declared is None else declared,
            "url": url,
            "proxy_url": url,
        }
