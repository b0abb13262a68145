"""Describes a request in words: its options one by one, all of them in a line, or a short summary."""

from __future__ import annotations

from typing import Any

from bot.languages import say
from bot.text import SOUND_TITLES
from generator.protocol.i18n import Sentence, _, ngettext
from generator.protocol.names import SOUNDS, readable_name
from generator.protocol.requests import Request

OPTIONS = {
    "scene": Sentence("{value}"),
    "bpm": _("{value:.4g} BPM"),
    "key": Sentence("{value}"),
    "seconds": _("{value:.4g} s"),
    "bars": ngettext("{n:g} bar", "{n:g} bars"),
    "density": _("{value} density"),
    "strength": _("strength {value:g}"),
    "from_bar": _("from bar {value}"),
    "span": _("bars {value[0]} to {value[1]}"),
    "transpose": ngettext("{n:+d} semitone", "{n:+d} semitones"),
    "takes": _("best of {value}"),
}
"""How a recipe shows the fields of a request."""
ANY_FILE = _("a MIDI file")


def options_line(request: Request) -> str:
    """Return a line with the options that the user chose."""
    given = [(name, getattr(request, name)) for name in OPTIONS]
    facts = [option_text(name, value) for name, value in given if value is not None]
    if request.keep:
        facts.append(say("keep {channels}", channels=" + ".join(request.keep)))
    if request.sound != SOUNDS[0]:
        facts.append(say("played by {sound}", sound=SOUND_TITLES[request.sound]))
    if request.temperature != 1.0:
        facts.append(say("temperature {value:g}", value=request.temperature))
    if not facts:
        return say("Nothing specific was requested")
    return say("Requested: {facts}", facts=" · ".join(facts))


def option_text(name: str, value: Any) -> str:
    """One of `OPTIONS`, or the sound, in words."""
    if name == "sound":
        return say(SOUND_TITLES[value])
    said = OPTIONS[name]
    if said.plural:
        return say(said.counted(value))
    return say(said, value=readable_name(value) if name in ("scene", "density") else value)


def summary(request: Request) -> str:
    """Return a request in a few words."""
    what = say("tune")
    if request.mode != "generate":
        what = say("{mode} {file}", mode=readable_name(request.mode), file=request.name or say(ANY_FILE))
    scene = say(readable_name(request.scene)) if request.scene else None
    lengths = [option_text(name, value) for name in ("seconds", "bars") if (value := getattr(request, name))]
    return ", ".join(filter(None, (what, scene, request.key, *lengths)))
