// Composing: one big button, a file to remix by drop or choice, and the options folded under "More".

import { ApiError, call, send, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import type { Jobs } from "./jobs.ts";
import { OptionFields, type Values } from "./options.ts";
import type { Options, Song } from "./types.ts";
import { optionName } from "./words.ts";

export class Compose {
  readonly element: HTMLElement;
  private readonly jobs: Jobs;
  private readonly create: OptionFields;
  private readonly rework: OptionFields;
  private readonly modes: HTMLSelectElement;
  private readonly heading = el("h1", { id: "compose-title" });
  private readonly submit = el("button", { id: "compose-button", className: "primary" });
  private readonly error = el("p", { className: "error", hidden: true, attrs: { role: "alert" } });
  private readonly chips = el("div");
  private readonly more = el("details", { className: "more" });
  private readonly chosen = el("p", { className: "chosen", hidden: true });
  private readonly modeField: HTMLElement;
  private readonly members = el("select", { id: "member" });
  private readonly memberField: HTMLElement;
  private readonly file = el("input", { type: "file", id: "file", className: "visually-hidden" });
  private source: File | Song | null = null;

  constructor(options: Options, jobs: Jobs) {
    this.jobs = jobs;
    this.create = new OptionFields(options, "generate", "new");
    const modes = Object.entries(options.remix_modes);
    this.rework = new OptionFields(options, modes[0]?.[0] ?? "arrange", "remix");
    this.modes = el("select", { id: "mode" }, ...modes.map(([name, title]) => new Option(title, name)));
    this.modes.addEventListener("change", () => this.rework.use(this.modes.value));
    this.modeField = el("div", { className: "field" }, el("label", { htmlFor: "mode" }, optionName("mode")), this.modes);
    this.memberField = el("div", { className: "field", hidden: true }, el("label", { htmlFor: "member" }, _("File in the zip")), this.members);
    const drop = el(
      "div",
      { className: "drop" },
      this.file,
      el("label", { htmlFor: "file" }, _("Or remix a file:"), " ", el("span", { className: "link" }, _("choose one")), " ", _("or drop it anywhere")),
      this.chosen,
      this.memberField,
    );
    const form = el(
      "form",
      { className: "panel compose", noValidate: true, attrs: { "aria-labelledby": "compose-title" } },
      this.heading,
      this.modeField,
      this.submit,
      this.error,
      this.chips,
      this.more,
      drop,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.file.addEventListener("change", () => this.choose(this.file.files?.[0] ?? null));
    this.element = form;
    this.choose(null);
    this.listenForDrops(drop);
  }

  /** Choose what to remix: a file, a song, or null for a new tune. */
  choose(source: File | Song | null): void {
    this.source = source;
    const remixing = source !== null;
    const name = source === null ? "" : source.name;
    this.heading.textContent = remixing ? _("Remix {name}", { name }) : _("Compose a tune");
    this.submit.textContent = remixing ? _("Remix") : _("Compose");
    this.modeField.hidden = !remixing;
    const fields = remixing ? this.rework : this.create;
    this.more.replaceChildren(el("summary", {}, _("More")), fields.element);
    this.memberField.hidden = true;
    this.members.replaceChildren();
    this.chips.replaceChildren(fields.chips);
    const forget = button(_("remove"), () => this.choose(null), "quiet");
    this.chosen.replaceChildren(name, " ", forget);
    this.chosen.hidden = !remixing;
    if (!(source instanceof File)) this.file.value = "";
    this.tell("");
    if (source === null && document.activeElement === document.body) this.submit.focus();
  }

  /** Offer to ask for something again, with the same options. */
  again(values: Values): void {
    this.choose(null);
    this.create.set(values);
  }

  /** Move the focus to the first thing to do. */
  focus(): void {
    (this.source ? this.modes : this.submit).focus();
  }

  /** Show a sentence about what went wrong, or none. */
  tell(sentence: string): void {
    this.error.textContent = sentence;
    this.error.hidden = !sentence;
  }

  private async send(): Promise<void> {
    const fields = this.source ? this.rework : this.create;
    const wrong = fields.check();
    if (wrong) {
      this.more.open = true;
      this.tell(_("Please correct the options that are marked."));
      wrong.focus();
      return;
    }
    if (this.jobs.busy) return this.tell(_("One thing at a time: something is being made already."));
    this.tell("");
    try {
      await this.jobs.start(() => this.ask(fields.values()), this.submit);
    } catch (error) {
      this.tell(sentenceOf(error));
      if (error instanceof ApiError && error.choices.length) this.offer(error.choices);
      else this.submit.focus();
    }
  }

  private ask(values: Values): Promise<{ id: string }> {
    if (this.source === null) return send("/api/requests", { mode: "generate", ...values });
    const fields = { mode: this.modes.value, ...values };
    if (!(this.source instanceof File)) return send(`/api/songs/${this.source.id}/remix`, fields);
    const body = new FormData();
    const member = this.memberField.hidden ? {} : { member: this.members.value };
    body.append("request", JSON.stringify({ ...fields, ...member }));
    body.append("file", this.source);
    return call("/api/requests", { method: "POST", body });
  }

  /** A zip holds several files: let people choose one, for the next try. */
  private offer(names: readonly string[]): void {
    this.members.replaceChildren(...names.map((name) => new Option(name)));
    this.memberField.hidden = false;
    this.members.focus();
  }

  private listenForDrops(drop: HTMLElement): void {
    for (const kind of ["dragover", "dragleave", "drop"] as const) {
      window.addEventListener(kind, (event) => {
        const holdsFiles = event.dataTransfer?.types.includes("Files") ?? false;
        if (!holdsFiles) return; // a channel that is dragged onto a waveform, say
        event.preventDefault();
        drop.classList.toggle("over", kind === "dragover");
        const file = event.dataTransfer?.files[0];
        if (kind !== "drop" || !file) return;
        this.choose(file);
        this.element.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
      });
    }
  }
}
