// What the page and the audio worklet tell each other.

import type { PackedScore } from "./score.ts";
import type { Sound } from "./sequencer.ts";

export const PROCESSOR = "chiptune-chip";
export const SCOPE_POINTS = 256; // of one channel, over the last SCOPE_SECONDS
export const SCOPE_SECONDS = 0.03;

/** From the page. from, to: frames; a passage that is repeated. */
export type Command =
  | { kind: "score"; score: PackedScore }
  | { kind: "play" }
  | { kind: "pause" }
  | { kind: "seek"; frame: number }
  | { kind: "tempo"; factor: number }
  | { kind: "repeat"; whole: boolean; from: number | null; to: number | null }
  | { kind: "gain"; channel: number; gain: number }
  | { kind: "sound"; channel: number; sound: Sound };

/** From the worklet, about 40 times a second while it plays. scopes: levels 0 to 15 of all channels, one after the other. */
export interface Report {
  frame: number;
  playing: boolean;
  scopes: Uint8Array;
}
