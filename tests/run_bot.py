"""Runs the real bot with the fake generator, in a process of its own that a test can kill. Settings as always."""

import asyncio
import logging

from bot.serve import serve
from bot.settings import load_settings
from tests.conftest import FAKE_GENERATOR

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(serve(load_settings(), generator_command=FAKE_GENERATOR))
