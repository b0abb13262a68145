"""What a request costs: how much music has to be composed and rendered for it, known before it is accepted.

The unit is a second of music, rendered and composed once. How many seconds of work that takes is measured, mode by
mode (`bot.store.queue`).
"""

from __future__ import annotations

from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.midi_length import MidiLength
from generator.protocol.modes import MODES
from generator.protocol.names import DEFAULT_SECONDS
from generator.protocol.requests import Request, usual_takes

MOST_WORK_SECONDS = 150.0
"""The most estimated work that a request may be, and so about how long one request can hold up the others."""
REMIX_SECONDS = 60.0
"""The assumed length of a file that does not tell its own."""
BAR_SECONDS = 2.0
"""A bar of four beats at 120 BPM, assumed if nothing names a tempo."""
NEW_BARS = 8
"""The bars that a continuation adds by default."""
SPAN_BARS = 4
"""The bars that an infill replaces by default."""
STRENGTH = 0.5
"""The share of the bars that are varied by default."""
TAKE = 0.4
"""What each take beside the first costs, in parts of the first, since takes are composed together: measured at 0.22 on
a processor with AVX-512 and at 0.58 on one without."""
RENDERING = 0.15
"""What a second of a remix costs in which nothing is composed, in parts of one that is."""
MOST_PACE = 0.8
"""The slowest pace that refuses anything, so that a busy moment of the machine refuses no plain request."""
TOO_MUCH = _(
    "This would be about {found} minutes of work; {most} minutes is the most. Ask for fewer takes or less music."
)


def expected_seconds(request: Request, file: MidiLength | None = None) -> float:
    """Return how many seconds of music a request will probably become. file: of the upload, if it tells its length."""
    new = _new_seconds(request, file)
    if file is None or not MODES[request.mode].needs_file:
        return new
    length = _file_seconds(request, file)
    return length + new if request.mode == "continue" else length


def units_of(request: Request, seconds: float) -> float:
    """Return what a request costs, in units. seconds: how much music it becomes."""
    if not MODES[request.mode].uses_model:
        return seconds
    if not MODES[request.mode].needs_file:
        return seconds * _takes_cost(request.takes or usual_takes(seconds))
    composed = seconds
    if request.mode == "vary":
        composed = seconds * (STRENGTH if request.strength is None else request.strength)
    elif request.mode == "infill":
        first, last = request.span or (1, SPAN_BARS)
        composed = (last - first + 1) * _bar_seconds(request)
    elif request.mode == "continue":
        composed = request.seconds or (request.bars or NEW_BARS) * _bar_seconds(request)
    return min(composed, seconds) * _takes_cost(request.takes or 1) + RENDERING * seconds


def _takes_cost(takes: int) -> float:
    """Return what composing so many takes costs, in parts of one."""
    return 1 + TAKE * (takes - 1)


def check_work(units: float, pace: float) -> None:
    """Raise InputError if a request is more work than one may be. pace: seconds of work a unit."""
    work = units * min(pace, MOST_PACE)
    if work > MOST_WORK_SECONDS:
        found, most = f"{work / 60:.1f}", f"{MOST_WORK_SECONDS / 60:g}"
        raise InputError(TOO_MUCH.format(found=found, most=most))


def _new_seconds(request: Request, file: MidiLength | None) -> float:
    """Return the length that a request itself names, or the usual one."""
    if request.seconds:
        return float(request.seconds)
    if request.bars:
        return request.bars * _bar_seconds(request, file)
    if request.mode == "continue" and file is not None:
        return NEW_BARS * _bar_seconds(request, file)
    return DEFAULT_SECONDS if request.mode == "generate" else REMIX_SECONDS


def _file_seconds(request: Request, file: MidiLength) -> float:
    """Return the length of an upload at the requested tempo."""
    return file.seconds * (file.bpm / request.bpm if request.bpm else 1.0)


def _bar_seconds(request: Request, file: MidiLength | None = None) -> float:
    bpm = request.bpm or (file.bpm if file else None)
    return 240.0 / bpm if bpm else BAR_SECONDS
