// What is heard, as files: WAV rendered by the same worklet, MIDI with the changes.

import { midiFile } from "../sound/midi.ts";
import type { Command } from "../sound/messages.ts";
import type { Score } from "../sound/score.ts";
import { SOUNDS, type Sound } from "../sound/sequencer.ts";
import { wavFile } from "../sound/wav.ts";
import { RENDER_RATE, renderScore } from "./engine.ts";

/** A channel as it is heard. */
export interface Heard {
  readonly audible: boolean;
  readonly sound: Sound;
}

/** Return a WAV file of a score. setup: the channels' gains, sounds and the tempo, as the worklet takes them. */
export async function heardWav(score: Score, setup: readonly Command[], tempo: number): Promise<Blob> {
  return wavFile(await renderScore(score, setup, tempo), RENDER_RATE);
}

/** Return a MIDI file of a score without the silent channels, with the chosen duties and tempo. */
export function heardMidi(score: Score, heard: readonly Heard[], tempo: number): Blob {
  const channels = score.channels.map((notes, channel) => {
    const { audible = true, sound = "written" } = heard[channel] ?? {};
    if (!audible) return [];
    const duty = SOUNDS.indexOf(sound) - 1;
    const changesDuty = channel < 2 && duty >= 0 && duty < 4;
    return changesDuty ? notes.map((note) => ({ ...note, duty: [[0, duty] as const] })) : notes;
  });
  return midiFile({ ...score, channels }, tempo);
}

/** Return a name for a tune's file that every system takes. */
export const fileName = (title: string): string => title.replace(/[^\p{L}\p{N} ._-]/gu, "").trim() || "tune";
