// A small piano roll of a score, drawn on a canvas in the colours of the channels. Where both pulses play the same note, each
// gets half of its height.

import { el } from "../core/dom.ts";
import type { PackedScore } from "../sound/score.ts";

const COLOURS = ["--p1", "--p2", "--tr", "--no"] as const;
const NOISE = 3;
const NOISE_SHARE = 0.18;

interface Bar {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
}

/** Return a canvas that shows a score, as large as its style sheet says. label: for people who do not see it; "" hides it. */
export function smallRoll(score: PackedScore, label = ""): HTMLCanvasElement {
  const attrs = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  const canvas = el("canvas", { className: "small-roll", attrs });
  const redraw = new ResizeObserver(() => draw(canvas, score));
  redraw.observe(canvas);
  return canvas;
}

/** Return the notes of a channel with their frames. */
export function bars(score: PackedScore, channel: number): Bar[] {
  let now = 0;
  return (score.channels[channel] ?? []).map(([gap, length, pitch]) => {
    const start = now + gap;
    now = start + length;
    return { start, end: now, pitch };
  });
}

function draw(canvas: HTMLCanvasElement, score: PackedScore): void {
  const scale = window.devicePixelRatio || 1;
  const width = (canvas.width = Math.round(canvas.clientWidth * scale));
  const height = (canvas.height = Math.round(canvas.clientHeight * scale));
  const context = canvas.getContext("2d");
  if (!context || !width || !height || !score.frames) return;
  const style = getComputedStyle(canvas);
  const channels = score.channels.map((_, channel) => bars(score, channel));
  const pitches = channels.slice(0, NOISE).flatMap((notes) => notes.map((note) => note.pitch));
  const lowest = Math.min(...pitches, 60);
  const highest = Math.max(...pitches, lowest + 12);
  const roll = height * (1 - NOISE_SHARE);
  const key = roll / (highest - lowest + 1);
  const first = new Set((channels[0] ?? []).map((note) => `${note.start} ${note.pitch}`));
  const second = new Set((channels[1] ?? []).map((note) => `${note.start} ${note.pitch}`));
  channels.forEach((notes, channel) => {
    context.fillStyle = resolve(style, COLOURS[channel] ?? "--text");
    for (const note of notes) {
      const left = (note.start / score.frames) * width;
      const long = Math.max(scale, ((note.end - note.start) / score.frames) * width - scale / 2);
      if (channel === NOISE) {
        context.fillRect(left, roll + ((16 - note.pitch) / 16) * (height - roll), Math.min(long, 2 * scale), scale * 1.5);
        continue;
      }
      const top = (highest - note.pitch) * key;
      const thick = Math.max(key, 1.5 * scale);
      const name = `${note.start} ${note.pitch}`;
      const half = (channel === 0 && second.has(name)) || (channel === 1 && first.has(name));
      context.fillRect(left, half && channel === 1 ? top + thick / 2 : top, long, half ? thick / 2 : thick);
    }
  });
}

function resolve(style: CSSStyleDeclaration, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = style.getPropertyValue(name);
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
