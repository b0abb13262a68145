"""Limits by network address: what one address may change, however many browsers it claims to be.

An address is an IPv4 address or an IPv6 network of 64 bits. Behind proxies it is the one that the outermost of our own
proxies saw (CHIPTUNE_PROXIES). Counts are in memory only.
"""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.requests.wait_times import LimitError, approximate_time
from bot.settings import Settings, is_loopback
from generator.protocol.i18n import _

MINUTE, DAY = 60.0, 24 * 3600.0
CHANGES = 120
"""Changes of any kind from one address in a minute."""
SUBMISSIONS = 20
"""Requests for tunes from one address in `SUBMISSION_MINUTES`."""
SUBMISSION_MINUTES = 10
BROWSERS = 20
"""Browsers of one address that may take part in a day, such as those of a household or a class."""
WRONG_PASSWORDS = 10
"""Wrong passwords from one address in a minute."""
UNKNOWN = "unknown"
"""The address of a connection that has none, such as a Unix socket."""


@dataclass(slots=True)
class _Counts:
    """What one address did. Times are in seconds, oldest first."""

    times: dict[str, deque[float]] = field(default_factory=dict)
    browsers: dict[str, float] = field(default_factory=dict)  # by name, when each was last seen

    def latest(self) -> float:
        """Return the time of the last thing that it did."""
        ends = [times[-1] for times in self.times.values() if times]
        return max([*ends, *self.browsers.values()], default=0.0)


class AddressLimits:
    """Counts what each address does. clock: returns seconds."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._proxies = settings.proxies
        self._clock = clock
        self._counts: dict[str, _Counts] = {}
        self._swept = clock()

    def address_of(self, request: web.Request) -> str:
        """Return the address that a request comes from."""
        return client_address(request.remote, request.headers.getall("X-Forwarded-For", []), self._proxies)

    def count_change(self, address: str, voter: str | None, *, is_submission: bool) -> None:
        """Count a change that an address makes, under a browser's name if it has one. Raise LimitError at a limit.

        From this machine itself, only browsers are counted: its scripts may do as much as the queue takes.
        """
        if not is_loopback(address):
            self._count(address, "changes", CHANGES, MINUTE)
            if is_submission:
                self._count(address, "submissions", SUBMISSIONS, SUBMISSION_MINUTES * MINUTE)
        if voter:
            self.count_browser(address, voter)

    def count_wrong_password(self, address: str) -> None:
        """Count a wrong password."""
        self._count(address, "passwords", WRONG_PASSWORDS, MINUTE)

    def check_passwords(self, address: str) -> None:
        """Raise LimitError if an address has sent too many wrong passwords."""
        self._wait(address, "passwords", WRONG_PASSWORDS, MINUTE)

    def _count(self, address: str, what: str, most: int, seconds: float) -> None:
        self._wait(address, what, most, seconds)
        self._counts.setdefault(address, _Counts()).times.setdefault(what, deque()).append(self._clock())

    def _wait(self, address: str, what: str, most: int, seconds: float) -> None:
        """Raise LimitError if an address did something `most` times in the last seconds."""
        now = self._clock()
        self._sweep(now)
        times = self._counts[address].times.get(what, deque()) if address in self._counts else deque()
        while times and times[0] <= now - seconds:
            times.popleft()
        if len(times) >= most:
            wait = times[0] + seconds - now
            raise LimitError(
                _("That was too much from your network address: again in {time}.").format(time=approximate_time(wait)),
                wait,
            )

    def count_browser(self, address: str, voter: str) -> None:
        """Count a browser that takes part from an address, by its name. Raise LimitError if there are too many."""
        now = self._clock()
        browsers = self._counts.setdefault(address, _Counts()).browsers
        for name in [name for name, seen in browsers.items() if seen <= now - DAY]:
            del browsers[name]
        if voter not in browsers and len(browsers) >= BROWSERS:
            wait = min(browsers.values()) + DAY - now
            raise LimitError(
                _("Too many browsers of your network address took part today: again in {time}.").format(
                    time=approximate_time(wait)
                ),
                wait,
            )
        browsers[voter] = now

    def _sweep(self, now: float) -> None:
        """Forget addresses that did nothing for a day, once a minute."""
        if now - self._swept >= MINUTE:
            self._counts = {name: counts for name, counts in self._counts.items() if counts.latest() > now - DAY}
            self._swept = now


ADDRESS_LIMITS = web.AppKey("address_limits", AddressLimits)


def client_address(peer: str | None, forwarded: list[str], proxies: int) -> str:
    """Return the address that a request comes from, normalised.

    peer: the address of the connection. forwarded: the X-Forwarded-For headers. proxies: how many proxies of our own
    the request passed. Each appends the address that it saw, so what the client wrote itself is never read.
    """
    hops = [part.strip() for header in forwarded for part in header.split(",") if part.strip()]
    text = hops[-proxies] if 0 < proxies <= len(hops) else peer
    try:
        address = ipaddress.ip_address((text or "").strip("[]"))
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
