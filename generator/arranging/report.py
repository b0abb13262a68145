"""Reports what happened to a song's notes, as numbers and as one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.arranging.drums import is_percussion
from generator.arranging.reduction import ArrangedNote, Reduction
from generator.importing.importer import Part
from generator.protocol.i18n import Sentence, _, joined, ngettext

LONGEST_NAME = 30
"""Letters of a part's name that the sentence shows."""


@dataclass(frozen=True, slots=True)
class ArrangeReport:
    """How many notes the source has, how many are kept, and how many of these are moved by octaves.

    melody, bass, drums: the parts that most of their notes come from and why, or None.
    """

    notes: int
    kept: int
    moved: int
    melody: Sentence | None
    bass: Sentence | None
    drums: Sentence | None = None

    @property
    def dropped(self) -> int:
        """Notes that are not in the arrangement."""
        return self.notes - self.kept

    @property
    def sentence(self) -> Sentence:
        """The report as a sentence."""
        details: list[str] = []
        if self.melody:
            details.append(_("the melody from {part}").format(part=self.melody))
        if self.bass:
            details.append(_("the bass from {part}").format(part=self.bass))
        if self.drums:
            details.append(_("the drums from {part}").format(part=self.drums))
        if self.moved:
            details.append(ngettext("{n:,} moved by octaves", "{n:,} moved by octaves").counted(self.moved))
        details.append(ngettext("{n:,} dropped", "{n:,} dropped").counted(self.dropped))
        message = ngettext("Kept {kept:,} of {n:,} note: {told}.", "Kept {kept:,} of {n:,} notes: {told}.")
        return message.counted(self.notes, kept=self.kept, told=joined(", ", *details))


def report_on(parts: Sequence[Part], reduction: Reduction) -> ArrangeReport:
    """Return the report on a reduction of these parts."""
    pitched = {note.source.number: note for line in reduction.pitched for note in line}
    return ArrangeReport(
        notes=sum(len(part.notes) for part in parts),
        kept=len(pitched) + len({id(hit.note) for hit in reduction.drums}),
        moved=sum(note.pitch != note.source.pitch for note in pitched.values()),
        melody=_source(parts, reduction.melody, reduction.melody_reason),
        bass=_source(parts, reduction.bass, reduction.bass_reason),
        drums=_drums(parts),
    )


def _source(parts: Sequence[Part], notes: Iterable[ArrangedNote], reason: Sentence) -> Sentence | None:
    """Return the part that most of the notes come from, and why, or None if there are no notes."""
    counts = Counter(note.source.part for note in notes)
    return _named(parts, counts.most_common(1)[0][0], reason) if counts else None


def _drums(parts: Sequence[Part]) -> Sentence | None:
    """Return the part that has most of the drums, and why they are drums, or None if there are none."""
    percussion = [number for number, part in enumerate(parts) if is_percussion(part)]
    if not percussion:
        return None
    number = max(percussion, key=lambda number: len(parts[number].notes))
    return _named(parts, number, parts[number].why or _("its instrument is a drum"))


def _named(parts: Sequence[Part], number: int, reason: Sentence) -> Sentence:
    """Return a part's name, or its number among all parts, and a reason."""
    name = "".join(letter for letter in parts[number].name if letter.isprintable()).strip()[:LONGEST_NAME].strip()
    part = _("‘{name}’").format(name=name) if name else _("part {number}").format(number=number + 1)
    return _("{part} ({reason})").format(part=part, reason=reason) if reason else part
