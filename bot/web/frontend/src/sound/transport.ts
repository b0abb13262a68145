// Plays a score as samples: frames at a tempo, repeats, and what the oscilloscopes show. Used by the audio worklet, which
// feeds it commands, and by tests.

import { Chip } from "./chip.ts";
import { type Command, type Report, SCOPE_POINTS, SCOPE_SECONDS } from "./messages.ts";
import { FRAMES_PER_SECOND, type Score, unpackScore } from "./score.ts";
import { Sequencer } from "./sequencer.ts";

const BLOCK = 1024;
const PARTS = 4;

export class Transport {
  playing = false;
  frame = 0;
  private readonly chip: Chip;
  private score: Score | null = null;
  private sequencer: Sequencer | null = null;
  private tempo = 1;
  private left = 0; // samples until the next frame
  private lastSeek = 0;
  private ended = false;
  private whole = false;
  private from: number | null = null;
  private to: number | null = null;
  private readonly scopes = new Uint8Array(PARTS * SCOPE_POINTS);
  private scopeAt = 0;
  private readonly scopeEvery: number;

  private readonly sampleRate: number;

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
    this.chip = new Chip(sampleRate, BLOCK);
    this.scopeEvery = Math.max(1, Math.round((sampleRate * SCOPE_SECONDS) / SCOPE_POINTS));
  }

  handle(command: Command): void {
    switch (command.kind) {
      case "score": {
        const sounds = this.sequencer?.sounds;
        this.score = unpackScore(command.score);
        this.sequencer = new Sequencer(this.score, this.chip);
        if (sounds) this.sequencer.sounds.splice(0, PARTS, ...sounds);
        this.seek(Math.min(this.frame, this.score.frames));
        break;
      }
      case "play":
        if (this.score && this.frame >= this.score.frames) this.seek(0);
        this.playing = this.score !== null;
        break;
      case "pause":
        this.playing = false;
        this.sequencer?.silence();
        break;
      case "seek":
        this.lastSeek = command.id;
        this.seek(command.frame);
        break;
      case "tempo":
        this.tempo = command.factor;
        break;
      case "repeat":
        this.whole = command.whole;
        this.from = command.from;
        this.to = command.to;
        break;
      case "gain":
        this.chip.parts[command.channel]!.gain = command.gain;
        break;
      case "sound":
        if (this.sequencer) this.sequencer.sounds[command.channel] = command.sound;
        break;
    }
  }

  /** Render the next samples. */
  render(out: Float32Array): void {
    for (let at = 0; at < out.length; ) {
      if (this.playing && this.left <= 0) this.nextFrame();
      const due = this.playing ? Math.max(1, Math.ceil(this.left)) : BLOCK;
      const count = Math.min(out.length - at, due, BLOCK);
      const from = at;
      this.chip.render(out, at, count, (sample) => this.scope(from + sample));
      at += count;
      if (this.playing) this.left -= count;
    }
  }

  report(): Report {
    const ordered = new Uint8Array(this.scopes.length);
    const at = this.scopeAt % SCOPE_POINTS;
    for (let part = 0; part < PARTS; part++) {
      const ring = this.scopes.subarray(part * SCOPE_POINTS, (part + 1) * SCOPE_POINTS);
      ordered.set(ring.subarray(at), part * SCOPE_POINTS);
      ordered.set(ring.subarray(0, at), part * SCOPE_POINTS + SCOPE_POINTS - at);
    }
    const report = { frame: this.frame, seek: this.lastSeek, ended: this.ended, scopes: ordered };
    this.ended = false;
    return report;
  }

  private seek(frame: number): void {
    this.frame = Math.max(0, Math.round(frame));
    this.left = 0;
    if (!this.playing) this.sequencer?.silence();
  }

  private nextFrame(): void {
    const score = this.score;
    if (!score || !this.sequencer) return;
    const end = this.to ?? score.frames;
    if (this.frame >= end) {
      const back = this.to !== null ? (this.from ?? 0) : this.whole ? (score.loop ?? 0) : null;
      if (back === null) {
        this.playing = false;
        this.ended = true;
        this.sequencer.silence();
        return;
      }
      this.frame = back;
    }
    this.sequencer.frame(this.frame);
    this.frame++;
    this.left += this.sampleRate / (FRAMES_PER_SECOND * this.tempo);
  }

  private sampleCount = 0;

  private scope(_: number): void {
    if (this.sampleCount++ % this.scopeEvery) return;
    const at = this.scopeAt++ % SCOPE_POINTS;
    for (let part = 0; part < PARTS; part++) {
      const { level, gain } = this.chip.parts[part]!;
      this.scopes[part * SCOPE_POINTS + at] = Math.min(255, Math.round(level * gain * 8));
    }
  }
}
