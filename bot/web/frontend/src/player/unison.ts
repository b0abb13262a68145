// Passages in which both pulses play the same pitch: the roll draws them in stripes of both colours.

import type { Note, Score } from "../sound/score.ts";

/** Return the passages of each note of the pulses that the other pulse plays too, as frames [from, to). */
export function findUnisons(score: Score): Map<Note, [number, number][]> {
  const shared = new Map<Note, [number, number][]>();
  const [first = [], second = []] = score.channels;
  let at = 0;
  for (const note of first) {
    while (at < second.length && second[at]!.end <= note.start) at++;
    for (let i = at; i < second.length && second[i]!.start < note.end; i++) {
      const other = second[i]!;
      if (other.pitch !== note.pitch) continue;
      const passage: [number, number] = [Math.max(note.start, other.start), Math.min(note.end, other.end)];
      for (const each of [note, other]) shared.set(each, [...(shared.get(each) ?? []), passage]);
    }
  }
  return shared;
}
