// What people here like: sentences, and how much each measured property of a tune counts.

import { _ } from "../core/i18n.ts";
import { call } from "../core/api.ts";
import { el } from "../core/dom.ts";
import type { View } from "./router.ts";

interface Taste {
  readonly words: readonly string[];
  readonly votes: number;
  readonly least: number;
  readonly acts: boolean;
  readonly features: readonly { title: string; more: string; less: string; weight: number; low: number; high: number }[];
}

/** Return the view of the taste. */
export async function tasteView(): Promise<View> {
  const taste = await call<Taste>("/api/taste");
  const widest = Math.max(0.1, ...taste.features.flatMap((each) => [Math.abs(each.low), Math.abs(each.high)]));
  const share = (value: number) => 50 + (50 * value) / widest;
  const rows = taste.features.map((each) => {
    const bar = el("span", { className: "bar", attrs: { "aria-hidden": "true" } });
    const sure = el("span", { className: each.low > 0 || each.high < 0 ? "sure" : "unsure" });
    const possible = el("span", { className: "possible" });
    place(sure, Math.min(50, share(each.weight)), Math.max(50, share(each.weight)));
    place(possible, share(each.low), share(each.high));
    bar.append(sure, possible);
    return el("li", {}, el("span", {}, each.less), bar, el("span", {}, each.more));
  });
  const page = el("section", { className: "panel taste" }, el("h1", {}, _("What people here like")), ...taste.words.map((words) => el("p", {}, words)));
  if (rows.length) {
    const how = _("The bar shows how much more often a tune with more of it is liked, the line the possible range (95 %).");
    page.append(el("p", { className: "how" }, how), el("ul", {}, ...rows));
  }
  return { element: page, title: _("What people here like") };
}

function place(element: HTMLElement, left: number, right: number): void {
  element.style.left = `${left}%`;
  element.style.width = `${Math.max(0, right - left)}%`;
}
