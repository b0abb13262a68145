"""The modes of a request, and which fields each mode uses."""

from __future__ import annotations

from generator.protocol.i18n import _

MODES = {
    "generate": frozenset(("scene", "bpm", "key", "seconds", "bars", "density", "takes", "taste")),
    "arrange": frozenset(("bpm", "transpose")),
    "continue": frozenset(("bpm", "transpose", "takes", "seconds", "bars", "from_bar")),
    "accompany": frozenset(("bpm", "transpose", "takes", "keep")),
    "vary": frozenset(("bpm", "transpose", "takes", "strength")),
    "infill": frozenset(("bpm", "transpose", "takes", "span")),
}
"""What a request can be for, and the fields that each mode can do something with; all but the first remix a file."""

FIELD_TITLES = {
    "scene": _("scene"),
    "bpm": _("bpm"),
    "key": _("key"),
    "seconds": _("seconds"),
    "bars": _("bars"),
    "density": _("density"),
    "takes": _("takes"),
    "taste": _("taste"),
    "transpose": _("transpose"),
    "from_bar": _("from bar"),
    "keep": _("keep"),
    "strength": _("strength"),
    "span": _("span"),
}
"""Those fields as people read them."""

NEEDS_FILE = _("A remix needs a MIDI file.")
