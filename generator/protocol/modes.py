"""The table of the modes: what a request can be for, which fields each mode uses, and who offers it.

Discord's commands, forms and posts, the page, the command line and the pipeline read this table. What a mode does is
left to `generator.composing`. What each field may hold is in `generator.protocol.options`.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.protocol.i18n import _

REMIX_FIELDS = frozenset(("bpm", "transpose"))
"""The fields that every remix uses, and `arrange` alone."""
COMPOSED_REMIX_FIELDS = REMIX_FIELDS | {"takes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One mode of a request.

    fields: the optional fields of `Request` that the mode uses; those that every mode uses (seed, model …) are not
    among them. needs_file: whether it remixes a MIDI file. uses_model: whether anything is composed. title,
    description: how a form shows the mode; empty for a mode that no form offers. post_title: what a remix is called in
    its post. version_title: what the n-th tune of this mode that was made from a tune is called in lists.
    """

    name: str
    fields: frozenset[str]
    needs_file: bool = True
    uses_model: bool = True
    title: str = ""
    description: str = ""
    post_title: str = ""
    version_title: str = ""


_TABLE = (
    Mode(
        name="generate",
        fields=frozenset(("scene", "bpm", "key", "seconds", "bars", "density", "takes", "taste")),
        needs_file=False,
        version_title=_("Take {n} of {title}"),
    ),
    Mode(
        name="arrange",
        fields=REMIX_FIELDS,
        uses_model=False,
        title=_("Arrange"),
        description=_("The same notes"),
        post_title=_("Remix of {source}"),
        version_title=_("Arrangement {n} of {title}"),
    ),
    Mode(
        name="continue",
        fields=COMPOSED_REMIX_FIELDS | {"seconds", "bars", "from_bar"},
        title=_("Continue"),
        description=_("Eight bars more, and a close"),
        post_title=_("Continuation of {source}"),
        version_title=_("Continuation {n} of {title}"),
    ),
    Mode(
        name="accompany",
        fields=COMPOSED_REMIX_FIELDS | {"keep"},
        title=_("Accompany"),
        description=_("Keep some channels, write the others anew"),
        post_title=_("New accompaniment to {source}"),
        version_title=_("Accompaniment {n} of {title}"),
    ),
    Mode(
        name="vary",
        fields=COMPOSED_REMIX_FIELDS | {"strength"},
        title=_("Vary"),
        description=_("A share of the bars is written anew"),
        post_title=_("Variation on {source}"),
        version_title=_("Variation {n} of {title}"),
    ),
    Mode(
        name="infill",
        fields=COMPOSED_REMIX_FIELDS | {"span"},
        title=_("Infill"),
        description=_("Four bars in the middle are written anew"),
        post_title=_("New bars in {source}"),
        version_title=_("New bars {n} in {title}"),
    ),
)

MODES = {mode.name: mode for mode in _TABLE}

REMIX_MODES = {name: mode for name, mode in MODES.items() if mode.needs_file}
"""The modes that `remix` offers, on Discord, on the page and on the command line. The first is the default."""

FORM_MODES = {name: MODES[name] for name in ("vary", "continue", "accompany", "infill", "arrange")}
"""The modes that the form under a post offers, in its order. The first is the default."""

FIELDS = frozenset().union(*(mode.fields for mode in MODES.values()))
"""The fields that at least one mode uses and that another has no use for."""
