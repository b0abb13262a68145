"""What the stand-in for Discord remembers: people, channels, messages, interactions and the faults to play.

Plain state with the few rules that Discord enforces on it (expiry, nonces, upload limits). Knows nothing of HTTP.
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
"""A role of the server, which whoever has this permission is given, and the permission."""
BOT_USER = {"id": str(APP_ID), "username": "chiptune", "discriminator": "0000", "avatar": None, "bot": True}
EPHEMERAL = 1 << 6
NONCE_SECONDS = 180
EPOCH_MS = 1_420_070_400_000
Payload = dict[str, Any]


class ApiError(Exception):
    """An answer that is an error: HTTP status, Discord's code, its text, and headers. raw: a body that is no JSON."""

    def __init__(self, status: int, code: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers = status, code, text, headers or {}
        self.extra: Payload = {}
        self.raw = b""


@dataclass
class Fault:
    """An error to play `times` times on requests whose "METHOD /path?query" matches `pattern`;
    one that carries files ends with " with files".

    It comes before anything is done, or with `after` in place of the answer to what was done.
    """

    pattern: str
    error: ApiError
    times: int = 1
    after: bool = False


@dataclass
class File:
    """One uploaded file."""

    name: str
    data: bytes
    description: str = ""


@dataclass
class Interaction:
    """One interaction: what was sent, when, and what the bot made of it. latency: seconds to the callback."""

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
    """All of it.

    offset: moves the clock that tokens and nonces expire by, in seconds. answer_seconds: how long an interaction waits
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
        """Seconds, by the clock that a test can move."""
        return time.time() + self.offset

    def new_id(self) -> int:
        """A snowflake of this moment."""
        return (int(time.time() * 1000) - EPOCH_MS) << 22 | next(self._ids) & 0x3FFFFF

    def play(self, request: str, *, after: bool) -> None:
        """Raise the fault that waits for this request ("METHOD /path?query"), if there is one."""
        for fault in self.faults:
            if fault.times and fault.after == after and re.search(fault.pattern, request):
                fault.times -= 1
                raise fault.error

    def interaction(self, token: str) -> Interaction:
        """The living interaction of a token, answered already; raises ApiError as Discord answers."""
        found = self.interactions.get(token)
        if found is None or found.callback is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        if self.now() - found.sent > self.token_seconds:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return found

    def channel(self, channel: int) -> dict[int, Payload]:
        """A channel's messages; raises ApiError where it is gone."""
        if channel in self.deleted_channels or channel not in self.channels:
            raise ApiError(404, 10003, "Unknown Channel")
        return self.channels[channel]

    def bot_channel(self, channel: int) -> dict[int, Payload]:
        """The same for the bot itself, which sees a server's channels only where it has joined."""
        if channel == CHANNEL and not self.joined:
            raise ApiError(403, 50001, "Missing Access")
        return self.channel(channel)

    def message(self, channel: int, message: int | None) -> Payload:
        """One message; raises ApiError where it is gone."""
        found = self.channel(channel).get(message or 0)
        if found is None:
            raise ApiError(404, 10008, "Unknown Message")
        return found

    def create(self, channel: int, body: Payload, files: list[File], limit: int) -> Payload:
        """A new message of the bot's; a nonce that is enforced gives the message that has it already."""
        messages = self.channel(channel)
        nonce = str(body.get("nonce", ""))
        if len(nonce) > 25:
            raise ApiError(400, 50035, "Invalid Form Body: nonce")
        if nonce and body.get("enforce_nonce"):
            at, known = self.nonces.get((channel, nonce), (0.0, 0))
            if known in messages and self.now() - at < NONCE_SECONDS:
                return messages[known]
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
        """Write what a body names into a message; a file over `limit` bytes is refused."""
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
                raise ApiError(400, 50035, f"Invalid Form Body: {error} is no file of this message") from error
        message.update(draft)

    def store(self, channel: int, file: File, declared: int | None = None) -> Payload:
        """Keep a file under the attachment host; its attachment object. `declared`: a size to lie with."""
        number = self.new_id()
        self.files[number] = file
        url = f"https://cdn.discordapp.com/attachments/{channel}/{number}/{file.name}"
        return {
            "id": str(number),
            "filename": file.name,
            "description": file.description,
            "size": len(file.data) if declared is None else declared,
            "url": url,
            "proxy_url": url,
        }
