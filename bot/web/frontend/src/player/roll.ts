// The moving piano roll: notes of all channels over time, bars, the playhead, and the passage that repeats. A click seeks;
// dragging over bars selects a passage.

import { barStarts, beatFrames, NOISE, type Note, type Score, valueAt } from "../sound/score.ts";
import { BAR_LINE, BEAT_LINE, BLACK_KEYS, CHANNEL_COLOURS, LOOP_COLOUR, PLAYHEAD, WHITE_KEYS } from "./colours.ts";

const VISIBLE_SECONDS = 8;
const NOISE_SHARE = 0.2; // of the height
const DRAG_PIXELS = 6;
const BLACK = [1, 3, 6, 8, 10];

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
  muted: boolean[] = [false, false, false, false];
  passage: Passage | null = null;
  private score: Score | null = null;
  private bars: number[] = [0];
  private lowest = 36;
  private highest = 84;
  private unisons = new Set<Note>();
  private frame = 0;
  private drag: { x: number; frame: number } | null = null;

  private readonly canvas: HTMLCanvasElement;
  private readonly events: RollEvents;

  constructor(canvas: HTMLCanvasElement, events: RollEvents) {
    this.canvas = canvas;
    this.events = events;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.offsetX, frame: this.frameAt(event.offsetX) };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.drag && Math.abs(event.offsetX - this.drag.x) > DRAG_PIXELS)
        this.show(this.barsBetween(this.drag.frame, this.frameAt(event.offsetX)));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.drag) return;
      if (Math.abs(event.offsetX - this.drag.x) > DRAG_PIXELS)
        this.events.select(this.barsBetween(this.drag.frame, this.frameAt(event.offsetX)));
      else this.events.seek(this.drag.frame);
      this.drag = null;
    });
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  load(score: Score): void {
    this.score = score;
    this.bars = barStarts(score);
    const pitches = score.channels.slice(0, NOISE).flatMap((notes) => notes.map((note) => note.pitch));
    this.lowest = Math.min(...pitches, 60) - 2;
    this.highest = Math.max(...pitches, 60) + 2;
    this.unisons = findUnisons(score);
    this.passage = null;
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

  /** Return the first frame of the bar before or after a frame. */
  barBeside(frame: number, direction: 1 | -1): number {
    const others = direction > 0 ? this.bars.filter((bar) => bar > frame + 1) : this.bars.filter((bar) => bar < frame - 15);
    return (direction > 0 ? others[0] : others.at(-1)) ?? (direction > 0 ? (this.score?.frames ?? 0) : 0);
  }

  private get span(): { first: number; perPixel: number } {
    const width = this.canvas.clientWidth || 1;
    const frames = this.score?.frames ?? 1;
    const visible = Math.min(frames, VISIBLE_SECONDS * 60);
    const first = Math.max(0, Math.min(frames - visible, this.frame - visible / 3));
    return { first, perPixel: visible / width };
  }

  private frameAt(x: number): number {
    const { first, perPixel } = this.span;
    return Math.max(0, Math.min((this.score?.frames ?? 1) - 1, Math.round(first + x * perPixel)));
  }

  private barsBetween(one: number, other: number): Passage {
    const [low, high] = one < other ? [one, other] : [other, one];
    const from = this.bars.filter((bar) => bar <= low).at(-1) ?? 0;
    const to = this.bars.find((bar) => bar > high) ?? this.score?.frames ?? high;
    return { from, to };
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
    const drums = height * NOISE_SHARE;
    const pitched = height - drums;
    const keyHeight = pitched / (this.highest - this.lowest + 1);
    for (let pitch = this.lowest; pitch <= this.highest; pitch++) {
      pen.fillStyle = BLACK.includes(pitch % 12) ? BLACK_KEYS : WHITE_KEYS;
      pen.fillRect(0, (this.highest - pitch) * keyHeight, width, keyHeight + 1);
    }
    pen.fillStyle = BLACK_KEYS;
    pen.fillRect(0, pitched, width, drums);
    if (!score) return;
    const { first, perPixel } = this.span;
    const x = (frame: number) => (frame - first) / perPixel;
    const last = first + width * perPixel;
    this.drawLines(pen, score, x, first, last, height);
    for (const channel of [NOISE, 2, 1, 0]) {
      pen.globalAlpha = this.muted[channel] ? 0.2 : 1;
      for (const note of score.channels[channel] ?? []) {
        if (note.end < first || note.start > last) continue;
        const left = x(note.start);
        const wide = Math.max(2, x(note.end) - left - 1);
        const loud = channel === 2 ? 1 : 0.45 + (0.55 * valueAt(note.volume, 0)) / 15;
        pen.fillStyle = CHANNEL_COLOURS[channel]!;
        if (!this.muted[channel]) pen.globalAlpha = loud;
        if (channel === NOISE) {
          pen.fillRect(left, height - (note.pitch / 17) * drums, Math.min(wide, 6), Math.max(2, drums / 17));
          continue;
        }
        const top = (this.highest - note.pitch) * keyHeight;
        const shared = this.unisons.has(note);
        const half = shared ? keyHeight / 2 : keyHeight;
        pen.fillRect(left, shared && channel === 1 ? top + half : top, wide, Math.max(1.5, half - 0.5));
      }
    }
    pen.globalAlpha = 1;
    pen.fillStyle = PLAYHEAD;
    pen.fillRect(x(this.frame) - 1, 0, 2, height);
  }

  private drawLines(
    pen: CanvasRenderingContext2D,
    score: Score,
    x: (frame: number) => number,
    first: number,
    last: number,
    height: number,
  ): void {
    const beat = beatFrames(score);
    pen.fillStyle = BEAT_LINE;
    for (const bar of this.bars)
      for (let frame = bar; frame < Math.min(last, bar + beat * (score.grid?.beatsPerBar ?? 4)); frame += beat)
        if (frame >= first) pen.fillRect(x(frame), 0, 1, height);
    pen.fillStyle = BAR_LINE;
    for (const bar of this.bars) if (bar >= first && bar <= last) pen.fillRect(x(bar), 0, 1, height);
    if (this.passage) {
      pen.globalAlpha = 0.18;
      pen.fillStyle = LOOP_COLOUR;
      pen.fillRect(x(this.passage.from), 0, x(this.passage.to) - x(this.passage.from), height);
      pen.globalAlpha = 1;
    }
  }
}

/** Return the notes of both pulses that sound at once on one pitch. */
export function findUnisons(score: Score): Set<Note> {
  const shared = new Set<Note>();
  const [first = [], second = []] = score.channels;
  let at = 0;
  for (const note of first) {
    while (at < second.length && second[at]!.end <= note.start) at++;
    for (let i = at; i < second.length && second[i]!.start < note.end; i++)
      if (second[i]!.pitch === note.pitch) shared.add(note).add(second[i]!);
  }
  return shared;
}
