// The contest: a weekly round of nominations and votes, and the hall of fame. No counts of votes are shown before a round is
// over.

import { _, decimal } from "../core/i18n.ts";
import { call, send, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { songRow } from "./lists.ts";
import type { View } from "./router.ts";
import type { Song } from "./types.ts";


const REFRESH = 30_000; // milliseconds
const FAME_PAGE = 10;

interface Ended {
  readonly round: number;
  readonly outcome: string;
  readonly voters: number;
  readonly songs: readonly { title: string; votes: number; won: boolean }[];
}

interface Contest {
  readonly round: number | null;
  readonly stage?: "nominating" | "voting";
  readonly voting?: number;
  readonly closes?: number;
  readonly ending?: boolean;
  readonly songs?: readonly (Song & { mine: boolean })[];
  readonly vote?: string | null;
  readonly left?: number;
  readonly last: Ended | null;
  readonly manages: boolean;
}

/** Return the view of the contest. */
export async function contestView(): Promise<View> {
  const heading = el("h1", { tabIndex: -1 });
  const how = el("p", { className: "how" });
  const last = el("p", { className: "report" });
  const songs = el("ol", { className: "songs" });
  const message = el("p", { className: "report", attrs: { role: "status" } });
  const manage = el("div", { className: "row" });
  let shown = "";

  async function act(path: string, fields: object, said: string): Promise<void> {
    try {
      show(await send<Contest>(`/api/contest/${path}`, fields));
      message.textContent = said;
    } catch (error) {
      message.textContent = sentenceOf(error);
    }
    if (document.activeElement === document.body) heading.focus(); // the pressed button is gone
  }

  // If nothing has changed, the page is not touched: someone may be reading, or have focused a button.
  function show(contest: Contest): void {
    if (JSON.stringify(contest) === shown) return;
    shown = JSON.stringify(contest);
    heading.textContent = contest.round === null ? _("Contest") : _("Contest, round {round}", { round: contest.round });
    how.textContent = rules(contest);
    last.textContent = contest.last ? ended(contest.last) : "";
    last.hidden = !contest.last;
    songs.replaceChildren(...(contest.songs ?? []).map((song) => songRow(song, [], choices(contest, song))));
    manage.replaceChildren(...management(contest));
  }

  function choices(contest: Contest, song: Song & { mine: boolean }): Node[] {
    if (contest.stage === "voting") {
      const mine = contest.vote === song.id;
      const vote = button(mine ? _("Your vote") : _("Vote"), () => void act("vote", { song: song.id }, _("Your vote is for {title}.", { title: song.title })));
      vote.setAttribute("aria-pressed", String(mine));
      return [vote];
    }
    if (!song.mine) return [];
    return [button(_("Take back"), () => void act("withdraw", { song: song.id }, _("{title} is no longer nominated.", { title: song.title })), "quiet")];
  }

  function management(contest: Contest): Node[] {
    if (!contest.manages) return [];
    const start = button(contest.ending ? _("Continue the contest") : _("Start a weekly contest"), () => void act("start", {}, ""));
    const stop = button(_("End it after this round"), () => void act("stop", {}, _("This round is the last one.")), "quiet");
    const end = button(_("End it now"), () => {
      if (confirm(_("End this round now, without a winner?"))) void act("stop", { at_once: true }, "");
    }, "quiet");
    if (contest.round === null) return [start];
    return contest.ending ? [start, end] : [stop, end];
  }

  const [contest, fame] = await Promise.all([call<Contest>("/api/contest"), hallOfFame()]);
  show(contest);
  const timer = setInterval(() => void call<Contest>("/api/contest").then(show, () => undefined), REFRESH);
  const page = el("section", { className: "panel contest" }, heading, how, last, songs, message, manage, fame);
  return { element: page, title: _("Contest"), focus: heading, leave: () => clearInterval(timer) };
}

async function hallOfFame(): Promise<HTMLElement | null> {
  type Famous = Song & { round: number; contest_votes: number };
  const list = el("ol", { className: "songs" });
  const more = button(_("Show more"), () => void load(), "quiet");
  async function load(): Promise<void> {
    const winners = await call<Famous[]>(`/api/contest/hall-of-fame?start=${list.children.length}`);
    const note = (song: Famous) => _("round {round}, votes: {votes}", { round: song.round, votes: song.contest_votes });
    list.append(...winners.map((song) => songRow(song, [], [el("span", { className: "sum" }, note(song))])));
    more.hidden = winners.length < FAME_PAGE;
  }
  await load();
  return list.children.length ? el("section", {}, el("h2", {}, _("Hall of fame")), list, more) : null;
}

function rules(contest: Contest): string {
  if (contest.round === null) return _("There is no contest. In each round of one, people nominate tunes for five days, then vote for two days.");
  const last = contest.ending ? ` ${_("This is the last round.")}` : "";
  if (contest.stage === "nominating") return _("Open a tune and nominate it, until {time}. You have {left} left.", { time: when(contest.voting), left: contest.left ?? 0 }) + last;
  return _("One vote each, until {time}, but not for your own tune. You can change it. The votes are shown when the round is over.", { time: when(contest.closes) }) + last;
}

function ended(last: Ended): string {
  const winner = last.songs.find((song) => song.won);
  if (winner) return _("Round {round} was won by {title}, with {votes} of {all} votes.", { round: last.round, title: winner.title, votes: winner.votes, all: decimal(last.voters) });
  const outcomes: Record<string, string> = {
    "no-nominations": _("Round {round} is over: no one nominated a tune.", { round: last.round }),
    "no-votes": _("Round {round} is over: no one voted, so there is no winner.", { round: last.round }),
    stopped: _("Round {round} is over: it was stopped, without a winner.", { round: last.round }),
  };
  return outcomes[last.outcome] ?? _("Round {round} is over: the winning tune has been deleted.", { round: last.round });
}

function when(seconds: number | undefined): string {
  const format = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" } as const;
  return new Date(1000 * (seconds ?? 0)).toLocaleString(document.documentElement.lang, format);
}
