"""The web application: its routes, and the server that listens.

The handlers are in `pages`, `files`, `exports`, `requests`, `songs` and `contest`, the middlewares in `guards` and
`locale`.
"""

from __future__ import annotations

import errno

from aiohttp import web

from bot.contests.keeper import Contests
from bot.requests.backlog import Backlog
from bot.settings import Settings
from bot.store import Store
from bot.voting import Voting
from bot.web.contest import ContestRoutes
from bot.web.exports import ExportRoutes
from bot.web.files import FileRoutes
from bot.web.guards import guards
from bot.web.pages import PageRoutes
from bot.web.requests import RequestRoutes
from bot.web.songs import SongRoutes
from generator.protocol.errors import FaultError


def make_app(settings: Settings, store: Store, backlog: Backlog, contests: Contests) -> web.Application:
    """Return the web application; `start` serves it."""
    voting = Voting(store)
    app = web.Application(middlewares=guards(settings))
    app.add_routes(PageRoutes(settings, store, backlog.files).routes())
    app.add_routes(FileRoutes(store, backlog.files).routes())
    app.add_routes(ExportRoutes(store, backlog.exports).routes())
    app.add_routes(RequestRoutes(store, backlog).routes())
    app.add_routes(SongRoutes(store, voting).routes())
    app.add_routes(ContestRoutes(settings, store, contests, voting).routes())
    return app


async def start(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Start to listen. Return the runner, which the caller cleans up at the end, and the page's URL.

    Raise FaultError if the port cannot be used.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        why = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise FaultError(f"Cannot listen on {host} port {port}: {why}. Set CHIPTUNE_PORT to another one.") from error
    address = runner.addresses[0]
    hostname = f"[{host}]" if ":" in host else host
    return runner, f"http://{hostname}:{address[1]}/"
