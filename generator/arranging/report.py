"""What became of a song's notes, in numbers and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.arranging.reduction import Played, Reduction
from generator.importing.importer import Part
from generator.protocol.i18n import Sentence, _, joined, ngettext

LONGEST_NAME = 30
"""Letters of a part's name that are told."""


@dataclass(frozen=True, slots=True)
class ArrangeReport:
    """Notes of the source: all, those kept, of these those moved by octaves, and those dropped.

    melody, bass: the parts that most of them come from; None where there is none.
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
        """All of it, for people."""
        told: list[str] = []
        if self.melody:
            told.append(_("the melody from {part}").format(part=self.melody))
        if self.bass:
            told.append(_("the bass from {part}").format(part=self.bass))
        if self.moved:
            told.append(ngettext("{n:,} moved by octaves", "{n:,} moved by octaves").counted(self.moved))
        told.append(ngettext("{n:,} dropped", "{n:,} dropped").counted(self.dropped))
        said = ngettext("Kept {kept:,} of {n:,} note: {told}.", "Kept {kept:,} of {n:,} notes: {told}.")
        return said.counted(self.notes, kept=self.kept, told=joined(", ", *told))


def report_on(parts: Sequence[Part], reduction: Reduction) -> ArrangeReport:
    """The report on a reduction of these parts."""
    pitched = {note.tone.number: note for line in reduction.pitched for note in line}
    return ArrangeReport(
        notes=sum(len(part.notes) for part in parts),
        kept=len(pitched) + len({id(hit.note) for hit in reduction.drums}),
        moved=sum(note.pitch != note.tone.pitch for note in pitched.values()),
        melody=_source(parts, reduction.melody),
        bass=_source(parts, reduction.bass),
    )


def _source(parts: Sequence[Part], line: Iterable[Played]) -> Sentence | None:
    """The part that most of a line's notes come from: its name, or its number among all."""
    counts = Counter(note.tone.part for note in line)
    if not counts:
        return None
    number = counts.most_common(1)[0][0]
    name = "".join(letter for letter in parts[number].name if letter.isprintable()).strip()[:LONGEST_NAME].strip()
    return _("‘{name}’").format(name=name) if name else _("part {number}").format(number=number + 1)
