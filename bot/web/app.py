"""The web application: its routes, and the server that listens.

The handlers are in `pages`, `files`, `exports`, `requests`, `songs` and `contest`, the middlewares in `guards` and
`locale`.
"""

from __future__ import annotations

import errno
import logging

from aiohttp import web

from bot.contests.keeper import Contests
from bot.operations.metrics import Metrics
from bot.requests.backlog import Backlog
from bot.settings import Settings, is_loopback
from bot.store import Store
from bot.voting import Voting
from bot.web.contest import ContestRoutes
from bot.web.exports import ExportRoutes
from bot.web.files import FileRoutes
from bot.web.locale import in_their_language
from bot.web.metrics import MetricRoutes, measured
from bot.web.pages import PageRoutes
from bot.web.requests import RequestRoutes
from bot.web.security.addresses import ADDRESS_LIMITS, AddressLimits
from bot.web.security.connections import LimitedSite, limit_time
from bot.web.security.guards import add_headers, errors_as_answers, limit_address, only_our_hosts, only_our_pages
from bot.web.security.password import password_required
from bot.web.security.voters import VOTERS, Voters
from bot.web.songs import SongRoutes
from generator.protocol.errors import FaultError

log = logging.getLogger(__name__)


def make_app(settings: Settings, store: Store, backlog: Backlog, contests: Contests) -> web.Application:
    """Return the web application; `start` serves it. Raise FaultError if the data folder cannot be used."""
    voting = Voting(store)
    metrics = Metrics(store, settings.data_dir)
    app = web.Application(
        middlewares=[  # outermost first
            measured(metrics),
            add_headers,
            in_their_language,
            errors_as_answers,
            limit_time,
            only_our_hosts(settings),
            password_required(settings),
            only_our_pages(settings),
            limit_address,
        ]
    )
    app[VOTERS] = Voters(settings)
    app[ADDRESS_LIMITS] = AddressLimits(settings)
    app.add_routes(PageRoutes(settings, store, backlog.files).routes())
    app.add_routes(MetricRoutes(metrics, backlog).routes())
    app.add_routes(FileRoutes(store, backlog.files).routes())
    app.add_routes(ExportRoutes(store, backlog.exports).routes())
    app.add_routes(RequestRoutes(store, backlog).routes())
    app.add_routes(SongRoutes(store, backlog, voting).routes())
    app.add_routes(ContestRoutes(settings, store, contests, voting).routes())
    return app


async def start(app: web.Application, settings: Settings) -> tuple[web.AppRunner, str]:
    """Start to listen. Return the runner, which the caller cleans up at the end, and the page's URL.

    Raise FaultError if the port cannot be used.
    """
    host, port = settings.host, settings.port
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await LimitedSite(runner, settings).start()
    except OSError as error:
        await runner.cleanup()
        why = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise FaultError(f"Cannot listen on {host} port {port}: {why}. Set CHIPTUNE_PORT to another one.") from error
    address = runner.addresses[0]
    if settings.public_url and is_loopback(host) and not settings.proxies:
        log.warning("CHIPTUNE_PUBLIC_URL is set: set CHIPTUNE_PROXIES too, or everybody has the proxy's address")
    hostname = f"[{host}]" if ":" in host else host
    return runner, f"http://{hostname}:{address[1]}/"
