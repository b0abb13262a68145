"""Refuses double presses of a button, so that a trembling finger does not order two tunes.

Remembers presses in memory only: a restart takes longer than a double press.
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
    """Remembers what was pressed a moment ago. clock: returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[Hashable, float] = {}

    @contextmanager
    def once(self, *press: Hashable) -> Iterator[None]:
        """Note a press, identified by user and button. Raise InputError if the same one came just before.

        If the block raises InputError, the press does not count, and the user may press again at once.
        """
        now = self._clock()
        self._last = {earlier: at for earlier, at in self._last.items() if now - at < REPEAT_SECONDS}
        if press in self._last:
            raise InputError(JUST_REQUESTED)
        self._last[press] = now
        try:
            yield
        except InputError:
            self._last.pop(press, None)
            raise
