// What is being made: one bar at the top of the window, on every view, with the progress in the tab's title too.
//
// A request is remembered for the tab, so that a reload goes on with it, and so does a restart of the server.

import { call, send, sentenceOf, ApiError } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import type { FullSong, JobState } from "./types.ts";

const POLL = 600; // milliseconds
const RETRY = 2500;
const STORED = "job";
const CREEP = 0.04; // of what is left, a second: the bar never stands still while something is being made

export interface Outcome {
  done(song: FullSong): void;
  failed(sentence: string): void;
  /** The progress has changed; "" if nothing is being made. */
  announce(words: string): void;
}

export class Jobs {
  readonly element: HTMLElement;
  private readonly outcome: Outcome;
  private readonly bar = el("progress", { max: 1, value: 0, attrs: { "aria-label": _("Progress") } });
  private readonly stage = el("span", { attrs: { role: "status" } });
  private readonly percent = el("span", { className: "percent", attrs: { "aria-hidden": "true" } });
  private readonly cancel: HTMLButtonElement;
  private following: string | null = null;
  private share = 0;
  private timer = 0;
  private returnTo: HTMLElement | null = null;

  constructor(outcome: Outcome) {
    this.outcome = outcome;
    this.cancel = button(_("Cancel"), () => void this.withdraw());
    const line = el("div", { className: "line" }, this.stage, this.percent, this.cancel);
    this.element = el("section", { className: "job", hidden: true, attrs: { "aria-label": _("Being made") } }, line, this.bar);
  }

  /** Whether something is being made. */
  get busy(): boolean {
    return this.following !== null;
  }

  /** Ask for something, then follow it. from: what has the focus again if it is cancelled. Throw what the server says. */
  async start(ask: () => Promise<{ id: string }>, from: HTMLElement | null): Promise<void> {
    const { id } = await ask();
    this.returnTo = from;
    this.follow(id);
  }

  /** Go on with the request that this tab followed before it was loaded anew. */
  resume(): void {
    const id = sessionStorage.getItem(STORED);
    if (id) this.follow(id);
  }

  private follow(id: string): void {
    sessionStorage.setItem(STORED, id);
    this.following = id;
    this.share = 0;
    this.cancel.disabled = false;
    this.say(_("Sent."));
    this.element.hidden = false;
    document.body.classList.add("busy");
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.creep(), 100);
    void this.poll(id);
  }

  private async poll(id: string): Promise<void> {
    let wait = POLL;
    try {
      const state = await call<JobState>(`/api/requests/${id}`);
      if (this.following !== id) return;
      if (state.status === "done" && state.song) {
        this.end();
        this.outcome.done(state.song);
        return;
      }
      if (state.status === "failed") return this.fail(state.error ?? "");
      this.share = Math.max(this.share, state.progress);
      this.say(state.status === "queued" && state.place ? `${capital(state.place)}.` : `${capital(state.stage ?? _("starting"))}…`);
    } catch (error) {
      if (this.following !== id) return;
      if (error instanceof ApiError && error.status < 500) return this.fail(error.message);
      this.say(_("The bot cannot be reached; trying again."));
      wait = RETRY;
    }
    setTimeout(() => void this.poll(id), wait);
  }

  /** Move the bar a little towards the end. The true share overtakes it. */
  private creep(): void {
    this.share += (0.98 - this.share) * CREEP * 0.1;
    this.bar.value = this.share;
    const percent = `${Math.floor(this.share * 100)} %`;
    if (this.percent.textContent !== percent) {
      this.percent.textContent = percent;
      this.outcome.announce(`${percent} ${this.stage.textContent ?? ""}`.trim());
    }
  }

  private say(words: string): void {
    if (this.stage.textContent !== words) this.stage.textContent = words; // screen readers announce only changes
  }

  private async withdraw(): Promise<void> {
    const id = this.following;
    this.cancel.disabled = true; // the next answer in `poll` has the outcome
    await send(`/api/requests/${id}/cancel`).catch((error: unknown) => this.say(sentenceOf(error)));
  }

  private fail(sentence: string): void {
    this.end();
    this.outcome.failed(sentence);
    const back = this.returnTo?.isConnected ? this.returnTo : document.querySelector<HTMLElement>("#compose-button, h1");
    back?.focus();
  }

  private end(): void {
    clearInterval(this.timer);
    sessionStorage.removeItem(STORED);
    this.following = null;
    this.element.hidden = true;
    document.body.classList.remove("busy");
    this.outcome.announce("");
  }
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
