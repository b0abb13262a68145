// A score as a standard MIDI file with the tracks p1, p2, tr and no, at the tempo that is heard.
// The bot reads such a file as a tune of its own; volumes are CC 11, duties CC 12 (see models/music/midi_formats.py).

import { FRAMES_PER_SECOND, type Grid, NOISE, type Note, type Score, TRIANGLE, valueAt } from "./score.ts";

const NAMES = ["p1", "p2", "tr", "no"];
const PULSE_PROGRAMS = [82, 81, 80, 83]; // by duty
const TRIANGLE_PROGRAM = 38;
const NOISE_KIT = 25;
const NOISE_KEYS = [35, 36, 41, 43, 45, 47, 48, 50, 38, 40, 39, 37, 49, 46, 42, 44]; // by period, from 1
const MIDI_CHANNELS = [0, 1, 2, 9];
const [BANK, VOLUME, DUTY] = [0, 11, 12];

/** Return a score as a MIDI file. tempo: how much faster than written. */
export function midiFile(score: Score, tempo: number): Blob {
  const grid: Grid = score.grid ?? { groove: [30], start: 0, rowsPerBeat: 1, upper: 4, lower: 4 };
  const frames = sum(grid.groove) * grid.rowsPerBeat; // of as many beats as the groove has rows
  const common = commonDivisor(frames, grid.groove.length);
  const scale = Math.max(1, Math.floor((16 * common) / grid.groove.length));
  const ticks = (grid.groove.length / common) * scale; // a frame
  const division = (frames / common) * scale; // ticks a beat
  const beatMicroseconds = Math.round(((division / ticks) * 1_000_000) / (FRAMES_PER_SECOND * tempo));
  const groove = `groove=${grid.groove.join(",")} start=${grid.start} rows=${grid.rowsPerBeat}`;
  const head: TimedEvent[] = [
    [0, meta(3, utf8(score.title))],
    [0, meta(0x51, bytes(beatMicroseconds, 3))],
    [0, meta(0x58, [grid.upper, Math.log2(grid.lower), 24, 8])],
  ];
  if (score.grid) head.push([0, meta(1, utf8(groove))]);
  if (score.loop !== null) head.push([score.loop * ticks, meta(6, utf8("loopStart"))]);
  const end = score.frames * ticks;
  const tracks = score.channels.map((notes, channel) => noteTrack(channel, notes, ticks, end));
  const count = 1 + tracks.length;
  const header = [...utf8("MThd"), ...bytes(6, 4), ...bytes(1, 2), ...bytes(count, 2), ...bytes(division, 2)];
  return new Blob([new Uint8Array([...header, ...track(head, end), ...tracks.flat()])], { type: "audio/midi" });
}

type TimedEvent = [tick: number, bytes: number[]];

function noteTrack(channel: number, notes: readonly Note[], ticks: number, end: number): number[] {
  const midi = MIDI_CHANNELS[channel]!;
  let program = channel === NOISE ? NOISE_KIT : channel === TRIANGLE ? TRIANGLE_PROGRAM : PULSE_PROGRAMS[2]!;
  const isPulse = channel < TRIANGLE;
  const events: TimedEvent[] = [[0, meta(3, utf8(NAMES[channel]!))]];
  if (isPulse) events.push([0, [0xb0 | midi, BANK, 1]]);
  events.push([0, [0xc0 | midi, program]]);
  const controls = new Map([
    [VOLUME, 127],
    [DUTY, -1],
  ]);
  const control = (tick: number, number: number, value: number) => {
    if (controls.get(number) === value) return;
    controls.set(number, value);
    events.push([tick, [0xb0 | midi, number, value]]);
  };
  for (const note of notes) {
    const key = channel === NOISE ? NOISE_KEYS[note.pitch - 1]! : note.pitch;
    const peak = Math.max(...note.volume.map(([, value]) => value));
    const written = isPulse ? PULSE_PROGRAMS[valueAt(note.duty, 0)]! : program;
    if (written !== program) events.push([note.start * ticks, [0xc0 | midi, (program = written)]]);
    for (let frame = note.start; frame < note.end; frame++) {
      const tick = frame * ticks;
      control(tick, DUTY, valueAt(note.duty, frame - note.start));
      control(tick, VOLUME, peak ? Math.round(127 * Math.sqrt(valueAt(note.volume, frame - note.start) / peak)) : 0);
      if (frame === note.start) events.push([tick, [0x90 | midi, key, Math.max(1, Math.round(127 * Math.sqrt(peak / 15)))]]);
    }
    events.push([note.end * ticks, [0x80 | midi, key, 0]]);
  }
  return track(events, end);
}

/** A track of events in order, which ends at a tick. */
function track(events: readonly TimedEvent[], end: number): number[] {
  let now = 0;
  const body: number[] = [];
  for (const [tick, message] of [...events, [end, meta(0x2f, [])] as TimedEvent]) {
    for (const byte of [...variableLength(tick - now), ...message]) body.push(byte);
    now = tick;
  }
  return [...utf8("MTrk"), ...bytes(body.length, 4), ...body];
}

function variableLength(value: number): number[] {
  const groups = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 127) | 128);
  return groups;
}

const meta = (kind: number, data: number[]): number[] => [0xff, kind, ...variableLength(data.length), ...data];
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];
const commonDivisor = (a: number, b: number): number => (b ? commonDivisor(b, a % b) : a);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const bytes = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (value >> (8 * (count - 1 - i))) & 255);
