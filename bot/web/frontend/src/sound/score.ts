// A score as the browser holds it, and its JSON (see models/music/score_json.py). All times are frames of 1/60 s.

export const FRAMES_PER_SECOND = 60;
export const CHANNELS = ["pulse 1", "pulse 2", "triangle", "noise"] as const;
export const TRIANGLE = 2;
export const NOISE = 3;

/** (frames after the note's start, new value). The first change is at 0. */
export type Change = readonly [number, number];

/** A note sounds in the frames [start, end). Pitches are MIDI notes, for noise periods from 1 (low) to 16 (high). */
export interface Note {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly volume: readonly Change[];
  readonly duty: readonly Change[];
}

/** Rows, beats and bars: the frames of each row, repeating; the frame of bar 1; the time signature. A beat is a quarter. */
export interface Grid {
  readonly groove: readonly number[];
  readonly start: number;
  readonly rowsPerBeat: number;
  readonly upper: number;
  readonly lower: number;
}

/** loop: the frame to which playing returns from the end, or null. */
export interface Score {
  readonly frames: number;
  readonly grid: Grid | null;
  readonly title: string;
  readonly loop: number | null;
  readonly channels: readonly (readonly Note[])[];
}

type PackedNote = [number, number, number, number[], number[]];

export interface PackedScore {
  frames: number;
  grid: [number[], number, number, number, number?] | null;
  title: string;
  loop: number | null;
  channels: PackedNote[][];
}

export class ScoreError extends Error {}

/** Read a score from its JSON. Throw ScoreError if it is not one. */
export function unpackScore(packed: PackedScore): Score {
  if (!Number.isInteger(packed?.frames) || !Array.isArray(packed.channels) || packed.channels.length !== CHANNELS.length)
    throw new ScoreError("This is not a score.");
  const channels = packed.channels.map((rows) => {
    let now = 0;
    return rows.map(([gap, length, pitch, volume, duty]): Note => {
      const start = now + gap;
      now = start + length;
      if (!(gap >= 0 && length >= 1 && now <= packed.frames)) throw new ScoreError("A note is outside the score.");
      return { start, end: now, pitch, volume: unpackChanges(volume), duty: unpackChanges(duty) };
    });
  });
  const grid = packed.grid && {
    groove: packed.grid[0],
    start: packed.grid[1],
    rowsPerBeat: packed.grid[2],
    upper: packed.grid[3],
    lower: packed.grid[4] ?? 4,
  };
  return { frames: packed.frames, grid, title: packed.title, loop: packed.loop, channels };
}

/** Return a score as JSON. */
export function packScore(score: Score): PackedScore {
  const channels = score.channels.map((notes) => {
    let before = 0;
    return notes.map((note): PackedNote => {
      const gap = note.start - before;
      before = note.end;
      return [gap, note.end - note.start, note.pitch, packChanges(note.volume), packChanges(note.duty)];
    });
  });
  const grid = score.grid;
  return {
    frames: score.frames,
    grid: grid && [[...grid.groove], grid.start, grid.rowsPerBeat, grid.upper, grid.lower],
    title: score.title,
    loop: score.loop,
    channels,
  };
}

/** Return the value of a change list in a frame of the note. */
export function valueAt(changes: readonly Change[], frame: number): number {
  let value = 0;
  for (const [time, next] of changes) {
    if (time > frame) break;
    value = next;
  }
  return value;
}

/** Return the first frame of each bar, and the score's end. A score without a grid has one bar every two seconds. */
export function barStarts(score: Score): number[] {
  const grid = score.grid ?? { groove: [30], start: 0, rowsPerBeat: 1, upper: 4, lower: 4 };
  const starts = [0];
  let frame = grid.start;
  const rowsPerBar = (4 * grid.upper * grid.rowsPerBeat) / grid.lower;
  for (let row = 0; frame < score.frames; row++) {
    if (row % rowsPerBar === 0 && frame > 0) starts.push(frame);
    frame += grid.groove[row % grid.groove.length] ?? 1;
  }
  return [...starts, score.frames];
}

/** Return the frames per beat, a mean. */
export function beatFrames(score: Score): number {
  const grid = score.grid;
  if (!grid) return 30;
  return (grid.groove.reduce((sum, row) => sum + row, 0) * grid.rowsPerBeat) / grid.groove.length;
}

function unpackChanges(flat: number[]): Change[] {
  const changes: Change[] = [[0, flat[0] ?? 0]];
  for (let i = 1; i + 1 < flat.length; i += 2) changes.push([flat[i] as number, flat[i + 1] as number]);
  return changes;
}

function packChanges(changes: readonly Change[]): number[] {
  return changes.flat().slice(1);
}
