// The sound of a player: the audio context and its worklet, which plays the score, and the same score rendered at once.

import { type Command, PROCESSOR, type Report } from "../sound/messages.ts";
import { FRAMES_PER_SECOND, packScore, type Score } from "../sound/score.ts";

const WORKLET = "/worklet.js";
const SAMPLE_RATE = 48_000;
const LOUDNESS = 1.6; // the chip's mix, played at about the loudness of the recordings
const TAIL_SECONDS = 0.1;
const RESUME_MILLISECONDS = 1000;

export class Engine {
  readonly analyser: AnalyserNode;
  private readonly volume: GainNode;

  private readonly context: AudioContext;
  private readonly node: AudioWorkletNode;

  private constructor(context: AudioContext, node: AudioWorkletNode, report: (report: Report) => void) {
    this.context = context;
    this.node = node;
    this.volume = new GainNode(context, { gain: LOUDNESS });
    this.analyser = new AnalyserNode(context, { fftSize: 2048 });
    node.connect(this.volume).connect(this.analyser).connect(context.destination);
    node.port.onmessage = (event: MessageEvent<Report>) => report(event.data);
  }

  /** Start the audio. report: is told where the playing is and what the channels put out. */
  static async start(report: (report: Report) => void): Promise<Engine> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
    await context.audioWorklet.addModule(WORKLET);
    return new Engine(context, chipNode(context), report);
  }

  /** Send commands to the worklet, in order. */
  send(...commands: Command[]): void {
    for (const command of commands) this.node.port.postMessage(command);
  }

  /** Seconds until what is rendered now is heard. */
  get latency(): number {
    return this.context.outputLatency || this.context.baseLatency || 0;
  }

  /** End the sound for good. */
  async close(): Promise<void> {
    await this.context.close();
  }

  /** Let the sound run. Return false if the browser does not allow it yet: nobody has used the page. */
  async resume(): Promise<boolean> {
    await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, RESUME_MILLISECONDS))]);
    return this.context.state === "running";
  }
}

/** Return a score as mono samples, rendered at once by the same worklet. setup: its channels' gains, sounds and tempo. */
export async function renderScore(score: Score, setup: readonly Command[], tempo: number): Promise<Float32Array> {
  const seconds = score.frames / (FRAMES_PER_SECOND * tempo) + TAIL_SECONDS;
  const context = new OfflineAudioContext(1, Math.ceil(seconds * SAMPLE_RATE), SAMPLE_RATE);
  await context.audioWorklet.addModule(WORKLET);
  const node = chipNode(context);
  node.connect(context.destination);
  const commands: Command[] = [{ kind: "score", score: packScore(score) }, ...setup, { kind: "play" }];
  // The worklet answers a seek, so that rendering begins only after it has read the commands before.
  const ready = new Promise((resolve) => (node.port.onmessage = resolve));
  for (const command of [...commands.slice(0, -1), { kind: "seek", frame: 0, id: 1 } as const, ...commands.slice(-1)])
    node.port.postMessage(command);
  await ready;
  await new Promise((resolve) => setTimeout(resolve, 50));
  return (await context.startRendering()).getChannelData(0);
}

export const RENDER_RATE = SAMPLE_RATE;

function chipNode(context: BaseAudioContext): AudioWorkletNode {
  return new AudioWorkletNode(context, PROCESSOR, { numberOfInputs: 0, outputChannelCount: [1] });
}
