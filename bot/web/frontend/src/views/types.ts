// What the API answers; docs/reference.md describes it.

import type { PackedScore } from "../sound/score.ts";

/** Something that was asked for, and what the tune has. */
export interface Asked {
  readonly name: "scene" | "key" | "bpm" | "seconds" | "bars" | "density";
  readonly asked: string | number;
  readonly got: string | number;
  readonly same: boolean;
}

/** A song in a list. `name` tells versions of one tune apart; `title` does not. */
export interface Song {
  readonly id: string;
  readonly title: string;
  readonly name: string;
  readonly audio: string;
  readonly midi: string;
  readonly picture: string;
  readonly seconds: number;
  readonly bpm: number;
  readonly key: string;
  readonly scene: string | null;
  readonly seed: number;
  readonly model: string;
  readonly parent: string | null;
  readonly votes: number;
  readonly report: string;
  readonly got: Readonly<Record<string, string | number>>;
  readonly choice: string;
}

/** A song with all that its page shows. */
export interface FullSong extends Song {
  readonly mode: string | null;
  readonly asked: readonly Asked[];
  readonly again: boolean;
  readonly sound: string | null;
  readonly film: string | null;
  readonly takes: number;
  readonly mine: boolean;
  readonly vote: number;
}

/** One of the takes that a song was chosen from. */
export interface Take {
  readonly seed: number;
  readonly kept: boolean;
  readonly key: string;
  readonly bpm: number;
  readonly seconds: number;
  readonly penalty: number;
  readonly score: PackedScore;
}

/** The state of a request. */
export interface JobState {
  readonly id: string;
  readonly status: "queued" | "working" | "done" | "failed";
  readonly progress: number;
  readonly stage: string | null;
  readonly place: string | null;
  readonly estimate: number | null;
  readonly song: FullSong | null;
  readonly error: string | null;
}

/** The state of an export. */
export interface ExportState {
  readonly status: "none" | "queued" | "working" | "done" | "failed";
  readonly progress: number;
  readonly error: string | null;
  readonly file: string | null;
}

/** The limits and choices of a request. */
export interface Options {
  readonly scenes: readonly string[];
  readonly keys: readonly string[];
  readonly densities: readonly string[];
  readonly sounds: Readonly<Record<string, string>>;
  readonly bpm: readonly [number, number];
  readonly remix_bpm: readonly [number, number];
  readonly seconds: readonly [number, number];
  readonly default_seconds: number;
  readonly bars: readonly [number, number];
  readonly takes: readonly [number, number];
  readonly temperature: readonly [number, number];
  readonly transpose: readonly [number, number];
  readonly seeds: number;
  readonly modes: Readonly<Record<string, readonly string[]>>;
  readonly remix_modes: Readonly<Record<string, string>>;
  readonly accepted?: readonly string[];
  readonly suffixes?: readonly string[];
}
