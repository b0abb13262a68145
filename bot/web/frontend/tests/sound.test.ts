import assert from "node:assert/strict";
import { test } from "node:test";

import { findUnisons } from "../src/player/unison.ts";
import { cyclesPerStep } from "../src/sound/chip.ts";
import { barStarts, type Note, packScore, type Score, unpackScore } from "../src/sound/score.ts";
import { resound } from "../src/sound/sequencer.ts";
import { Transport } from "../src/sound/transport.ts";

const RATE = 48_000;
const note = (start: number, end: number, pitch: number): Note => ({ start, end, pitch, volume: [[0, 15]], duty: [[0, 2]] });
const tune = (...pulse: Note[]): Score => ({ frames: 60, grid: null, title: "T", loop: null, channels: [pulse, [], [], []] });

function loudness(transport: Transport, seconds: number): number {
  const out = new Float32Array(Math.round(seconds * RATE));
  transport.render(out);
  return out.reduce((sum, sample) => sum + sample * sample, 0) / out.length;
}

test("a score is the same after packing and unpacking", () => {
  const score = { ...tune(note(3, 9, 60), note(9, 20, 62)), grid: { groove: [7, 8], start: -4, rowsPerBeat: 4, upper: 7, lower: 8 } };
  assert.deepEqual(unpackScore(packScore(score)), score);
  assert.throws(() => unpackScore({ ...packScore(score), frames: 10 }));
});

test("bars begin on the grid, also if the tune starts inside one", () => {
  const score = { ...tune(), frames: 250, grid: { groove: [7, 8], start: -60, rowsPerBeat: 4, upper: 4, lower: 4 } };
  assert.deepEqual(barStarts(score), [0, 60, 180, 250]);
});

test("a bar of seven eighths has fourteen rows", () => {
  const score = { ...tune(), frames: 250, grid: { groove: [7, 8], start: 0, rowsPerBeat: 4, upper: 7, lower: 8 } };
  assert.deepEqual(barStarts(score), [0, 105, 210, 250]);
});

test("periods are rounded as the chip's registers round them", () => {
  assert.equal(cyclesPerStep("pulse", 69), 254 * 2);
  assert.equal(cyclesPerStep("triangle", 69), 127);
  assert.equal(cyclesPerStep("noise", 16), 4);
});

test("the triangle has no volume, so that another waveform gets one", () => {
  const voice = resound({ wave: "triangle", pitch: 45, volume: 15, duty: 0 }, "25 %");
  assert.deepEqual(voice, { wave: "pulse", pitch: 45, volume: 11, duty: 1 });
});

test("it ends at the end, and says so once", () => {
  const transport = new Transport(RATE);
  transport.handle({ kind: "score", score: packScore(tune(note(0, 60, 69))) });
  transport.handle({ kind: "play" });
  assert.ok(loudness(transport, 0.9) > 0.0001);
  transport.render(new Float32Array(RATE / 2));
  assert.equal(transport.playing, false);
  assert.deepEqual([transport.report().ended, transport.report().ended], [true, false]);
  assert.ok(loudness(transport, 0.5) < 0.000001);
});

test("a passage repeats, and a silent channel stays silent", () => {
  const transport = new Transport(RATE);
  transport.handle({ kind: "score", score: packScore(tune(note(0, 60, 69))) });
  transport.handle({ kind: "repeat", whole: false, from: 10, to: 20 });
  transport.handle({ kind: "gain", channel: 0, gain: 0 });
  transport.handle({ kind: "seek", frame: 10, id: 7 });
  transport.handle({ kind: "play" });
  assert.ok(loudness(transport, 3) < 0.000001);
  assert.equal(transport.playing, true);
  const { frame, seek } = transport.report();
  assert.ok(frame >= 10 && frame <= 20);
  assert.equal(seek, 7);
});

test("only what both pulses play at once is a unison", () => {
  const [first, second] = [note(0, 10, 60), note(5, 15, 60)];
  const found = findUnisons({ ...tune(), channels: [[first, note(10, 20, 62)], [second], [], []] });
  assert.deepEqual([...found], [[first, [[5, 10]]], [second, [[5, 10]]]]);
});
