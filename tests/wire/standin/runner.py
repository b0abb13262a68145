"""Runs `python -m bot` against the stand-in, with the factory of its connector replaced.

Environment: WIRE_PORT, the stand-in's port; WIRE_CA, the file of its certificate authority; WIRE_CLOCK, the file with
which a test moves the bot's clock; WIRE_GENERATOR, the module to start as the generator, if not the real one.
"""

from __future__ import annotations

import functools
import os
import runpy
import socket
import ssl
import sys
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

sys.path.insert(0, str(Path(__file__).parents[3]))

import bot.cli
import bot.discord.app
from bot.serve import serve
from tests.clock import FileClock

HOSTS = ("discord.com", "gateway.discord.gg", "gateway-resume.discord.gg", "cdn.discordapp.com")


class Resolver(AbstractResolver):
    """Resolves Discord's host names to the stand-in, and refuses all others."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in HOSTS:
            raise OSError(f"{host} is not one of Discord's hosts")
        port = int(os.environ["WIRE_PORT"])
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


def connector() -> aiohttp.BaseConnector:
    context = ssl.create_default_context(cafile=os.environ["WIRE_CA"])
    return aiohttp.TCPConnector(resolver=Resolver(), ssl=context, limit=0)


if __name__ == "__main__":
    bot.discord.app.make_connector = connector
    patched_serve = functools.partial(serve, clock=FileClock(Path(os.environ["WIRE_CLOCK"])))
    if module := os.environ.get("WIRE_GENERATOR"):
        patched_serve = functools.partial(patched_serve, generator_command=(sys.executable, "-m", module))
    vars(bot.cli)["serve"] = patched_serve
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
