// What the page and the audio worklet tell each other.

import type { PackedScore } from "./score.ts";
import type { Sound } from "./sequencer.ts";

export const PROCESSOR = "chiptune-chip";
export const SCOPE_POINTS = 256; // of one channel, over the last SCOPE_SECONDS
export const SCOPE_SECONDS = 0.03;

/** From the page. id: counts the seeks. from, to: frames; a passage that is repeated. */
export type Command =
  | { kind: "score"; score: PackedScore }
  | { kind: "play" }
  | { kind: "pause" }
  | { kind: "seek"; frame: number; id: number }
  | { kind: "tempo"; factor: number }
  | { kind: "repeat"; whole: boolean; from: number | null; to: number | null }
  | { kind: "gain"; channel: number; gain: number }
  | { kind: "sound"; channel: number; sound: Sound };

/**
 * From the worklet: about 40 times a second while it plays, after each seek, and when the tune is over.
 * seek: the id of the last seek it knows. ended: whether it has just come to the end. scopes: what all channels put out,
 * one after the other [4 x SCOPE_POINTS], 0 to 127.
 */
export interface Report {
  frame: number;
  seek: number;
  ended: boolean;
  scopes: Uint8Array;
}
