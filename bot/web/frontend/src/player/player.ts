/**
 * `<chiptune-player>`: plays a score on the sound chip, in the browser.
 *
 *     const player = document.createElement("chiptune-player");
 *     document.body.append(player);
 *     player.load(score, { title: "Snow", recording: "/files/…/tune.ogg" });
 *
 * Methods: load(score, source), play(), pause(), seek(frame), samples() for what is heard as mono samples.
 * Properties: playing, frame, passage (frames from and to, or null), heard (the score without the muted channels).
 * Events: "chiptune-play", "chiptune-end", "chiptune-select" (detail: the passage or null).
 * Keys, while no text field has the focus: space, left and right (a bar), home, l (loop).
 *
 * It knows nothing of the server: the page gives it scores. The sound is in ../sound, its audio thread in engine.ts.
 */

import { element, save } from "./elements.ts";
import { midiFile } from "../sound/midi.ts";
import { type Command, type Report, SCOPE_POINTS } from "../sound/messages.ts";
import { CHANNELS, FRAMES_PER_SECOND, packScore, type Score } from "../sound/score.ts";
import { wavFile } from "../sound/wav.ts";
import { _ } from "../core/i18n.ts";
import { Engine, RENDER_RATE, renderScore } from "./engine.ts";
import { claimPlayback } from "./playback.ts";
import { type Passage, Roll } from "./roll.ts";
import { palette, Strip } from "./strip.ts";

const CHANNEL_NAMES = [_("pulse 1"), _("pulse 2"), _("triangle"), _("noise")];

export interface Source {
  readonly title: string;
  /** The posted recording, if there is one. */
  readonly recording?: string | undefined;
  readonly picture?: string | undefined;
}

export class ChiptunePlayer extends HTMLElement {
  private score: Score | null = null;
  private source: Source = { title: "" };
  private engine: Promise<Engine> | null = null;
  private report: Report = { frame: 0, playing: false, scopes: new Uint8Array(4 * SCOPE_POINTS) };
  private reportedAt = 0;
  private latency = 0;
  private built = false;
  private readonly strips: Strip[] = [];
  private readonly stopThis = () => this.pause();
  private readonly onKey = (event: KeyboardEvent) => this.handleKey(event);

  private readonly playButton = element("button", { type: "button", class: "play", onclick: () => void this.toggle() });
  private readonly clock = element("span", { class: "clock" });
  private readonly tempo = element("input", {
    type: "range",
    min: 50,
    max: 200,
    step: 5,
    value: 100,
    "aria-label": _("Tempo"),
    oninput: () => this.changeTempo(),
  });
  private readonly tempoShown = element("output", {}, "100 %");
  private readonly loop = element(
    "button",
    { type: "button", class: "toggle", "aria-pressed": "false", onclick: () => this.toggleLoop() },
    _("Loop"),
  );
  private readonly clear = element(
    "button",
    { type: "button", class: "quiet", hidden: true, onclick: () => this.select(null) },
    _("Clear the selection"),
  );
  private readonly recordingSwitch = element(
    "button",
    { type: "button", class: "toggle", "aria-pressed": "false", hidden: true, onclick: () => void this.swapRecording() },
    _("Recording"),
  );
  private readonly audio = element("audio", { preload: "none", onended: () => this.ended() });
  private readonly canvas = element("canvas", {
    class: "roll",
    tabindex: "0",
    role: "slider",
    "aria-label": _("Position in the tune"),
    "aria-valuemin": 0,
  });
  private readonly roll = new Roll(this.canvas, {
    seek: (frame) => this.seek(frame),
    select: (passage) => this.select(passage),
  });

  connectedCallback(): void {
    if (!this.built) this.build();
    document.addEventListener("keydown", this.onKey);
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.onKey);
    this.pause();
  }

  /** Show a score, from its start. */
  load(score: Score, source: Source): void {
    this.pause();
    this.score = score;
    this.source = source;
    this.report = { ...this.report, frame: 0, playing: false };
    this.audio.src = source.recording ?? "";
    this.recordingSwitch.hidden = !source.recording;
    this.canvas.setAttribute("aria-valuemax", String(Math.round(score.frames / FRAMES_PER_SECOND)));
    this.roll.load(score);
    this.select(null);
    void this.engine?.then((engine) => engine.send({ kind: "score", score: packScore(score) }, { kind: "seek", frame: 0 }));
    this.show();
  }

  get playing(): boolean {
    return this.report.playing || !this.audio.paused;
  }

  /** Where the playing is, in frames. */
  get frame(): number {
    if (this.isRecording) return this.audio.currentTime * FRAMES_PER_SECOND;
    if (!this.report.playing) return this.report.frame;
    const passed = (performance.now() - this.reportedAt) / 1000 - this.latency;
    const frame = this.report.frame + passed * FRAMES_PER_SECOND * this.tempoFactor;
    return Math.max(0, Math.min(this.score?.frames ?? 0, frame));
  }

  get passage(): Passage | null {
    return this.roll.passage;
  }

  get tempoFactor(): number {
    return Number(this.tempo.value) / 100;
  }

  /** The node to measure what is heard. */
  async analyser(): Promise<AnalyserNode> {
    return (await this.start()).analyser;
  }

  /** Play. Browsers allow it only after the person has used the page; throw NotAllowedError before. */
  async play(): Promise<void> {
    if (!this.score) return;
    claimPlayback(this.stopThis);
    if (this.isRecording) {
      await this.audio.play();
    } else {
      const engine = await this.start();
      await withTimeout(engine.context.resume(), 1000);
      if (engine.context.state !== "running") throw new DOMException("Autoplay is not allowed.", "NotAllowedError");
      engine.send({ kind: "play" });
      this.report = { ...this.report, playing: true };
      this.reportedAt = performance.now();
    }
    this.describeMedia();
    this.dispatchEvent(new CustomEvent("chiptune-play", { bubbles: true }));
    this.show();
    this.redraw();
  }

  pause(): void {
    this.audio.pause();
    if (this.report.playing) {
      this.report = { ...this.report, frame: Math.round(this.frame), playing: false };
      void this.engine?.then((engine) => engine.send({ kind: "pause" }));
    }
    this.show();
  }

  async toggle(): Promise<void> {
    if (this.playing) this.pause();
    else await this.play();
  }

  seek(frame: number): void {
    const at = Math.max(0, Math.min(this.score?.frames ?? 0, Math.round(frame)));
    if (this.isRecording) this.audio.currentTime = at / FRAMES_PER_SECOND;
    this.report = { ...this.report, frame: at };
    this.reportedAt = performance.now();
    void this.engine?.then((engine) => engine.send({ kind: "seek", frame: at }));
    this.show();
  }

  /** Select the passage that repeats, or none. */
  select(passage: Passage | null): void {
    this.roll.show(passage);
    this.clear.hidden = !passage;
    this.sendLoop();
    this.dispatchEvent(new CustomEvent("chiptune-select", { bubbles: true, detail: passage }));
  }

  /** Return what is heard, rendered at once: mono at RENDER_RATE. */
  samples(): Promise<Float32Array> {
    if (!this.score) throw new Error("There is no score.");
    return renderScore(this.score, this.setup(), this.tempoFactor);
  }

  private get isRecording(): boolean {
    return this.recordingSwitch.getAttribute("aria-pressed") === "true";
  }

  private start(): Promise<Engine> {
    this.engine ??= Engine.start((report) => this.receive(report)).then((engine) => {
      this.latency = engine.latency;
      if (this.score) engine.send({ kind: "score", score: packScore(this.score) }, ...this.setup());
      engine.send({ kind: "seek", frame: this.report.frame });
      return engine;
    });
    return this.engine;
  }

  /** The commands that bring a fresh worklet to what the controls say. */
  private setup(): Command[] {
    const soloed = this.strips.some((strip) => strip.soloed);
    return [
      ...this.strips.flatMap((strip): Command[] => {
        const audible = soloed ? strip.soloed : !strip.muted;
        return [
          { kind: "gain", channel: strip.channel, gain: audible ? strip.gain : 0 },
          { kind: "sound", channel: strip.channel, sound: strip.sound },
        ];
      }),
      { kind: "tempo", factor: this.tempoFactor },
      this.loopCommand(),
    ];
  }

  private loopCommand(): Command {
    const passage = this.roll.passage;
    const whole = this.loop.getAttribute("aria-pressed") === "true";
    return { kind: "repeat", whole, from: passage?.from ?? null, to: passage?.to ?? null };
  }

  private receive(report: Report): void {
    const ended = this.report.playing && !report.playing;
    this.report = report;
    this.reportedAt = performance.now();
    if (ended) this.ended();
  }

  private ended(): void {
    if (this.score && this.report.frame >= this.score.frames) this.report = { ...this.report, frame: 0 };
    this.dispatchEvent(new CustomEvent("chiptune-end", { bubbles: true }));
    this.show();
  }

  private changed(): void {
    const soloed = this.strips.some((strip) => strip.soloed);
    this.roll.muted = this.strips.map((strip) => (soloed ? !strip.soloed : strip.muted));
    this.roll.draw();
    void this.engine?.then((engine) => engine.send(...this.setup()));
  }

  private changeTempo(): void {
    this.tempoShown.textContent = `${this.tempo.value} %`;
    this.audio.playbackRate = this.tempoFactor;
    this.report = { ...this.report, frame: Math.round(this.frame) };
    this.reportedAt = performance.now();
    this.changed();
  }

  private toggleLoop(): void {
    const whole = this.loop.getAttribute("aria-pressed") !== "true";
    this.loop.setAttribute("aria-pressed", String(whole));
    this.audio.loop = whole;
    this.sendLoop();
  }

  private sendLoop(): void {
    void this.engine?.then((engine) => engine.send(this.loopCommand()));
  }

  /** Change between the chip and the posted recording, at the same place. */
  private async swapRecording(): Promise<void> {
    const [wasPlaying, frame] = [this.playing, this.frame];
    this.pause();
    this.recordingSwitch.setAttribute("aria-pressed", String(!this.isRecording));
    for (const strip of this.strips) strip.root.toggleAttribute("inert", this.isRecording);
    this.audio.playbackRate = this.tempoFactor;
    this.seek(frame);
    if (wasPlaying) await this.play();
  }

  private handleKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isRoll = target === this.canvas;
    if (event.ctrlKey || event.metaKey || event.altKey || !this.isConnected || !this.score) return;
    if (!isRoll && target.closest("input, select, textarea, button, a, audio, video, [contenteditable]")) return;
    const actions: Record<string, () => void> = {
      " ": () => void this.toggle(),
      ArrowLeft: () => this.seek(this.roll.barBeside(this.frame, -1)),
      ArrowRight: () => this.seek(this.roll.barBeside(this.frame, 1)),
      Home: () => this.seek(0),
      l: () => this.toggleLoop(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  private describeMedia(): void {
    const session = navigator.mediaSession;
    if (!session) return;
    const artwork = this.source.picture ? [{ src: new URL(this.source.picture, location.href).href }] : [];
    session.metadata = new MediaMetadata({ title: this.source.title, artist: "Chiptune Bot", artwork });
    session.setActionHandler("play", () => void this.play());
    session.setActionHandler("pause", () => this.pause());
    session.setActionHandler("previoustrack", () => this.seek(0));
  }

  private redraw(): void {
    if (!this.playing || !this.isConnected) return this.show();
    this.show();
    requestAnimationFrame(() => this.redraw());
  }

  private show(): void {
    if (!this.built) return;
    const playing = this.playing;
    this.playButton.textContent = playing ? "❚❚" : "▶";
    this.playButton.setAttribute("aria-label", playing ? _("Pause") : _("Play"));
    const frame = this.frame;
    const seconds = Math.floor(frame / FRAMES_PER_SECOND);
    const total = Math.round((this.score?.frames ?? 0) / FRAMES_PER_SECOND);
    const shown = `${minutes(seconds)} / ${minutes(total)}`;
    if (this.clock.textContent !== shown) {
      this.clock.textContent = shown;
      this.canvas.setAttribute("aria-valuenow", String(seconds));
      this.canvas.setAttribute("aria-valuetext", _("{position} of {length}", { position: minutes(seconds), length: minutes(total) }));
    }
    this.roll.moveTo(frame);
    for (const strip of this.strips)
      strip.draw(this.report.scopes.subarray(strip.channel * SCOPE_POINTS, (strip.channel + 1) * SCOPE_POINTS));
  }

  private async saveWav(): Promise<void> {
    save(wavFile(await this.samples(), RENDER_RATE), `${fileName(this.source.title)}.wav`);
  }

  private saveMidi(): void {
    if (!this.score) return;
    const kept = this.roll.muted.map((muted) => !muted);
    save(midiFile(this.score, this.tempoFactor, kept), `${fileName(this.source.title)}.mid`);
  }

  private build(): void {
    this.built = true;
    this.strips.push(
      ...CHANNELS.map((_, channel) => new Strip(channel, CHANNEL_NAMES[channel]!, { changed: () => this.changed() })),
    );
    this.append(
      element(
        "div",
        { class: "transport" },
        this.playButton,
        this.clock,
        element("label", { class: "tempo" }, _("Tempo"), " ", this.tempo, this.tempoShown),
        this.loop,
        this.recordingSwitch,
        this.clear,
      ),
      this.canvas,
      element("div", { class: "strips" }, ...this.strips.map((strip) => strip.root)),
      palette(),
      element(
        "div",
        { class: "row heard" },
        element("span", {}, _("Save what you hear:")),
        element("button", { type: "button", onclick: () => this.saveMidi() }, "MIDI"),
        element("button", { type: "button", onclick: () => void this.saveWav() }, "WAV"),
      ),
      this.audio,
    );
    this.show();
  }
}

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export const fileName = (title: string): string => title.replace(/[^\p{L}\p{N} ._-]/gu, "").trim() || "tune";

function withTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T | void> {
  return Promise.race([promise, new Promise<void>((resolve) => setTimeout(resolve, milliseconds))]);
}

customElements.define("chiptune-player", ChiptunePlayer);

declare global {
  interface HTMLElementTagNameMap {
    "chiptune-player": ChiptunePlayer;
  }
}
