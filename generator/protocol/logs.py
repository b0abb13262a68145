"""The logs of all processes: lines for people, or JSON for programs, each with its date and the request it is about.

CHIPTUNE_LOG chooses the form; child processes inherit it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from models.errors import UsageError

VARIABLE = "CHIPTUNE_LOG"
FORMS = ("text", "json")
_request: ContextVar[str | None] = ContextVar("request", default=None)


@contextmanager
def about_request(request_id: str) -> Iterator[None]:
    """Let every line that is logged inside, also by tasks that begin there, name a request."""
    token = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(token)


def set_up_logs(process: str) -> None:
    """Log to stderr from now on, in the form that CHIPTUNE_LOG names. process: its name in each JSON line.

    Raise UsageError if there is no such form.
    """
    form = os.environ.get(VARIABLE) or FORMS[0]
    if form not in FORMS:
        raise UsageError(f"{VARIABLE} must be {' or '.join(FORMS)}, not “{form}”.")
    handler = logging.StreamHandler()
    handler.addFilter(_add_request)
    handler.setFormatter(_json(process) if form == "json" else _text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _add_request(record: logging.LogRecord) -> bool:
    """Give a record the request that it is about. Every record passes."""
    request = _request.get()
    record.request = request
    record.bracketed = f"[{request[:8]}] " if request else ""
    return True


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(bracketed)s%(message)s", "%Y-%m-%d %H:%M:%S")


def _json(process: str) -> logging.Formatter:
    return JsonFormatter(
        ["asctime", "levelname", "name", "request", "message"],
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        static_fields={"process": process},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
        json_ensure_ascii=False,
    )
