// One channel of the player: its oscilloscope, mute, solo, volume and waveform, which can be chosen or dropped on it.

import { el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import { SCOPE_POINTS } from "../sound/messages.ts";
import { SOUNDS, type Sound } from "../sound/sequencer.ts";
import { palette } from "./palette.ts";

export const SOUND_NAMES: Record<Sound, string> = {
  written: _("as written"),
  "12.5 %": _("pulse 12.5 %"),
  "25 %": _("pulse 25 %"),
  "50 %": _("pulse 50 %"),
  "75 %": _("pulse 75 %"),
  triangle: _("triangle"),
  noise: _("noise"),
  metal: _("metallic noise"),
};
const DRAGGED = "application/x-chiptune-sound";
const SHOWN = SCOPE_POINTS / 2;

export class Strip {
  readonly root: HTMLElement;
  readonly channel: number;
  private readonly scope = el("canvas", { className: "scope", ariaHidden: "true" });
  private readonly mute: HTMLButtonElement;
  private readonly solo: HTMLButtonElement;
  private readonly volume: HTMLInputElement;
  private readonly wave: HTMLSelectElement;
  private readonly changed: () => void;

  /** changed: called after every change of a control. */
  constructor(channel: number, name: string, changed: () => void) {
    this.channel = channel;
    this.changed = changed;
    this.mute = toggle("M", _("Mute {channel}", { channel: name }), changed);
    this.solo = toggle("S", _("Solo {channel}", { channel: name }), changed);
    const volume = { type: "range", min: "0", max: "1.5", step: "0.05", value: "1" };
    this.volume = el("input", { ...volume, ariaLabel: _("Volume of {channel}", { channel: name }), oninput: changed });
    this.wave = el(
      "select",
      { ariaLabel: _("Waveform of {channel}", { channel: name }), onchange: changed },
      ...SOUNDS.map((sound) => el("option", { value: sound }, SOUND_NAMES[sound])),
    );
    this.root = el(
      "div",
      { className: `strip channel-${channel}`, role: "group", ariaLabel: name },
      el("div", { className: "strip-head" }, el("span", { className: "strip-name" }, name), this.mute, this.solo),
      this.scope,
      this.volume,
      this.wave,
    );
    this.root.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes(DRAGGED)) return;
      event.preventDefault();
      event.stopPropagation();
      this.root.classList.add("over");
    });
    this.root.addEventListener("dragleave", () => this.root.classList.remove("over"));
    this.root.addEventListener("drop", (event) => this.drop(event));
  }

  get muted(): boolean {
    return isPressed(this.mute);
  }

  toggleMute(): void {
    this.mute.click();
  }

  get soloed(): boolean {
    return isPressed(this.solo);
  }

  get gain(): number {
    return Number(this.volume.value);
  }

  get sound(): Sound {
    return this.wave.value as Sound;
  }

  /** Draw what the channel put out lately: levels [SCOPE_POINTS], 0 to 127. */
  draw(levels: Uint8Array): void {
    const { scope } = this;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(scope.clientWidth * scale), Math.round(scope.clientHeight * scale)];
    if (!width || !height) return;
    if (scope.width !== width) scope.width = width;
    if (scope.height !== height) scope.height = height;
    const pen = scope.getContext("2d");
    if (!pen) return;
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = palette().channels[this.channel]!;
    pen.lineWidth = 1.5 * scale;
    pen.beginPath();
    const from = risingEdge(levels);
    const edge = 3 * scale;
    for (let i = 0; i < SHOWN; i++) {
      const y = height - edge - ((levels[from + i] ?? 0) / 128) * (height - 2 * edge);
      if (i) pen.lineTo((i / (SHOWN - 1)) * width, y);
      else pen.moveTo(0, y);
    }
    pen.stroke();
  }

  private drop(event: DragEvent): void {
    this.root.classList.remove("over");
    const sound = event.dataTransfer?.getData(DRAGGED);
    if (!sound || !SOUNDS.includes(sound as Sound)) return;
    event.preventDefault();
    event.stopPropagation(); // the page takes dropped files
    this.wave.value = sound;
    this.changed();
  }
}

/** The waveforms to drag onto the strips; each strip's menu has the same for the keyboard. */
export function wavesToDrag(): HTMLElement {
  const chips = SOUNDS.slice(1).map((sound) =>
    el("li", { draggable: true, ondragstart: (event) => event.dataTransfer?.setData(DRAGGED, sound) }, SOUND_NAMES[sound]),
  );
  return el("ul", { className: "waves", ariaHidden: "true", title: _("Drag a waveform onto a channel") }, ...chips);
}

/** A button that stays pressed. hint: what it does; the button's name too if the text is a letter only. */
export function toggle(text: string, hint: string, changed: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", className: "toggle", ariaPressed: "false", title: hint }, text);
  if (text.length === 1) made.ariaLabel = hint;
  made.addEventListener("click", () => {
    press(made, !isPressed(made));
    changed();
  });
  return made;
}

export const isPressed = (button: HTMLButtonElement): boolean => button.getAttribute("aria-pressed") === "true";

export const press = (button: HTMLButtonElement, pressed: boolean): void => button.setAttribute("aria-pressed", String(pressed));

/** Return where a waveform begins in the first half, so that it stands still from one drawing to the next. */
function risingEdge(levels: Uint8Array): number {
  let [low, high] = [255, 0];
  for (const level of levels) {
    low = Math.min(low, level);
    high = Math.max(high, level);
  }
  const middle = (low + high) / 2;
  for (let i = 1; i < SHOWN; i++) if (levels[i - 1]! <= middle && levels[i]! > middle) return i;
  return 0;
}
