// Songs in lists: a link to the song's page with a small roll, the facts, and whatever a list adds.

import { call, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import { smallRoll } from "./roll.ts";
import type { PackedScore } from "../sound/score.ts";
import type { Song } from "./types.ts";
import { summary } from "./words.ts";

const PAGE = 20;

const rolls = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !(target instanceof HTMLElement)) continue;
    rolls.unobserve(target);
    const path = target.dataset["score"];
    if (path) {
      void call<PackedScore>(path)
        .then((score) => target.append(smallRoll(score)))
        .catch(() => target.classList.add("empty")); // a tune of an earlier version has no score among its files
    }
  }
});

/** Return a list's row for a song. before, after: what a list shows around the song. */
export function songRow(song: Song, before: readonly Node[] = [], after: readonly Node[] = []): HTMLLIElement {
  const roll = el("span", { className: "roll-place" });
  roll.dataset["score"] = `/files/${song.id}/score.json`;
  rolls.observe(roll);
  const link = el(
    "a",
    { className: "song-link", href: `/song/${song.id}` },
    el("span", { className: "name" }, song.name),
    el("span", { className: "meta" }, summary(song)),
    roll,
  );
  const item = el("li", { className: "song-row" }, ...before, link, ...after);
  item.dataset["id"] = song.id;
  return item;
}

/** Return the words for a sum of votes; "" for none. */
export function votesText(votes: number): string {
  return votes ? `${votes > 0 ? "▲" : "▼"} ${Math.abs(votes)}` : "";
}

/** Return the newest songs, with a button for older ones. */
export async function feed(): Promise<HTMLElement> {
  const list = el("ol", { className: "songs" });
  const message = el("p", { className: "error", hidden: true, attrs: { role: "alert" } });
  const more = button(_("Show older"), () => void load(), "quiet");
  const section = el("section", { className: "panel", attrs: { "aria-labelledby": "feed-title" } });
  section.append(el("h2", { id: "feed-title" }, _("Recent tunes")), list, message, more);
  let last = "";

  async function load(): Promise<void> {
    try {
      const songs = await call<Song[]>(`/api/songs?limit=${PAGE}${last ? `&before=${last}` : ""}`);
      const votes = (song: Song) => [el("span", { className: "sum" }, votesText(song.votes))];
      list.append(...songs.map((song) => songRow(song, [], votes(song))));
      last = songs.at(-1)?.id ?? last;
      more.hidden = songs.length < PAGE;
      section.hidden = list.children.length === 0;
    } catch (error) {
      message.textContent = sentenceOf(error);
      message.hidden = false;
    }
  }

  await load();
  return section;
}
