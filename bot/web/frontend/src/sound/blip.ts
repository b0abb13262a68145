// Band-limited steps: turns a signal that only jumps, at any times, into samples that do not alias.
// Each jump adds a band-limited impulse to a buffer of differences, whose running sum is the signal.
// Method: Brandt, "Hard sync without aliasing" (2001), with a windowed sinc in a table.

const PHASES = 64;
const TAPS = 32;
const CUTOFF = 0.94; // of half the sample rate

/** The impulses by phase: sums of each are 1, so that a jump ends at its exact height. */
const TABLE = makeTable();

export const BLIP_DELAY = TAPS / 2; // samples by which the output lags

export class BlipBuffer {
  private readonly differences: Float64Array;
  private sum = 0;
  private last = 0;
  private readonly keep: number;
  private readonly size: number;

  /** size: samples that are read at once at the most. bass: Hz below which the sound falls off, as a real console's does. */
  constructor(size: number, sampleRate: number, bass: number) {
    this.size = size;
    this.differences = new Float64Array(size + TAPS + 1);
    this.keep = Math.exp((-2 * Math.PI * bass) / sampleRate);
  }

  /** Add a jump of some height. time: samples after the next one that is read, 0 to size. */
  add(time: number, height: number): void {
    const whole = Math.floor(time);
    const phase = Math.floor((time - whole) * PHASES);
    const from = phase * TAPS;
    for (let tap = 0; tap < TAPS; tap++) this.differences[whole + tap]! += height * TABLE[from + tap]!;
  }

  /** Write the next samples into `out`. */
  read(out: Float32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.sum += this.differences[i]!;
      this.last = this.keep * this.last + this.differences[i]!; // one-pole high-pass of the running sum
      out[i] = this.last;
    }
    this.differences.copyWithin(0, count);
    this.differences.fill(0, this.size + TAPS + 1 - count);
  }
}

function makeTable(): Float64Array {
  const table = new Float64Array(PHASES * TAPS);
  for (let phase = 0; phase < PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - TAPS / 2 + 1 - (phase + 0.5) / PHASES;
      const sinc = x === 0 ? CUTOFF : Math.sin(Math.PI * CUTOFF * x) / (Math.PI * x);
      const place = (x + TAPS / 2) / TAPS;
      const blackman = 0.42 - 0.5 * Math.cos(2 * Math.PI * place) + 0.08 * Math.cos(4 * Math.PI * place);
      table[phase * TAPS + tap] = sinc * blackman;
      sum += sinc * blackman;
    }
    for (let tap = 0; tap < TAPS; tap++) table[phase * TAPS + tap]! /= sum;
  }
  return table;
}
