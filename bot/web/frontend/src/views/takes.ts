// The takes that a tune was chosen from, side by side: hear each, and make another one of them a tune of its own.

import { call, send } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import { smallRoll } from "./roll.ts";
import type { PackedScore } from "../sound/score.ts";
import type { FullSong, Take } from "./types.ts";
import { clock, keyName } from "./words.ts";

export interface Choosing {
  /** Play a score in the song's player. */
  hear(score: PackedScore): void;
  /** Ask for something and follow it. */
  ask(request: () => Promise<{ id: string }>, from: HTMLElement): void;
}

/** Return the takes of a song; null if there is nothing to choose. */
export async function takesOf(song: FullSong, choosing: Choosing): Promise<HTMLElement | null> {
  if (song.takes < 2) return null;
  const takes = await call<Take[]>(`/api/songs/${song.id}/takes`);
  if (takes.length < 2) return null;
  const cards = takes.map((take, index) => card(song, take, index + 1, choosing));
  return el(
    "section",
    { className: "panel", attrs: { "aria-labelledby": "takes-title" } },
    el("h2", { id: "takes-title" }, _("Takes")),
    el("p", { className: "how" }, _("These were composed, and one was kept. For a day you can choose another.")),
    el("ol", { className: "cards" }, ...cards),
  );
}

function card(song: FullSong, take: Take, number: number, choosing: Choosing): HTMLLIElement {
  const facts = [keyName(take.key), clock(take.seconds)].join(" · ");
  const faults = take.penalty ? _("not quite as asked, or with a fault") : _("as asked");
  const hear = button(_("Hear"), () => choosing.hear(take.score));
  hear.setAttribute("aria-label", _("Hear take {number}", { number }));
  const item = el(
    "li",
    { className: take.kept ? "card kept" : "card" },
    el("h3", {}, _("Take {number}", { number })),
    smallRoll(take.score, _("Piano roll of take {number}", { number })),
    el("p", { className: "meta" }, `${facts} · ${faults}`),
    hear,
  );
  if (take.kept) {
    item.append(el("span", { className: "tag" }, _("kept")));
  } else {
    const choose = button(_("Choose"), () => choosing.ask(() => send(`/api/songs/${song.id}/takes/${number}`), choose));
    choose.setAttribute("aria-label", _("Choose take {number}", { number }));
    item.append(choose);
  }
  return item;
}
