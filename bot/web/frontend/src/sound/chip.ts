// The NES sound chip (2A03, NTSC) without its samples: what each channel puts out, step by step, and the mixer.
// What the channels play in a frame is set by `sequencer.ts`. Facts: NESdev wiki, "APU Pulse", "APU Triangle",
// "APU Noise" and "APU Mixer".

import { BlipBuffer } from "./blip.ts";

export const CPU_CLOCK = 1_789_773; // CPU cycles a second
const BASS = 54.8; // Hz: where Game Music Emu, the exact path of the server, lets the bass fall off

const PULSE_STEPS = [
  [0, 1, 0, 0, 0, 0, 0, 0],
  [0, 1, 1, 0, 0, 0, 0, 0],
  [0, 1, 1, 1, 1, 0, 0, 0],
  [1, 0, 0, 1, 1, 1, 1, 1],
] as const;
const TRIANGLE_STEPS = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const NOISE_CYCLES = [4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068];

export type Wave = "pulse" | "triangle" | "noise";

/** What a part plays. volume: 0 to 15. duty: 0 to 3 of a pulse, or the noise's mode, 0 long or 1 short. */
export interface Voice {
  wave: Wave;
  pitch: number;
  volume: number;
  duty: number;
}

/** One part's oscillator. It keeps its phase when it changes its wave, and counts time in CPU cycles. */
class Oscillator {
  wave: Wave = "pulse";
  level = 0; // the output, 0 to 15
  gain = 1;
  next = 0; // CPU cycles until the next step
  private step = 0;
  private period = 1; // CPU cycles a step
  private volume = 0;
  private duty = 0;
  private shift = 1;

  /** Start or change what the part plays. restart: begin the pulse's waveform anew. */
  play(voice: Voice, restart: boolean): void {
    this.wave = voice.wave;
    this.volume = voice.volume;
    this.duty = voice.duty;
    const period = cyclesPerStep(voice.wave, voice.pitch);
    if (this.period !== period) this.next = Math.min(this.next, period);
    this.period = period;
    if (restart && voice.wave === "pulse") {
      this.step = 0;
      this.next = period;
    }
    this.update();
  }

  /** Fall silent. The triangle stops where it is, so that it does not click. */
  stop(): void {
    this.volume = 0;
    if (this.wave !== "triangle") this.level = 0;
  }

  /** Take the step that is due. */
  advance(): void {
    this.next += this.period;
    if (this.wave === "pulse") this.step = (this.step + 7) & 7; // the chip counts its sequence backwards
    else if (this.wave === "triangle") this.step = this.volume ? (this.step + 1) & 31 : this.step;
    else {
      const tap = this.duty ? 6 : 1;
      const bit = (this.shift ^ (this.shift >> tap)) & 1;
      this.shift = (this.shift >> 1) | (bit << 14);
    }
    this.update();
  }

  private update(): void {
    if (this.wave === "pulse") this.level = PULSE_STEPS[this.duty & 3]![this.step & 7]! * this.volume;
    else if (this.wave === "triangle") this.level = TRIANGLE_STEPS[this.step & 31]!;
    else this.level = this.shift & 1 ? 0 : this.volume;
  }
}

/** Return the CPU cycles a step of a waveform at a pitch, as the chip's period registers round it. */
export function cyclesPerStep(wave: Wave, pitch: number): number {
  if (wave === "noise") return NOISE_CYCLES[Math.min(15, Math.max(0, 16 - pitch))]!;
  const divider = wave === "triangle" ? 32 : 16;
  const frequency = 440 * 2 ** ((pitch - 69) / 12);
  const register = Math.min(2047, Math.max(0, Math.round(CPU_CLOCK / (divider * frequency)) - 1));
  return (register + 1) * (wave === "triangle" ? 1 : 2);
}

export class Chip {
  readonly parts: readonly Oscillator[] = [0, 1, 2, 3].map(() => new Oscillator());
  private readonly blip: BlipBuffer;
  private readonly cyclesPerSample: number;
  private out = 0;

  /** block: samples that are rendered at once at the most. */
  constructor(sampleRate: number, block: number) {
    this.blip = new BlipBuffer(block, sampleRate, BASS);
    this.cyclesPerSample = CPU_CLOCK / sampleRate;
    for (const part of this.parts) part.next = Infinity;
    this.parts[2]!.wave = "triangle";
    this.parts[3]!.wave = "noise";
  }

  /** Let a part play, or fall silent if `voice` is null. */
  set(part: number, voice: Voice | null, restart: boolean): void {
    const oscillator = this.parts[part]!;
    if (voice) {
      if (oscillator.next === Infinity) oscillator.next = 0;
      oscillator.play(voice, restart);
    } else oscillator.stop();
  }

  /** Render samples. scope: called for each sample with its number, to read the parts' levels. */
  render(out: Float32Array, from: number, count: number, scope: (sample: number) => void): void {
    let now = 0; // CPU cycles
    this.jump(0);
    for (let sample = 0; sample < count; sample++) {
      const end = (sample + 1) * this.cyclesPerSample;
      for (;;) {
        let first = this.parts[0]!;
        for (const part of this.parts) if (part.next < first.next) first = part;
        if (now + first.next >= end) break;
        const passed = first.next;
        now += passed;
        for (const part of this.parts) part.next -= passed;
        first.advance();
        this.jump(now / this.cyclesPerSample);
      }
      scope(sample);
    }
    const rest = count * this.cyclesPerSample - now;
    for (const part of this.parts) part.next -= rest;
    this.blip.read(out.subarray(from, from + count), count);
  }

  /** Bring the mixer's output up to date. time: in samples. */
  private jump(time: number): void {
    const level = this.mix();
    if (level !== this.out) {
      this.blip.add(time, level - this.out);
      this.out = level;
    }
  }

  /** The chip's two non-linear mixers. Parts that play another channel's wave go through that channel's mixer. */
  private mix(): number {
    let pulses = 0;
    let others = 0;
    for (const part of this.parts) {
      const level = part.level * part.gain;
      if (part.wave === "pulse") pulses += level;
      else others += level / (part.wave === "triangle" ? 8227 : 12241);
    }
    const pulse = pulses > 0 ? 95.88 / (8128 / pulses + 100) : 0;
    const other = others > 0 ? 159.79 / (1 / others + 100) : 0;
    return pulse + other;
  }
}
