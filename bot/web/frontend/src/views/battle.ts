// A battle: two tunes without their names, and the question which is better. The names are shown afterwards.

import type { PackedScore } from "../sound/score.ts";
import { _ } from "../core/i18n.ts";
import { call, send, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { makePlayer } from "./player.ts";
import type { View } from "./router.ts";
import type { Song } from "./types.ts";

const LETTERS = ["a", "b"] as const;
type Pair = Record<(typeof LETTERS)[number], Song>;

/** Return the view of battles. */
export async function battleView(): Promise<View> {
  const heading = el("h1", {}, _("Which is better?"));
  const sides = el("div", { className: "pair" });
  const message = el("p", { className: "report", attrs: { role: "status" } });
  const choices = el("div", { className: "row", attrs: { role: "group", "aria-label": _("Which is better?") } });
  const next = button(_("Another pair"), () => void load());
  let pair: Pair | null = null;

  async function load(): Promise<void> {
    message.textContent = "";
    next.hidden = true;
    try {
      pair = await call<Pair>("/api/battle");
    } catch (error) {
      pair = null;
      message.textContent = sentenceOf(error);
    }
    choices.hidden = pair === null;
    for (const choice of choices.querySelectorAll("button")) choice.disabled = false;
    sides.replaceChildren(...(pair ? LETTERS.map((letter) => side(letter, (pair as Pair)[letter])) : []));
    if (document.activeElement === document.body || document.activeElement === next) heading.focus();
  }

  async function choose(winner: string): Promise<void> {
    if (!pair) return;
    const { a, b } = pair;
    for (const choice of choices.querySelectorAll("button")) choice.disabled = true;
    try {
      const songs = await send<Pair>("/api/battle", { a: a.id, b: b.id, winner });
      message.textContent = _("Thank you. These are the tunes:");
      for (const [index, letter] of LETTERS.entries()) {
        sides.children[index]?.querySelector("h2")?.replaceChildren(el("a", { href: `/song/${songs[letter].id}` }, songs[letter].title));
      }
    } catch (error) {
      message.textContent = sentenceOf(error);
    }
    choices.hidden = true;
    next.hidden = false;
    next.focus(); // the pressed button is gone
  }

  for (const [winner, title] of [["a", _("A")], ["even", _("Even")], ["b", _("B")]] as const) choices.append(button(title, () => void choose(winner)));
  heading.tabIndex = -1;
  await load();
  return { element: el("section", { className: "panel battle" }, heading, sides, choices, message, next), title: _("Which is better?"), focus: heading };
}

function side(letter: string, song: Song): HTMLElement {
  const name = letter.toUpperCase();
  const player = makePlayer(name, song.audio);
  void call<PackedScore>(`/api/songs/${song.id}/score`).then((score) => player.load({ ...score, title: "" }));
  return el("section", { attrs: { "aria-label": _("Tune {name}", { name }) } }, el("h2", {}, name), player.element);
}
