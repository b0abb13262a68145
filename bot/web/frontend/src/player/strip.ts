// One channel of the player: its oscilloscope, mute, solo, volume and waveform.

import { element } from "./elements.ts";
import { SCOPE_POINTS } from "../sound/messages.ts";
import { SOUNDS, type Sound } from "../sound/sequencer.ts";
import { _ } from "../core/i18n.ts";
import { CHANNEL_COLOURS } from "./colours.ts";

/** What a strip tells its player. */
export interface StripEvents {
  changed(): void;
}

const SOUND_NAMES: Record<Sound, string> = {
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

export class Strip {
  readonly root: HTMLElement;
  private readonly scope: HTMLCanvasElement;
  private readonly mute: HTMLButtonElement;
  private readonly solo: HTMLButtonElement;
  private readonly volume: HTMLInputElement;
  private readonly wave: HTMLSelectElement;

  readonly channel: number;
  private readonly events: StripEvents;

  constructor(channel: number, name: string, events: StripEvents) {
    this.channel = channel;
    this.events = events;
    const toggle = (text: string, label: string) =>
      element(
        "button",
        {
          type: "button",
          class: "toggle",
          "aria-pressed": "false",
          "aria-label": label,
          onclick: (event) => {
            const button = event.currentTarget as HTMLButtonElement;
            button.setAttribute("aria-pressed", String(!pressed(button)));
            this.events.changed();
          },
        },
        text,
      );
    const colour = CHANNEL_COLOURS[channel]!;
    this.scope = element("canvas", { class: "scope", "aria-hidden": "true" });
    this.mute = toggle("M", _("Mute {channel}", { channel: name }));
    this.solo = toggle("S", _("Solo {channel}", { channel: name }));
    this.volume = element("input", {
      type: "range",
      min: 0,
      max: 1.5,
      step: 0.05,
      value: 1,
      "aria-label": _("Volume of {channel}", { channel: name }),
      oninput: () => this.events.changed(),
    });
    this.wave = element(
      "select",
      { "aria-label": _("Waveform of {channel}", { channel: name }), onchange: () => this.events.changed() },
      ...SOUNDS.map((sound) => element("option", { value: sound }, SOUND_NAMES[sound])),
    );
    this.root = element(
      "div",
      { class: "strip", role: "group", "aria-label": name, ondragover: accept, ondrop: (event) => this.drop(event) },
      element("span", { class: "strip-name" }, name),
      this.scope,
      this.mute,
      this.solo,
      this.volume,
      this.wave,
    );
    this.root.style.setProperty("--channel", colour);
  }

  get muted(): boolean {
    return pressed(this.mute);
  }

  get soloed(): boolean {
    return pressed(this.solo);
  }

  get gain(): number {
    return Number(this.volume.value);
  }

  get sound(): Sound {
    return this.wave.value as Sound;
  }

  /** Draw the levels of the last moment [SCOPE_POINTS], 0 to 255. */
  draw(levels: Uint8Array): void {
    const { clientWidth: width, clientHeight: height } = this.scope;
    if (!width) return;
    if (this.scope.width !== width) this.scope.width = width;
    if (this.scope.height !== height) this.scope.height = height;
    const pen = this.scope.getContext("2d");
    if (!pen) return;
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = CHANNEL_COLOURS[this.channel]!;
    pen.lineWidth = 1.5;
    pen.beginPath();
    const from = risingEdge(levels);
    const points = SCOPE_POINTS / 2;
    for (let i = 0; i < points; i++) {
      const y = height - 3 - ((levels[from + i] ?? 0) / 128) * (height - 6);
      if (i) pen.lineTo((i / (points - 1)) * width, y);
      else pen.moveTo(0, y);
    }
    pen.stroke();
  }

  private drop(event: Event): void {
    const sound = (event as DragEvent).dataTransfer?.getData(DRAGGED);
    if (!sound || !SOUNDS.includes(sound as Sound)) return;
    event.preventDefault();
    event.stopPropagation(); // the page takes dropped files
    this.wave.value = sound;
    this.events.changed();
  }
}

/** Waveforms to drag onto the strips. */
export function palette(): HTMLElement {
  const chips = SOUNDS.slice(1).map((sound) =>
    element(
      "li",
      {
        draggable: "true",
        ondragstart: (event) => (event as DragEvent).dataTransfer?.setData(DRAGGED, sound),
      },
      SOUND_NAMES[sound],
    ),
  );
  return element("ul", { class: "palette", "aria-hidden": "true" }, ...chips);
}

/** Return where a waveform begins in the first half, so that it stands still from one drawing to the next. */
function risingEdge(levels: Uint8Array): number {
  const middle = (Math.max(...levels) + Math.min(...levels)) / 2;
  for (let i = 1; i < levels.length / 2; i++) if (levels[i - 1]! <= middle && levels[i]! > middle) return i;
  return 0;
}

function accept(event: Event): void {
  if ((event as DragEvent).dataTransfer?.types.includes(DRAGGED)) event.preventDefault();
}

const pressed = (button: HTMLButtonElement): boolean => button.getAttribute("aria-pressed") === "true";
