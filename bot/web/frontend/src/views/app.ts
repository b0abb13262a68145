// The page: its frame, its views and what is being made. index.html is empty but for the frame's place, and the server writes
// the page's texts and options into it.

import { _ } from "../core/i18n.ts";
import type { PackedScore } from "../sound/score.ts";
import { call, sentenceOf } from "../core/api.ts";
import { battleView } from "./battle.ts";
import { chartsView } from "./charts.ts";
import { Compose } from "./compose.ts";
import { contestView } from "./contest.ts";
import { el } from "../core/dom.ts";
import { Jobs } from "./jobs.ts";
import { feed } from "./lists.ts";
import { Router, type Show, type View } from "./router.ts";
import { scoreOf } from "./share.ts";
import { type Around, demo, sharedView, songView } from "./song.ts";
import { tasteView } from "./taste.ts";
import type { FullSong, Options, Song } from "./types.ts";

const LANGUAGE_COOKIE = "chiptune_language";
const YEAR = 365 * 24 * 3600;

interface Start {
  readonly options: Options;
  readonly language: string;
  readonly languages: Readonly<Record<string, string>>;
}

/** Build the page. */
export function startPage(): void {
  const start = JSON.parse(document.getElementById("start")?.textContent ?? "{}") as Start;
  const main = el("main", { id: "main" });
  let finished: string | null = null; // the song that was made just now, which begins to play by itself
  const router: Router = new Router(main, routes(), () => failure(_("There is nothing at this address.")));
  const jobs = new Jobs({
    done(song: FullSong) {
      finished = song.id;
      void router.go(`/song/${song.id}`);
    },
    failed(sentence: string) {
      compose.tell(sentence);
    },
    announce: (words) => router.announce(words),
  });
  const compose = new Compose(start.options, jobs);
  compose.element.addEventListener("chosen", () => void home(() => compose.focus()));

  const around: Around = {
    ask: (request, from) => jobs.start(request, from),
    remix(song: Song) {
      compose.choose(song);
      void home(() => compose.focus());
    },
    compose(values) {
      compose.again(values);
      void home(() => compose.focus());
    },
    go: (address) => router.go(address),
    keep: (paths) => navigator.serviceWorker?.controller?.postMessage({ keep: [...paths] }),
  };

  async function home(then: () => void): Promise<void> {
    if (location.pathname !== "/") await router.go("/", false);
    window.scrollTo({ top: 0 });
    then();
  }

  function routes(): [RegExp, Show][] {
    const guarded = (show: Show): Show => async (match) => {
      try {
        return await show(match);
      } catch (error) {
        return failure(sentenceOf(error));
      }
    };
    const play = (id: string) => {
      const wanted = finished === id;
      finished = null;
      return wanted;
    };
    return [
      [/^\/$/, guarded(homeView)],
      [/^\/song\/([0-9a-f]{32})$/, guarded(([, id = ""]) => songView(id, around, play(id)))],
      [/^\/charts$/, guarded(chartsView)],
      [/^\/battle$/, guarded(battleView)],
      [/^\/contest$/, guarded(contestView)],
      [/^\/taste$/, guarded(tasteView)],
      [/^\/play$/, guarded(async () => {
        const score = await scoreOf(location.hash);
        return score ? sharedView(score) : failure(_("This link holds no tune: it may have been cut off."));
      })],
    ];
  }

  /** Compose, the newest tune to hear, and the tunes before it. */
  async function homeView(): Promise<View> {
    const [newest] = await call<Song[]>("/api/songs?limit=1");
    const page = el("div", { className: "home" }, compose.element);
    if (newest) {
      const { element } = await songView(newest.id, around, false);
      const now = element.querySelector(".now");
      const title = now?.querySelector("h1");
      title?.replaceWith(el("h2", { className: "title" }, el("a", { href: `/song/${newest.id}` }, newest.name)));
      if (now) page.append(now);
      page.append(await feed());
    } else {
      page.append(demo(await call<PackedScore>("/demo.json")));
    }
    return { element: page, focus: compose.element.querySelector<HTMLElement>("h1") ?? compose.element };
  }

  const frame = document.getElementById("page") ?? document.body;
  frame.replaceChildren(header(), jobs.element, main);
  void router.show(false).then(() => {
    frame.append(footer(start)); // only now: the first view would push it down
    jobs.resume();
  });
}

function header(): HTMLElement {
  const skip = el("a", { className: "skip", href: "#main" }, _("Skip to the content"));
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector<HTMLElement>("main h1, main h2")?.focus();
  });
  const link = (href: string, title: string, hidden = false) => el("li", { hidden }, el("a", { href }, title));
  const [charts, battle, contest, taste] = [
    link("/charts", _("Charts"), true),
    link("/battle", _("Battle"), true),
    link("/contest", _("Contest"), true),
    link("/taste", _("Taste"), true),
  ] as const;
  // A view that has nothing to show has no link.
  const links = { charts, battle, contest, taste };
  void call<Record<keyof typeof links, boolean>>("/api/views").then((filled) => {
    for (const name of Object.keys(links) as (keyof typeof links)[]) links[name].hidden = !filled[name];
  }, () => undefined);
  return el(
    "header",
    {},
    skip,
    el("a", { className: "brand", href: "/" }, el("img", { src: "/icon.svg", alt: "", width: 32, height: 32 }), "Chiptune Bot"),
    el("nav", { attrs: { "aria-label": _("Views") } }, el("ul", {}, link("/", _("Compose")), charts, battle, contest, taste)),
  );
}

function footer(start: Start): HTMLElement {
  const languages = el("select", { id: "language" }, ...Object.entries(start.languages ?? {}).map(([name, title]) => new Option(title, name)));
  languages.value = start.language;
  languages.addEventListener("change", () => {
    document.cookie = `${LANGUAGE_COOKIE}=${languages.value}; path=/; max-age=${YEAR}; samesite=strict`;
    location.reload();
  });
  return el(
    "footer",
    {},
    el("p", {}, _("Two pulses, a triangle and noise: NES music, composed while you wait.")),
    el("p", {}, el("label", { htmlFor: "language" }, _("Language")), " ", languages),
  );
}

function failure(sentence: string): View {
  return { element: el("section", { className: "panel" }, el("h1", {}, sentence), el("p", {}, el("a", { href: "/" }, _("Back to the tunes")))), title: sentence };
}
