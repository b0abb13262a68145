// The moving piano roll: notes of all channels over time, bars, the playhead, and the passage that repeats. A click seeks;
// dragging over bars selects a passage. With reduced motion it turns pages instead of moving.

import { barStarts, beatFrames, NOISE, type Note, type Score } from "../sound/score.ts";
import { type Palette, palette } from "./palette.ts";
import { findUnisons } from "./unison.ts";

const VISIBLE_SECONDS = 8;
const PLAYHEAD_SHARE = 0.3; // of the width, left of the playhead
const NOISE_SHARE = 0.2; // of the height
const DRAG_PIXELS = 6;
const STRIPE = 5; // pixels of one colour where both pulses play one pitch
const BLACK = [1, 3, 6, 8, 10];
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

/** Frames [from, to). */
export interface Passage {
  readonly from: number;
  readonly to: number;
}

/** What a roll tells its player. */
export interface RollEvents {
  seek(frame: number): void;
  select(passage: Passage): void;
}

export class Roll {
  muted: readonly boolean[] = [false, false, false, false];
  passage: Passage | null = null;
  bars: readonly number[] = [0];
  private score: Score | null = null;
  private lowest = 36;
  private highest = 84;
  private unisons = new Map<Note, [number, number][]>();
  private frame = 0;
  private drag: { x: number; frame: number } | null = null;
  private readonly canvas: HTMLCanvasElement;

  constructor(canvas: HTMLCanvasElement, events: RollEvents) {
    this.canvas = canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.offsetX, frame: this.frameAt(event.offsetX) };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.drag && Math.abs(event.offsetX - this.drag.x) > DRAG_PIXELS)
        this.show(this.barsBetween(this.drag.frame, this.frameAt(event.offsetX)));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.drag) return;
      const dragged = Math.abs(event.offsetX - this.drag.x) > DRAG_PIXELS;
      if (dragged) events.select(this.barsBetween(this.drag.frame, this.frameAt(event.offsetX)));
      else events.seek(this.drag.frame);
      this.drag = null;
    });
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  load(score: Score): void {
    this.score = score;
    this.bars = barStarts(score);
    const pitches = score.channels.slice(0, NOISE).flatMap((notes) => notes.map((note) => note.pitch));
    this.lowest = pitches.reduce((least, pitch) => Math.min(least, pitch), 60) - 2;
    this.highest = pitches.reduce((most, pitch) => Math.max(most, pitch), 60) + 2;
    this.unisons = findUnisons(score);
    this.passage = null;
    this.frame = 0;
    this.draw();
  }

  /** Show a passage as selected. */
  show(passage: Passage | null): void {
    this.passage = passage;
    this.draw();
  }

  /** Move the playhead to a frame. */
  moveTo(frame: number): void {
    if (frame === this.frame) return;
    this.frame = frame;
    this.draw();
  }

  /** Return the number of the bar, from 0, in which a frame is. */
  barOf(frame: number): number {
    const after = this.bars.findIndex((bar) => bar > frame);
    return Math.max(0, (after < 0 ? this.bars.length - 1 : after) - 1);
  }

  /** Return the first frame of the bar before or after a frame. */
  barBeside(frame: number, direction: 1 | -1): number {
    if (direction > 0) return this.bars.find((bar) => bar > frame + 1) ?? this.score?.frames ?? 0;
    return this.bars.filter((bar) => bar < frame - 15).at(-1) ?? 0;
  }

  /** Return the whole bars from one frame to another. */
  barsBetween(one: number, other: number): Passage {
    const [low, high] = one < other ? [one, other] : [other, one];
    const from = this.bars.filter((bar) => bar <= low).at(-1) ?? 0;
    const to = this.bars.find((bar) => bar > high) ?? this.score?.frames ?? high;
    return { from, to };
  }

  private get span(): { first: number; perPixel: number } {
    const width = this.canvas.clientWidth || 1;
    const frames = Math.max(1, this.score?.frames ?? 1);
    const visible = Math.min(frames, VISIBLE_SECONDS * 60);
    const page = Math.floor(this.frame / visible) * visible;
    const moving = reduced.matches ? page : this.frame - visible * PLAYHEAD_SHARE;
    return { first: Math.max(0, Math.min(frames - visible, moving)), perPixel: visible / width };
  }

  private frameAt(x: number): number {
    const { first, perPixel } = this.span;
    return Math.max(0, Math.min((this.score?.frames ?? 1) - 1, Math.round(first + x * perPixel)));
  }

  draw(): void {
    const { canvas, score } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext("2d");
    if (!pen || !width) return;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const colours = palette();
    const drums = height * NOISE_SHARE;
    const key = (height - drums) / (this.highest - this.lowest + 1);
    pen.fillStyle = colours.white;
    pen.fillRect(0, 0, width, height - drums);
    pen.fillStyle = colours.black;
    for (let pitch = this.lowest; pitch <= this.highest; pitch++)
      if (BLACK.includes(pitch % 12)) pen.fillRect(0, (this.highest - pitch) * key, width, key);
    pen.fillRect(0, height - drums, width, drums);
    if (!score) return;
    const { first, perPixel } = this.span;
    const view = new View(pen, first, perPixel, width, height, drums, key, this.highest);
    this.drawLines(view, colours, score);
    for (const channel of [NOISE, 2, 1, 0])
      for (const note of score.channels[channel]!) {
        if (note.end < first) continue;
        if (note.start > view.last) break;
        this.drawNote(view, colours, channel, note);
      }
    pen.globalAlpha = 1;
    pen.fillStyle = colours.playhead;
    pen.fillRect(view.x(this.frame) - 1, 0, 2, height);
  }

  private drawNote(view: View, colours: Palette, channel: number, note: Note): void {
    const colour = colours.channels[channel]!;
    const { pen } = view;
    pen.fillStyle = colour;
    const left = view.x(note.start);
    const wide = Math.max(2, view.x(note.end) - left - 1);
    if (channel === NOISE) {
      pen.globalAlpha = this.muted[channel] ? 0.15 : 1;
      const high = Math.max(2, view.drums / 17);
      pen.fillRect(left, view.height - (note.pitch / 17) * view.drums, Math.min(wide, 8), high);
      return;
    }
    const top = (view.highest - note.pitch) * view.key;
    note.volume.forEach(([offset, volume], i) => {
      const until = note.volume[i + 1]?.[0] ?? note.end - note.start;
      const from = view.x(note.start + offset);
      const to = Math.min(view.x(note.start + until), left + wide);
      pen.globalAlpha = this.muted[channel] ? 0.15 : volume ? 0.45 + (0.55 * volume) / 15 : 0.2;
      pen.fillRect(from, top, Math.max(1.5, to - from), Math.max(2, view.key - 0.5));
    });
    // Pulse 2 is drawn before pulse 1, which then hides it: every other stripe is pulse 2's, if both are heard.
    if (channel !== 0 || this.muted[0] || this.muted[1]) return;
    for (const [from, to] of this.unisons.get(note) ?? []) {
      pen.globalAlpha = 1;
      pen.fillStyle = colours.channels[1]!;
      const end = Math.min(view.x(to), left + wide);
      for (let frame = from + STRIPE * view.perPixel; view.x(frame) < end; frame += 2 * STRIPE * view.perPixel)
        pen.fillRect(view.x(frame), top, Math.min(STRIPE, end - view.x(frame)), Math.max(2, view.key - 0.5));
    }
  }

  private drawLines(view: View, colours: Palette, score: Score): void {
    const { pen, height } = view;
    const beat = beatFrames(score);
    pen.fillStyle = colours.beat;
    this.bars.forEach((bar, i) => {
      const next = this.bars[i + 1] ?? bar;
      if (next < view.first || bar > view.last) return;
      for (let frame = bar; frame < next - 1; frame += beat) pen.fillRect(view.x(frame), 0, 1, height);
    });
    for (const [i, bar] of this.bars.entries()) {
      if (bar < view.first || bar > view.last) continue;
      pen.fillStyle = colours.bar;
      pen.fillRect(view.x(bar), 0, 1, height);
      pen.font = "11px system-ui, sans-serif";
      if (bar < score.frames) pen.fillText(String(i + 1), view.x(bar) + 4, 12);
    }
    if (score.loop !== null && !this.passage) {
      pen.fillStyle = colours.loop;
      pen.fillRect(view.x(score.loop), 0, 2, height);
    }
    if (this.passage) {
      const [from, to] = [view.x(this.passage.from), view.x(this.passage.to)];
      pen.fillStyle = colours.loop;
      pen.globalAlpha = 0.2;
      pen.fillRect(from, 0, to - from, height);
      pen.globalAlpha = 1;
      for (const edge of [from, to - 2]) pen.fillRect(edge, 0, 2, height);
    }
  }
}

/** Where frames and pitches are in one drawing. */
class View {
  readonly last: number;
  readonly pen: CanvasRenderingContext2D;
  readonly first: number;
  readonly perPixel: number;
  readonly height: number;
  readonly drums: number;
  readonly key: number;
  readonly highest: number;

  constructor(
    pen: CanvasRenderingContext2D,
    first: number,
    perPixel: number,
    width: number,
    height: number,
    drums: number,
    key: number,
    highest: number,
  ) {
    this.pen = pen;
    this.first = first;
    this.perPixel = perPixel;
    this.last = first + width * perPixel;
    this.height = height;
    this.drums = drums;
    this.key = key;
    this.highest = highest;
  }

  x(frame: number): number {
    return (frame - this.first) / this.perPixel;
  }
}
