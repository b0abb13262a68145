// The charts: the tunes of a period by votes, and all tunes by battles.

import { _, decimal } from "../core/i18n.ts";
import { call, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { songRow } from "./lists.ts";
import type { View } from "./router.ts";
import type { Song } from "./types.ts";


const PAGE = 10;

interface Ranked extends Song {
  readonly rank: number;
  readonly low: number;
  readonly high: number;
  readonly likes?: number;
  readonly dislikes?: number;
  readonly battles?: number;
}

/** Return the view of the charts. */
export async function chartsView(): Promise<View> {
  const list = el("ol", { className: "songs" });
  const empty = el("p", { className: "how" });
  const more = button(_("Show more"), () => void load(), "quiet");
  const periods = el("div", { className: "periods", attrs: { role: "group", "aria-label": _("Period") } });
  const names: [string, string][] = [["day", _("Day")], ["week", _("Week")], ["month", _("Month")], ["all", _("All time")], ["battles", _("Battles")]];
  let period = "week";

  async function load(): Promise<void> {
    const start = list.children.length;
    const query = period === "battles" ? "ranking=battles" : `period=${period}`;
    try {
      const chart = await call<Ranked[]>(`/api/top?${query}&limit=${PAGE}&start=${start}`);
      list.append(...chart.map(row));
      more.hidden = chart.length < PAGE;
      empty.textContent = list.children.length ? "" : _("No tune of that period has a like from someone else yet.");
    } catch (error) {
      empty.textContent = sentenceOf(error);
    }
    empty.hidden = !empty.textContent;
  }

  async function choose(name: string): Promise<void> {
    period = name;
    list.replaceChildren();
    for (const each of periods.children) each.setAttribute("aria-pressed", String((each as HTMLElement).dataset["period"] === name));
    await load();
  }

  for (const [name, title] of names) {
    const each = button(title, () => void choose(name));
    each.dataset["period"] = name;
    periods.append(each);
  }
  await choose("week");
  if (!list.children.length) await choose("all");
  const how = el("p", { className: "how" }, _("The bar shows the share of likes that is certain, the line how large it may be (95 %)."));
  const page = el("section", { className: "panel chart" }, el("h1", {}, _("Top tunes")), periods, how, empty, list, more);
  return { element: page, title: _("Top tunes") };
}

function row(song: Ranked): HTMLLIElement {
  const bar = el("span", { className: "bar", attrs: { "aria-hidden": "true" } });
  const sure = el("span", { className: "sure" });
  const possible = el("span", { className: "possible" });
  sure.style.width = `${100 * song.low}%`;
  possible.style.left = `${100 * song.low}%`;
  possible.style.width = `${100 * (song.high - song.low)}%`;
  bar.append(sure, possible);
  const count = song.battles === undefined ? `▲ ${decimal(song.likes ?? 0)} ▼ ${decimal(song.dislikes ?? 0)}` : _("{n} battles", { n: decimal(song.battles) });
  return songRow(song, [el("span", { className: "rank" }, String(song.rank))], [el("span", { className: "sum" }, count), bar]);
}
