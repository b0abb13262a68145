// Plays a score on the chip, frame by frame: which voice each part has, and when its waveform begins anew.
// The rules for repeated notes are those of generator/apu/retrigger.py and registers.py.

import { Chip, type Voice, type Wave } from "./chip.ts";
import { NOISE, TRIANGLE, type Note, type Score, valueAt } from "./score.ts";

/** How a part sounds: as written, or with another waveform. */
export const SOUNDS = ["written", "12.5 %", "25 %", "50 %", "75 %", "triangle", "noise", "metal"] as const;
export type Sound = (typeof SOUNDS)[number];

const TRIANGLE_LOUDNESS = 11; // the volume of a pulse that is about as loud as the triangle

interface Step {
  readonly note: Note;
  readonly restart: boolean;
}

/** The notes of a channel, with a silent frame before a repeated one, and which of them begin the waveform anew. */
function stepsOf(notes: readonly Note[]): Step[] {
  const steps: Step[] = [];
  let before: Note | null = null;
  for (const note of notes) {
    let current = note;
    if (before && isHiddenRepeat(before, note)) {
      if (before.end - before.start > 1) {
        const shorter: Note = { ...before, end: before.end - 1 };
        steps[steps.length - 1] = { ...steps[steps.length - 1]!, note: shorter };
        before = shorter;
      } else if (note.end - note.start > 1) current = { ...note, start: note.start + 1 };
    }
    steps.push({ note: current, restart: !before || before.end < current.start || before.pitch === current.pitch });
    before = current;
  }
  return steps;
}

function isHiddenRepeat(before: Note, note: Note): boolean {
  const last = before.end - before.start;
  return (
    before.end === note.start &&
    before.pitch === note.pitch &&
    valueAt(before.duty, last) === valueAt(note.duty, 0) &&
    valueAt(note.volume, 0) <= valueAt(before.volume, last)
  );
}

export class Sequencer {
  readonly sounds: Sound[] = ["written", "written", "written", "written"];
  private steps: Step[][];
  private at: number[] = [0, 0, 0, 0]; // by channel, the step that sounds or comes next
  private playing: (Step | null)[] = [null, null, null, null];

  private readonly chip: Chip;

  constructor(score: Score, chip: Chip) {
    this.chip = chip;
    this.steps = score.channels.map(stepsOf);
  }

  /** Set the chip to what sounds in a frame. */
  frame(frame: number): void {
    for (const [channel, steps] of this.steps.entries()) {
      let at = this.at[channel]!;
      if (at > 0 && steps[at - 1]!.note.end > frame) at = 0; // playing went back
      while (at < steps.length && steps[at]!.note.end <= frame) at++;
      this.at[channel] = at;
      const step = steps[at];
      const sounding = step && step.note.start <= frame ? step : null;
      const isNew = sounding !== this.playing[channel];
      this.playing[channel] = sounding;
      const voice = sounding ? this.voice(channel, sounding.note, frame - sounding.note.start) : null;
      this.chip.set(channel, voice, isNew && (sounding?.restart ?? false));
    }
  }

  /** Silence all parts. */
  silence(): void {
    for (let part = 0; part < 4; part++) this.chip.set(part, null, false);
    this.playing = [null, null, null, null];
  }

  private voice(channel: number, note: Note, frame: number): Voice {
    const volume = valueAt(note.volume, frame);
    const duty = valueAt(note.duty, frame);
    return resound({ wave: waveOf(channel), pitch: note.pitch, volume, duty }, this.sounds[channel] ?? "written");
  }
}

export function waveOf(channel: number): Wave {
  return channel === NOISE ? "noise" : channel === TRIANGLE ? "triangle" : "pulse";
}

/** Return a voice with another sound. Noise played as a pitch rises with its period, and the other way round. */
export function resound(voice: Voice, sound: Sound): Voice {
  if (sound === "written") return voice;
  const duty = SOUNDS.indexOf(sound) - 1;
  const pitch = voice.wave === "noise" ? 33 + 4 * voice.pitch : voice.pitch;
  if (duty < 4) {
    const volume = voice.wave === "triangle" ? TRIANGLE_LOUDNESS : voice.volume;
    return { wave: "pulse", pitch: Math.max(33, pitch), volume, duty };
  }
  if (sound === "triangle") return { wave: "triangle", pitch, volume: voice.volume ? 15 : 0, duty: 0 };
  const period = voice.wave === "noise" ? voice.pitch : Math.min(16, Math.max(1, Math.round((voice.pitch - 33) / 4)));
  const volume = voice.wave === "triangle" ? TRIANGLE_LOUDNESS : voice.volume;
  return { wave: "noise", pitch: period, volume, duty: sound === "metal" ? 1 : 0 };
}
