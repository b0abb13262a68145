"""Reports what happened to a song's notes, as numbers and as one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.arranging.reduction import ArrangedNote, Reduction
from generator.importing.importer import Part
from generator.protocol.i18n import Sentence, _, joined, ngettext

LONGEST_NAME = 30
"""Letters of a part's name that the sentence shows."""


@dataclass(frozen=True, slots=True)
class ArrangeReport:
    """How many notes the source has, how many are kept, and how many of these are moved by octaves.

    melody, bass: the parts that most of their notes come from, or None.
    """

    notes: int
    kept: int
    moved: int
    melody: Sentence | None
    bass: Sentence | None

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
        melody=_source(parts, reduction.melody),
        bass=_source(parts, reduction.bass),
    )


def _source(parts: Sequence[Part], notes: Iterable[ArrangedNote]) -> Sentence | None:
    """Return the part that most of the notes come from: its name, or its number among all parts."""
    counts = Counter(note.source.part for note in notes)
    if not counts:
        return None
    number = counts.most_common(1)[0][0]
    name = "".join(letter for letter in parts[number].name if letter.isprintable()).strip()[:LONGEST_NAME].strip()
    return _("‘{name}’").format(name=name) if name else _("part {number}").format(number=number + 1)
