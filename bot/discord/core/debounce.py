"""Presses that come twice: a finger that trembles asks for one tune and not for two.

Remembers in memory only: a restart takes longer than a double press.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from generator.protocol.errors import InputError
from generator.protocol.i18n import _

REPEAT_SECONDS = 3.0
JUST_REQUESTED = _("You have just asked for that: it is on its way.")


class Debouncer:
    """What was pressed a moment ago. clock: seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[Hashable, float] = {}

    @contextmanager
    def once(self, *press: Hashable) -> Iterator[None]:
        """Note a press, who and what, unless it is refused inside. Raises InputError where it came just before."""
        now = self._clock()
        self._last = {known: at for known, at in self._last.items() if now - at < REPEAT_SECONDS}
        if press in self._last:
            raise InputError(JUST_REQUESTED)
        self._last[press] = now
        try:
            yield
        except InputError:
            self._last.pop(press, None)
            raise
