"""Serves the bot's metrics at /metrics, and measures the page's own answers."""

from __future__ import annotations

import time

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.operations.metrics import Metrics
from bot.requests.backlog import Backlog
from bot.web.security.guards import Handler
from generator.protocol.errors import FaultError

UNKNOWN = "unknown"
"""The route of an address that does not exist."""


class MetricRoutes:
    """The handler of the metrics."""

    def __init__(self, metrics: Metrics, backlog: Backlog) -> None:
        self._metrics = metrics
        self._backlog = backlog

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/metrics", self.show)]

    async def show(self, _: web.Request) -> web.Response:
        """Respond with the metrics in Prometheus' text format."""
        try:
            working = not (self._backlog.files.trouble() or self._backlog.trouble)
        except FaultError:
            working = False
        return web.Response(
            body=await self._metrics.text(working=working),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )


def measured(metrics: Metrics) -> Middleware:
    """Return a middleware that measures every answer."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else UNKNOWN
            method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
            metrics.note_answer(method, route, status, time.perf_counter() - begun)

    return measure
