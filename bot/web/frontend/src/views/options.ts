// The fields of a form: those that a mode uses, what is set in them as chips, and which values the server would refuse.

import { button, el } from "../core/dom.ts";
import { _, decimal } from "../core/i18n.ts";
import type { Options } from "./types.ts";
import { channelName, densityName, keyName, optionName, optionValue, sceneName } from "./words.ts";

export type Values = Record<string, string | number | readonly string[]>;

const CHANNELS = ["p1", "p2", "tr", "no"];
const EVERY_MODE = ["seed", "sound"];
const UNUSED_BY_ARRANGE = ["temperature"];
const ORDER = [
  ...["keep", "from_bar", "span", "strength", "scene", "key", "bpm", "seconds", "bars", "density", "sound"],
  ...["transpose", "takes", "seed", "temperature"],
];
const SPAN = /^\s*[0-9]{1,4}\s*(-\s*[0-9]{1,4})?\s*$/;

/** The fields of one form. Two forms share nothing, so that what is set for a new tune never reaches a remix. */
export class OptionFields {
  readonly element = el("div", { className: "fields" });
  readonly chips = el("ul", { className: "chips", attrs: { "aria-label": _("What is set") } });
  private readonly options: Options;
  private readonly fields = new Map<string, HTMLElement>();
  private readonly prefix: string;
  private mode: string;

  constructor(options: Options, mode: string, prefix: string) {
    this.options = options;
    this.mode = mode;
    this.prefix = prefix;
    for (const name of ORDER) {
      const field = this.make(name);
      this.fields.set(name, field);
      this.element.append(field);
    }
    this.element.addEventListener("input", () => this.showChips());
    this.use(mode);
  }

  /** Show the fields of a mode. */
  use(mode: string): void {
    this.mode = mode;
    for (const [name, field] of this.fields) field.hidden = !this.uses(name);
    this.showChips();
  }

  /** Return what is set, as a request's fields. */
  values(): Values {
    const values: Values = {};
    for (const name of this.fields.keys()) {
      if (!this.uses(name)) continue;
      if (name === "keep") {
        values["keep"] = this.boxes().filter((box) => box.checked).map((box) => box.value);
        continue;
      }
      const input = this.input(name);
      const text = input.value.trim();
      if (text) values[name] = input instanceof HTMLInputElement && input.type !== "text" ? Number(text) : text;
    }
    return values;
  }

  /** Set fields; others stay as they are. */
  set(values: Values): void {
    for (const [name, value] of Object.entries(values)) {
      if (this.fields.has(name) && name !== "keep") this.input(name).value = String(value);
    }
    this.showChips();
  }

  /** Mark the fields whose values cannot be. Return the first of them, or null if all can be. */
  check(): HTMLElement | null {
    let first: HTMLElement | null = null;
    for (const name of this.fields.keys()) {
      if (name === "keep") continue;
      const input = this.input(name);
      const wrong = this.uses(name) && (!input.validity.valid || (name === "span" && input.value !== "" && !SPAN.test(input.value)));
      input.toggleAttribute("aria-invalid", false);
      input.removeAttribute("aria-describedby");
      this.fields.get(name)?.querySelector(".wrong")?.remove();
      if (!wrong) continue;
      const id = `${this.prefix}-${name}-wrong`;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", id);
      this.fields.get(name)?.append(el("small", { className: "wrong", id }, this.limits(name)));
      first ??= input;
    }
    return first;
  }

  private uses(name: string): boolean {
    if (EVERY_MODE.includes(name)) return true;
    if (UNUSED_BY_ARRANGE.includes(name)) return this.mode !== "arrange";
    return this.options.modes[this.mode]?.includes(name) ?? false;
  }

  private make(name: string): HTMLElement {
    const id = `${this.prefix}-${name}`;
    if (name === "keep") {
      const boxes = CHANNELS.map((channel) => {
        const box = el("input", { type: "checkbox", value: channel, checked: channel === "p1" });
        return el("label", {}, box, ` ${channelName(channel)}`);
      });
      return el("fieldset", { className: "wide" }, el("legend", {}, optionName(name)), ...boxes);
    }
    return el("div", { className: "field" }, el("label", { htmlFor: id }, this.label(name)), this.control(name, id));
  }

  private label(name: string): string {
    if (name === "seconds") return _("Length (seconds)");
    if (name === "bpm") return _("Tempo (BPM)");
    if (name === "bars") return _("Or length in bars");
    if (name === "transpose") return _("Transpose (semitones)");
    return optionName(name);
  }

  private control(name: string, id: string): HTMLInputElement | HTMLSelectElement {
    const { options } = this;
    const choose = (values: readonly string[], shown: (value: string) => string, empty: string | null) =>
      el("select", { id }, ...(empty === null ? [] : [new Option(empty, "")]), ...values.map((value) => new Option(shown(value), value)));
    const count = (limits: readonly [number, number], placeholder: string, step = "1") =>
      el("input", { id, type: "number", min: String(limits[0]), max: String(limits[1]), step, placeholder });
    switch (name) {
      case "scene":
        return choose(options.scenes, sceneName, _("any"));
      case "key":
        return choose(options.keys, keyName, _("any"));
      case "density":
        return choose(options.densities, densityName, _("any"));
      case "sound":
        return choose(Object.keys(options.sounds), (sound) => options.sounds[sound] ?? sound, _("as usual"));
      case "bpm":
        return count(this.mode === "generate" ? options.bpm : options.remix_bpm, _("any"), "any");
      case "seconds":
        return count(options.seconds, decimal(options.default_seconds), "any");
      case "bars":
        return count(options.bars, _("any"));
      case "takes":
        return count(options.takes, _("until one is right"));
      case "seed":
        return count([0, options.seeds - 1], _("random"));
      case "temperature":
        return count(options.temperature, "1", "0.1");
      case "transpose":
        return count(options.transpose, "0");
      case "from_bar":
        return count([2, 9999], _("the end"));
      case "strength":
        return count([0, 1], decimal(0.5, 1), "0.05");
      default:
        return el("input", { id, type: "text", placeholder: _("the middle, or 5-8"), autocomplete: "off" });
    }
  }

  private limits(name: string): string {
    const input = this.input(name);
    if (name === "span") return _("Write bars as 5-8.");
    if (!(input instanceof HTMLInputElement)) return "";
    return _("From {lowest} to {highest}.", { lowest: Number(input.min), highest: Number(input.max) });
  }

  private input(name: string): HTMLInputElement | HTMLSelectElement {
    const input = this.fields.get(name)?.querySelector<HTMLInputElement | HTMLSelectElement>("input, select");
    if (!input) throw new Error(`There is no field ${name}.`);
    return input;
  }

  private boxes(): HTMLInputElement[] {
    return [...(this.fields.get("keep")?.querySelectorAll("input") ?? [])];
  }

  private showChips(): void {
    const set = Object.entries(this.values()).filter(([name]) => name !== "keep");
    this.chips.replaceChildren(...set.map(([name, value]) => el("li", {}, this.chip(name, value as string | number))));
    this.chips.hidden = set.length === 0;
  }

  private chip(name: string, value: string | number): HTMLButtonElement {
    const shown = name === "sound" ? (this.options.sounds[String(value)] ?? String(value)) : optionValue(name, value);
    const words = `${optionName(name)}: ${shown}`;
    const chip = button(`${words} ×`, () => {
      this.input(name).value = "";
      this.showChips();
      (this.chips.querySelector("button") ?? document.querySelector<HTMLElement>("#compose-button"))?.focus();
    });
    chip.setAttribute("aria-label", _("Remove {what}", { what: words }));
    return chip;
  }
}
