"""The stand-in's gateway, version 10: zlib-stream, identify, resume with replay, heartbeats, and faults.

It only transports events; `server.py` creates them.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire.standin.world import (
    APP_ID,
    BOT_USER,
    CHANNEL,
    GUILD,
    MANAGE_MESSAGES,
    MODERATORS,
    TOKEN,
    Payload,
    World,
)

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


class Gateway:
    """The session of one bot, which survives dropped connections until it is invalidated."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[Payload] = []
        self.session = ""
        self.identifies = 0
        self.resumes = 0
        self.invalid_next = False
        self.refuse = False
        self.close_code: int | None = None
        self.ready = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.Transport | None = None
        self._deflate = zlib.compressobj()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Handle the websocket."""
        if self.refuse:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket, self._transport, self._deflate = socket, request.transport, zlib.compressobj()
        await self._send({"op": HELLO, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._receive(json.loads(message.data))
        return socket

    async def dispatch(self, event: str, data: Any) -> None:
        """Send an event, and keep it for a resume. A disconnected bot receives it after the resume."""
        self.events.append({"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": data})
        await self._send(self.events[-1])

    def drop(self) -> None:
        """Abort the connection without a close frame. The session can be resumed."""
        transport, self._transport, self._socket = self._transport, None, None
        self.ready.clear()
        if transport is not None:
            transport.abort()

    async def _receive(self, message: Payload) -> None:
        op, data = message["op"], message["d"]
        if op == HEARTBEAT:
            await self._send({"op": ACK, "d": None, "s": None, "t": None})
        elif op == IDENTIFY:
            await self._identify(data)
        elif op == RESUME:
            await self._resume(data)

    async def _identify(self, data: Payload) -> None:
        if data["token"] != TOKEN or self._socket is None:
            return
        if self.close_code:
            await self._socket.close(code=self.close_code)
            return
        self.identifies += 1
        self.session, self.events = f"session-{self.identifies}", []
        shard = {"shard": data["shard"]} if "shard" in data else {}
        ready = {
            "v": 10,
            "user": BOT_USER,
            "session_id": self.session,
            "resume_gateway_url": "wss://gateway-resume.discord.gg",
            "guilds": [{"id": str(GUILD), "unavailable": True}] if self.world.joined else [],
            "application": {"id": str(APP_ID), "flags": 0},
            **shard,
        }
        await self.dispatch("READY", ready)
        if self.world.joined and data["intents"] & 1:
            await self.dispatch("GUILD_CREATE", guild())
        self.ready.set()

    async def _resume(self, data: Payload) -> None:
        if self.invalid_next or data["session_id"] != self.session:
            self.invalid_next = False
            await self._send({"op": INVALID, "d": False, "s": None, "t": None})
            return
        self.resumes += 1
        for event in self.events[data["seq"] :]:
            await self._send(event)
        await self.dispatch("RESUMED", {})
        self.ready.set()

    async def _send(self, message: Payload) -> None:
        socket = self._socket
        if socket is None or socket.closed:
            return
        data = json.dumps(message).encode()
        await socket.send_bytes(self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH))


def guild() -> Payload:
    """Return the server of the stand-in, with its one channel."""
    channel = {"id": str(CHANNEL), "type": 0, "name": "general", "position": 0, "permission_overwrites": []}
    everyone = {"id": str(GUILD), "name": "@everyone", "permissions": str(1 << 53 | 1 << 10), "position": 0, "color": 0}
    staff = {"id": str(MODERATORS), "name": "staff", "permissions": str(MANAGE_MESSAGES), "position": 1, "color": 0}
    more = {"hoist": False, "managed": False, "mentionable": False, "flags": 0}
    return {
        "id": str(GUILD),
        "name": "server",
        "owner_id": "1",
        "roles": [{**role, **more} for role in (everyone, staff)],
        "emojis": [],
        "stickers": [],
        "features": [],
        "channels": [channel],
        "threads": [],
        "members": [],
        "presences": [],
        "voice_states": [],
        "member_count": 2,
        "premium_tier": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "preferred_locale": "en-US",
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
    }
