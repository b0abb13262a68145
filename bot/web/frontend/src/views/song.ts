// The page of a song: its player, what was asked and what came, votes, downloads, takes and family.

import type { PackedScore } from "../sound/score.ts";
import { _, decimal } from "../core/i18n.ts";
import { call, send, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { downloads } from "./exports.ts";
import { songRow } from "./lists.ts";
import { makePlayer } from "./player.ts";
import type { View } from "./router.ts";
import { linkOf } from "./share.ts";
import { takesOf } from "./takes.ts";
import type { Asked, FullSong, Song } from "./types.ts";
import { optionName, optionValue, summary, wishes } from "./words.ts";

/** What a song's page asks of the rest of the page. */
export interface Around {
  /** Ask for something, and follow it. */
  ask(request: () => Promise<{ id: string }>, from: HTMLElement): Promise<void>;
  /** Show the form with a song to remix. */
  remix(song: Song): void;
  /** Show the form with options for a new tune. */
  compose(values: Record<string, string | number>): void;
  /** Go to an address of the page. */
  go(address: string): Promise<void>;
  /** Show what was kept for playing without a network. */
  keep(paths: readonly string[]): void;
}

/** Return the page of a song. play: begin to play, if the browser allows it. */
export async function songView(id: string, around: Around, play: boolean): Promise<View> {
  const song = await call<FullSong>(`/api/songs/${id}`);
  const heading = el("h1", { className: "title" }, song.name);
  const { panel, player } = playerPanel(song.title, song.audio, heading);
  const page = el("div", { className: "song" }, panel);
  const message = el("p", { className: "report", hidden: true, attrs: { role: "status" } });
  heading.after(el("p", { className: "recipe" }, recipe(song)));
  if (song.report) panel.append(el("p", { className: "report" }, song.report));
  panel.append(askedAndGot(song, around), actions(song, around, message), message);

  void call<PackedScore>(`/api/songs/${id}/score`)
    .then((score) => {
      player.load(score);
      if (play) player.play();
    })
    .catch((error: unknown) => tell(message, sentenceOf(error)));
  const hear = (score: PackedScore) => {
    player.load(score);
    player.play();
    heading.scrollIntoView({ block: "nearest" });
  };
  const ask = (request: () => Promise<{ id: string }>, from: HTMLElement) =>
    void around.ask(request, from).catch((error: unknown) => tell(message, sentenceOf(error)));
  const [takes, files, family] = await Promise.all([takesOf(song, { hear, ask }), downloads(song), familyOf(song)]);
  page.append(...[takes, files, family].filter((part): part is HTMLElement => part !== null));
  around.keep([`/api/songs/${id}`, `/api/songs/${id}/score`, song.audio, song.picture]);
  return { element: page, title: song.name, focus: heading };
}

/** Return the page that plays a score out of a link, of which no server knows. */
export function sharedView(score: PackedScore): View {
  const heading = el("h1", { className: "title" }, score.title || _("A tune"));
  const { panel, player } = playerPanel(score.title, undefined, heading);
  panel.append(el("p", { className: "how" }, _("This tune came whole in the link: no server has it.")));
  player.load(score);
  return { element: el("div", { className: "song" }, panel), title: score.title, focus: heading };
}

/** Return a tune that came with the page, to hear before anything was made. */
export function demo(score: PackedScore): HTMLElement {
  const { panel, player } = playerPanel(score.title, undefined, el("h2", { className: "title" }, score.title));
  panel.append(el("p", { className: "how" }, _("Nothing was made here yet. This tune came with the bot, which composed it.")));
  player.load(score);
  return panel;
}

function playerPanel(title: string, recording: string | undefined, heading: HTMLElement) {
  const player = makePlayer(title, recording);
  return { player, panel: el("section", { className: "panel now" }, heading, player.element) };
}

function recipe(song: FullSong): string {
  const bars = song.got["bars"];
  const shared = song.got["shared_notes"];
  return [
    summary(song),
    bars === undefined ? "" : _("{n} bars", { n: decimal(Number(bars), 1) }),
    song.got["density"] === undefined ? "" : optionValue("density", song.got["density"]),
    _("seed {seed}", { seed: String(song.seed) }),
    _("model {model}", { model: song.model }),
    song.sound ?? "",
    shared === undefined ? "" : _("longest run shared with a training song: {n} notes", { n: shared }),
    song.choice,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What was asked for and what came, side by side; where they differ, one press asks again. */
function askedAndGot(song: FullSong, around: Around): HTMLElement | "" {
  if (!song.asked.length) return "";
  const differ = song.asked.filter((each) => !each.same);
  const row = (each: Asked) =>
    el(
      "tr",
      { className: each.same ? "" : "differs" },
      el("th", { scope: "row" }, optionName(each.name)),
      el("td", {}, optionValue(each.name, each.asked)),
      el("td", {}, optionValue(each.name, each.got), each.same ? " ✓" : ` ✗`, el("span", { className: "visually-hidden" }, each.same ? _("as asked") : _("not as asked"))),
    );
  const table = el(
    "table",
    { className: "asked" },
    el("caption", { className: "visually-hidden" }, _("What was asked for, and what came")),
    el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col" }, _("asked")), el("th", { scope: "col" }, _("got")))),
    el("tbody", {}, ...song.asked.map(row)),
  );
  const box = el("div", { className: "asked-box" }, table);
  if (differ.length) {
    const again = button(_("Try again"), () => {
      const values = wishes(song.asked);
      void around.ask(() => send("/api/requests", { mode: "generate", ...values }), again).catch(() => around.compose(values));
    });
    box.append(el("p", {}, _("This is not quite what was asked for."), " ", again));
  }
  return box;
}

function actions(song: FullSong, around: Around, message: HTMLElement): HTMLElement {
  const row = el("div", { className: "row" });
  if (song.again) {
    const again = button(_("Another take"), () =>
      void around.ask(() => send(`/api/songs/${song.id}/another`), again).catch((error: unknown) => tell(message, sentenceOf(error))),
    );
    row.append(again);
  }
  row.append(button(_("Remix this"), () => around.remix(song)), votes(song, message), copyMenu(song, message));
  if (song.mine) row.append(button(_("Delete"), () => void remove(song, around, message), "quiet"));
  void call<{ stage?: string; left?: number }>("/api/contest")
    .then(({ stage, left }) => {
      if (stage !== "nominating" || !left) return;
      row.append(button(_("Nominate"), () => void send("/api/contest/nominate", { song: song.id }).then(() => tell(message, _("It is nominated for the contest.")), (error: unknown) => tell(message, sentenceOf(error)))));
    })
    .catch(() => undefined);
  return row;
}

function votes(song: FullSong, message: HTMLElement): HTMLElement {
  let mine = song.vote;
  const sum = el("output", { attrs: { "aria-label": _("Votes") } });
  const up = button("▲", () => void cast(1));
  const down = button("▼", () => void cast(-1));
  up.setAttribute("aria-label", _("Vote up"));
  down.setAttribute("aria-label", _("Vote down"));

  function show(total: number): void {
    sum.textContent = total > 0 ? `+${total}` : String(total);
    up.setAttribute("aria-pressed", String(mine === 1));
    down.setAttribute("aria-pressed", String(mine === -1));
  }

  async function cast(value: number): Promise<void> {
    try {
      const answer = await send<{ votes: number; vote: number; note: string | null }>(`/api/songs/${song.id}/vote`, { value: value === mine ? 0 : value });
      mine = answer.vote;
      show(answer.votes);
      tell(message, answer.note ?? "");
    } catch (error) {
      tell(message, sentenceOf(error));
    }
  }

  show(song.votes);
  return el("span", { className: "votes", attrs: { role: "group", "aria-label": _("Vote") } }, up, sum, down);
}

function copyMenu(song: FullSong, message: HTMLElement): HTMLElement {
  const copy = async (address: string, said: string) => {
    try {
      await navigator.clipboard.writeText(address);
      tell(message, said);
    } catch {
      tell(message, address); // without permission: the address, to be copied by hand
    }
  };
  const page = button(_("Copy link"), () => void copy(`${location.origin}/song/${song.id}`, _("The link is copied.")));
  const whole = button(_("Copy link with the tune in it"), () =>
    void call<PackedScore>(`/api/songs/${song.id}/score`)
      .then(linkOf)
      .then((address) => copy(address, _("The link is copied. It holds the whole tune and needs no server that knows it.")))
      .catch((error: unknown) => tell(message, sentenceOf(error))),
  );
  return el("span", { className: "links" }, page, whole);
}

async function remove(song: FullSong, around: Around, message: HTMLElement): Promise<void> {
  if (!confirm(_("Delete {title}, with its files and votes? This cannot be undone.", { title: song.name }))) return;
  try {
    await send(`/api/songs/${song.id}/delete`);
    await around.go("/");
  } catch (error) {
    tell(message, sentenceOf(error));
  }
}

/** The family tree: everything made from the oldest ancestor, each below what it was made from. */
async function familyOf(song: FullSong): Promise<HTMLElement | null> {
  const family = await call<Song[]>(`/api/songs/${song.id}/family`);
  if (family.length < 2) return null;
  const ids = new Set(family.map((each) => each.id));
  const branch = (parent: string | null): HTMLElement => {
    const children = family.filter((each) => (each.parent && ids.has(each.parent) ? each.parent : null) === parent);
    return el("ul", { className: "songs" }, ...children.map((each) => leaf(each)));
  };
  const leaf = (each: Song): HTMLElement => {
    const row = songRow(each);
    if (each.id === song.id) row.querySelector("a")?.setAttribute("aria-current", "page");
    if (family.some((other) => other.parent === each.id)) row.append(branch(each.id));
    return row;
  };
  const tree = el("section", { className: "panel family", attrs: { "aria-labelledby": "family-title" } });
  tree.append(el("h2", { id: "family-title" }, _("Family")), branch(null));
  return tree;
}

function tell(place: HTMLElement, words: string): void {
  place.textContent = words;
  place.hidden = !words;
}

