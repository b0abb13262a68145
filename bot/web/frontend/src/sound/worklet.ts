// The audio worklet: runs the transport in the audio thread.

import { type Command, PROCESSOR } from "./messages.ts";
import { Transport } from "./transport.ts";

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => object): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const REPORTS_PER_SECOND = 40;

class ChipProcessor extends AudioWorkletProcessor {
  private readonly transport = new Transport(sampleRate);
  private sinceReport = 0;
  private wasPlaying = false;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<Command>) => {
      this.transport.handle(event.data);
      if (event.data.kind === "seek") this.sendReport();
    };
  }

  process(_: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [output] = outputs;
    const left = output?.[0];
    if (!left) return true;
    this.transport.render(left);
    for (const other of output.slice(1)) other.set(left);
    this.sinceReport += left.length;
    const { playing } = this.transport;
    const isDue = playing && this.sinceReport > sampleRate / REPORTS_PER_SECOND;
    if (isDue || (this.wasPlaying && !playing)) this.sendReport();
    this.wasPlaying = playing;
    return true;
  }

  private sendReport(): void {
    this.sinceReport = 0;
    this.port.postMessage(this.transport.report());
  }
}

registerProcessor(PROCESSOR, ChipProcessor);
