/**
 * `<chiptune-player>`: plays a score on the sound chip, in the browser, and shows it.
 *
 *     const player = document.createElement("chiptune-player");
 *     document.body.append(player);
 *     player.load(score, { title: "Snow", recording: "/files/…/tune.ogg" });
 *     await player.play();
 *
 * Methods: load(score, source), play(), pause(), toggle(), seek(frame), select(passage or null), changeTempo(per cent more),
 * toggleLoop(), toggleMute(channel), samples() (what is heard as mono samples at RENDER_RATE), analyser() (the node to
 * measure what plays).
 * Properties: playing, frame, passage (frames from and to, or null).
 * Events: "chiptune-play", "chiptune-pause", "chiptune-end", "chiptune-select" (detail: `Selection`).
 * Keys, while no control has the focus: space, left and right (a bar), home, − and + (tempo), l (loop), 1 to 4 (mute).
 * On the roll also shift with left and right (select bars) and escape (select nothing).
 *
 * It knows nothing of the server: the page gives it scores. The sound is in ../sound, its audio thread in engine.ts, the
 * style in player.css. One thing plays at a time on the page (../core/playback.ts).
 */

import { button, el, fire, saveFile } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import { claimPlayback } from "../core/playback.ts";
import { type Command, type Report, SCOPE_POINTS } from "../sound/messages.ts";
import { CHANNELS, FRAMES_PER_SECOND, packScore, type Score } from "../sound/score.ts";
import { fileName, heardMidi, heardWav } from "./downloads.ts";
import { Engine, renderScore } from "./engine.ts";
import { type KeyActions, Keys } from "./keys.ts";
import { takeMediaKeys, tellMediaState } from "./media.ts";
import { onPaletteChange } from "./palette.ts";
import { type Passage, Roll } from "./roll.ts";
import { isPressed, press, Strip, toggle, wavesToDrag } from "./strip.ts";

const CHANNEL_NAMES = [_("pulse 1"), _("pulse 2"), _("triangle"), _("noise")];
const TEMPO = { least: 50, most: 200, step: 5 };
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

/** What a score belongs to. recording, picture: addresses of the posted files, if there are any. */
export interface Source {
  readonly title: string;
  readonly recording?: string | undefined;
  readonly picture?: string | undefined;
}

/** The selected bars, counted from 0, without `end`; null if none are. */
export interface Selection {
  readonly passage: Passage | null;
  readonly bars: { readonly first: number; readonly end: number } | null;
}

export class ChiptunePlayer extends HTMLElement implements KeyActions {
  private score: Score | null = null;
  private source: Source = { title: "" };
  private engine: Promise<Engine> | null = null;
  private at = 0; // frames: where the playing was at `atTime`
  private atTime = 0;
  private sounding = false; // whether the chip plays
  private seeks = 0;
  private scopes: Uint8Array = new Uint8Array(4 * SCOPE_POINTS);
  private latency = 0;
  private built = false;
  private endPalette = () => {};
  private drawing = false;
  private readonly stopThis = () => this.pause();
  private readonly strips = CHANNELS.map((_channel, i) => new Strip(i, CHANNEL_NAMES[i]!, () => this.changed()));

  private readonly playButton = button("", () => void this.toggle(), "play");
  private readonly clock = el("span", { className: "clock" });
  private readonly tempo = el("input", {
    type: "range",
    min: String(TEMPO.least),
    max: String(TEMPO.most),
    step: String(TEMPO.step),
    value: "100",
    oninput: () => this.tempoChanged(),
    ondblclick: () => this.setTempo(100),
  });
  private readonly tempoShown = el("output", {}, "100 %");
  private readonly loop = toggle(_("Loop"), _("Loop the tune"), () => this.changeLoop());
  private readonly recorded = toggle(_("Recording"), _("Hear the posted recording instead of the sound chip"), () => void this.swap());
  private readonly clear = button(_("Clear the selection"), () => this.select(null), "quiet");
  private readonly audio = el("audio", { preload: "none", onended: () => this.ended() });
  private readonly canvas = el("canvas", {
    className: "roll",
    tabIndex: 0,
    role: "slider",
    ariaLabel: _("Position in the tune; shift and arrows select bars"),
    ariaValueMin: "0",
  });
  private readonly roll = new Roll(this.canvas, {
    seek: (frame) => this.seek(frame),
    select: (passage) => this.select(passage),
  });
  private readonly keys = new Keys(this.roll, this.canvas, this);
  private readonly onKey = (event: KeyboardEvent) => this.score && this.keys.handle(event);
  private readonly saveButtons = [button("MIDI", () => this.saveMidi()), button("WAV", () => void this.saveWav())];

  connectedCallback(): void {
    if (!this.built) this.build();
    document.addEventListener("keydown", this.onKey);
    this.endPalette = onPaletteChange(() => this.roll.draw());
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.onKey);
    this.endPalette();
    this.pause();
    void this.engine?.then((engine) => engine.close()); // browsers allow only a few at once
    this.engine = null;
  }

  /** Show a score, from its start. */
  load(score: Score, source: Source): void {
    this.pause();
    this.score = score;
    this.source = source;
    this.at = 0;
    if (source.recording) this.audio.src = source.recording;
    else this.audio.removeAttribute("src");
    this.recorded.hidden = !source.recording;
    if (!source.recording) press(this.recorded, false);
    this.canvas.setAttribute("aria-valuemax", String(Math.round(score.frames / FRAMES_PER_SECOND)));
    this.roll.load(score);
    this.select(null);
    this.send({ kind: "score", score: packScore(score) }, this.seekCommand(0));
    this.show();
  }

  get playing(): boolean {
    return this.sounding || !this.audio.paused;
  }

  /** Where the playing is, in frames. */
  get frame(): number {
    if (this.isRecording) return Math.min(this.score?.frames ?? 0, this.audio.currentTime * FRAMES_PER_SECOND);
    return this.chipFrame;
  }

  private get chipFrame(): number {
    if (!this.sounding) return this.at;
    const passed = (performance.now() - this.atTime) / 1000 - this.latency;
    const frame = this.at + passed * FRAMES_PER_SECOND * this.tempoFactor;
    const passage = this.roll.passage;
    const first = passage && this.at >= passage.from ? passage.from : 0; // what is heard lags, but not behind the passage
    return Math.max(first, Math.min(passage?.to ?? this.score?.frames ?? 0, frame));
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
    const { score, passage } = this;
    if (!score) return;
    claimPlayback(this.stopThis);
    if (passage && (this.frame < passage.from || this.frame >= passage.to)) this.seek(passage.from);
    if (this.isRecording) await this.audio.play();
    else {
      const engine = await this.start();
      if (!(await engine.resume())) throw new DOMException("Playing by itself is not allowed.", "NotAllowedError");
      this.moveTo(this.at >= score.frames ? 0 : this.at);
      this.sounding = true;
      this.latency = engine.latency;
      engine.send(this.seekCommand(this.at), { kind: "play" });
    }
    takeMediaKeys(this.source.title, this.source.picture, {
      play: () => void this.play(),
      pause: () => this.pause(),
      restart: () => this.seek(0),
      step: (seconds) => this.seek(this.frame + seconds * FRAMES_PER_SECOND),
    });
    tellMediaState(true);
    fire(this, "chiptune-play");
    if (!this.drawing) this.draw();
  }

  pause(): void {
    if (!this.playing) return;
    const frame = Math.round(this.frame);
    this.silence();
    this.at = frame;
    tellMediaState(false);
    fire(this, "chiptune-pause");
    this.show();
  }

  async toggle(): Promise<void> {
    if (this.playing) this.pause();
    else await this.play();
  }

  seek(frame: number): void {
    const at = Math.max(0, Math.min(this.score?.frames ?? 0, Math.round(frame)));
    if (this.isRecording) this.audio.currentTime = at / FRAMES_PER_SECOND;
    this.moveTo(at);
    this.send(this.seekCommand(at));
    this.show();
  }

  /** Select the passage that repeats, or none. */
  select(passage: Passage | null): void {
    this.roll.show(passage);
    this.clear.hidden = !passage;
    this.send(this.loopCommand());
    const bars = passage && { first: this.roll.barOf(passage.from), end: this.roll.barOf(passage.to - 1) + 1 };
    fire<Selection>(this, "chiptune-select", { passage, bars });
    if (this.playing && passage && (this.frame < passage.from || this.frame >= passage.to)) this.seek(passage.from);
  }

  /** Return what is heard, rendered at once: mono at RENDER_RATE. */
  samples(): Promise<Float32Array> {
    if (!this.score) throw new Error("There is no score.");
    return renderScore(this.score, this.setup(), this.tempoFactor);
  }

  private moveTo(frame: number): void {
    this.at = frame;
    this.atTime = performance.now();
  }

  private seekCommand(frame: number): Command {
    this.seeks += 1;
    return { kind: "seek", frame, id: this.seeks };
  }

  private silence(): void {
    this.audio.pause();
    this.sounding = false;
    this.send({ kind: "pause" });
  }

  changeTempo(by: number): void {
    this.setTempo(Number(this.tempo.value) + by);
  }

  toggleLoop(): void {
    this.loop.click();
  }

  toggleMute(channel: number): void {
    this.strips[channel]?.toggleMute();
  }

  private get isRecording(): boolean {
    return isPressed(this.recorded);
  }

  private start(): Promise<Engine> {
    this.engine ??= Engine.start((report) => this.receive(report)).then((engine) => {
      if (this.score) engine.send({ kind: "score", score: packScore(this.score) });
      engine.send(...this.setup(), this.loopCommand());
      return engine;
    });
    return this.engine;
  }

  private send(...commands: Command[]): void {
    void this.engine?.then((engine) => engine.send(...commands));
  }

  private get audible(): boolean[] {
    const soloed = this.strips.some((strip) => strip.soloed);
    return this.strips.map((strip) => (soloed ? strip.soloed : !strip.muted));
  }

  /** The commands that bring a worklet to what the controls say, but for what repeats. */
  private setup(): Command[] {
    const { audible } = this;
    const channels = this.strips.flatMap(({ channel, gain, sound }): Command[] => [
      { kind: "gain", channel, gain: audible[channel] ? gain : 0 },
      { kind: "sound", channel, sound },
    ]);
    return [...channels, { kind: "tempo", factor: this.tempoFactor }];
  }

  private loopCommand(): Command {
    const { passage } = this;
    return { kind: "repeat", whole: isPressed(this.loop), from: passage?.from ?? null, to: passage?.to ?? null };
  }

  private receive(report: Report): void {
    if (!this.sounding || report.seek !== this.seeks) return;
    this.scopes = report.scopes;
    if (report.ended) this.ended();
    else this.moveTo(report.frame);
  }

  private ended(): void {
    this.sounding = false;
    this.at = 0;
    tellMediaState(false);
    fire(this, "chiptune-end");
    this.show();
  }

  private changed(): void {
    this.roll.muted = this.audible.map((audible) => !audible);
    this.roll.draw();
    this.send(...this.setup());
  }

  private setTempo(percent: number): void {
    this.tempo.value = String(percent);
    this.tempoChanged();
  }

  private tempoChanged(): void {
    const frame = Math.round(this.frame);
    this.tempoShown.textContent = `${this.tempo.value}\u00a0%`;
    this.audio.playbackRate = this.tempoFactor;
    this.moveTo(frame);
    this.changed();
  }

  private changeLoop(): void {
    this.audio.loop = isPressed(this.loop);
    this.send(this.loopCommand());
  }

  /** Go on with the recording, or with the chip, at the same place. */
  private async swap(): Promise<void> {
    const fromRecording = !this.isRecording;
    const frame = fromRecording ? this.audio.currentTime * FRAMES_PER_SECOND : this.chipFrame;
    const wasPlaying = this.playing;
    this.silence();
    for (const strip of this.strips) strip.root.inert = this.isRecording;
    this.audio.playbackRate = this.tempoFactor;
    this.seek(frame);
    if (wasPlaying) await this.play();
  }

  private draw(): void {
    this.drawing = this.playing && this.isConnected;
    this.show();
    if (this.drawing) requestAnimationFrame(() => this.draw());
  }

  private show(): void {
    if (!this.built) return;
    const { playing, frame } = this;
    if (this.playButton.dataset["playing"] !== String(playing)) {
      this.playButton.dataset["playing"] = String(playing);
      this.playButton.ariaLabel = this.playButton.title = playing ? _("Pause") : _("Play");
    }
    const position = minutes(Math.floor(frame / FRAMES_PER_SECOND));
    const length = minutes(Math.round((this.score?.frames ?? 0) / FRAMES_PER_SECOND));
    const shown = `${position} / ${length}`;
    if (this.clock.textContent !== shown) {
      this.clock.textContent = shown;
      this.canvas.setAttribute("aria-valuenow", String(Math.floor(frame / FRAMES_PER_SECOND)));
      this.canvas.setAttribute("aria-valuetext", _("{position} of {length}", { position, length }));
    }
    this.roll.moveTo(frame);
    if (reduced.matches && playing) return;
    for (const { channel } of this.strips)
      this.strips[channel]!.draw(this.scopes.subarray(channel * SCOPE_POINTS, (channel + 1) * SCOPE_POINTS));
  }

  private async saveWav(): Promise<void> {
    if (!this.score) return;
    saveFile(await heardWav(this.score, this.setup(), this.tempoFactor), `${fileName(this.source.title)}.wav`);
  }

  private saveMidi(): void {
    if (!this.score) return;
    const { audible } = this;
    const heard = this.strips.map(({ channel, sound }) => ({ audible: audible[channel]!, sound }));
    saveFile(heardMidi(this.score, heard, this.tempoFactor), `${fileName(this.source.title)}.mid`);
  }

  private build(): void {
    this.built = true;
    this.recorded.hidden = !this.source.recording;
    this.clear.hidden = !this.passage;
    const tempo = el("label", { className: "tempo" }, _("Tempo"), this.tempo, this.tempoShown);
    const transport = el("div", { className: "transport" }, this.playButton, this.clock, this.loop, this.recorded, tempo, this.clear);
    const strips = el("div", { className: "strips" }, ...this.strips.map((strip) => strip.root));
    const heard = el("p", { className: "heard" }, el("span", {}, _("Save what you hear:")), ...this.saveButtons);
    this.append(transport, this.canvas, strips, wavesToDrag(), heard, this.audio);
    this.show();
  }
}

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

customElements.define("chiptune-player", ChiptunePlayer);

declare global {
  interface HTMLElementTagNameMap {
    "chiptune-player": ChiptunePlayer;
  }
}
