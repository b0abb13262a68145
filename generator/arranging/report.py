"""What became of a song's notes, in numbers and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.arranging.reduction import Played, Reduction
from generator.importer import Part

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
    melody: str | None
    bass: str | None

    @property
    def dropped(self) -> int:
        """Notes that are not in the arrangement."""
        return self.notes - self.kept

    @property
    def sentence(self) -> str:
        """All of it, for people."""
        told = [f"the {role} from {name}" for role, name in (("melody", self.melody), ("bass", self.bass)) if name]
        told += [f"{self.moved:,} moved by octaves"] * (self.moved > 0)
        told += [f"{self.dropped:,} dropped"]
        return f"Kept {self.kept:,} of {self.notes:,} notes: {', '.join(told)}."


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


def _source(parts: Sequence[Part], line: Iterable[Played]) -> str | None:
    """The part that most of a line's notes come from: its name, or its number among all."""
    counts = Counter(note.tone.part for note in line)
    if not counts:
        return None
    number = counts.most_common(1)[0][0]
    name = "".join(letter for letter in parts[number].name if letter.isprintable()).strip()[:LONGEST_NAME].strip()
    return f"‘{name}’" if name else f"part {number + 1}"
