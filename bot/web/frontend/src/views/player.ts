// The player of the views: one element, a score to load, and the posted recording beside it.

import { ChiptunePlayer } from "../player/player.ts";
import { type PackedScore, unpackScore } from "../sound/score.ts";

export interface Player {
  readonly element: HTMLElement;
  /** Show a score, from its start. */
  load(score: PackedScore): void;
  /** Begin to play, if the browser allows it. */
  play(): void;
}

/** Return a player. recording: the address of the posted recording, if there is one. */
export function makePlayer(title: string, recording?: string): Player {
  const element = document.createElement("chiptune-player") as ChiptunePlayer;
  return {
    element,
    load: (score) => element.load(unpackScore(score), { title, recording }),
    play: () => void Promise.resolve(element.play()).catch(() => undefined),
  };
}
