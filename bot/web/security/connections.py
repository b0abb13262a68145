"""Limits on connections: how many there may be, and how long a client may take to send the head and body of a request.

Without them, a few clients that send nothing, or a byte now and then, would hold all connections of the server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.settings import Settings
from bot.web.security.addresses import client_address

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_SECONDS = 60.0
"""For the body of a request and what the server does with it."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of a site.

    head_seconds: for the head of the first request of a connection, and from the end of one request to the head of the
    next. most: open connections. most_of_address: those of one address; not counted behind proxies of our own, from
    which all connections come.
    """

    head_seconds: float = 15.0
    most: int = 1000
    most_of_address: int = 60


class LimitedSite(web.BaseSite):
    """A TCP site of the page whose connections are limited."""

    def __init__(self, runner: web.AppRunner, settings: Settings, limits: ConnectionLimits | None = None) -> None:
        super().__init__(runner)
        self._settings = settings
        self._limits = limits or ConnectionLimits()

    @property
    def name(self) -> str:
        """The address as text."""
        return f"http://{self._settings.host}:{self._settings.port}"

    async def start(self) -> None:
        """Start to listen. Raise OSError if the port cannot be used."""
        await super().start()
        server = self._runner.server
        if not isinstance(server, web.Server):
            raise TypeError("The runner has not been set up.")
        connections = Connections(server, self._settings, self._limits)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(connections, self._settings.host, self._settings.port)


class Connections:
    """Makes the protocol of each connection, and counts the open ones."""

    def __init__(self, server: web.Server, settings: Settings, limits: ConnectionLimits) -> None:
        self._server = server
        self._limits = limits
        self._is_proxied = settings.proxies > 0
        self._open: Counter[str] = Counter()

    @property
    def head_seconds(self) -> float:
        """How long the head of a request may take."""
        return self._limits.head_seconds

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        loop = asyncio.get_running_loop()
        return _Connection(self, self._server, loop=loop, access_log=None, keepalive_timeout=self.head_seconds)

    def admit(self, address: str) -> bool:
        """Count a new connection, unless there are too many. Return whether it was counted."""
        too_many = not self._is_proxied and self._open[address] >= self._limits.most_of_address
        if too_many or self._open.total() >= self._limits.most:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection as closed."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


class _Connection(web.RequestHandler):
    """One connection, which is closed if the head of its first request does not arrive in time.

    aiohttp's own timeout of idle connections applies to the later ones.
    """

    __slots__ = ("_address", "_admitted", "_connections", "_deadline")

    def __init__(self, connections: Connections, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._connections = connections
        self._admitted = False
        self._address = ""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit a new connection, or close it at once."""
        peer = transport.get_extra_info("peername")
        self._address = client_address(peer[0] if isinstance(peer, tuple) else None, [], 0)
        self._admitted = self._connections.admit(self._address)
        super().connection_made(transport)
        if self._admitted:
            seconds = self._connections.head_seconds
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._close_transport)
        else:
            self._close_transport()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the connection as closed."""
        if self._admitted:
            self._connections.leave(self._address)
        self.head_arrived()
        super().connection_lost(exc)

    def head_arrived(self) -> None:
        """Stop waiting for a request's head."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_transport(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


@web.middleware
async def limit_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note that the head of a request has arrived, and respond 408 if its body does not arrive in time."""
    if isinstance(request.protocol, _Connection):
        request.protocol.head_arrived()
    if not request.can_read_body:
        return await handler(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await handler(request)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
