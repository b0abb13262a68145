// How the page writes keys, lengths, names of options and their values.

import { _, decimal } from "../core/i18n.ts";
import type { Asked, Song } from "./types.ts";

/** Return a key as people say it: "A minor" for "Am". */
export function keyName(key: string): string {
  return key.endsWith("m") ? _("{note} minor", { note: key.slice(0, -1) }) : _("{note} major", { note: key });
}

/** Return a length as people read it: "0:42". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return the facts about a song that lists show. */
export function summary(song: Song): string {
  const scene = song.scene ? sceneName(song.scene) : "";
  const tempo = _("{bpm} BPM", { bpm: decimal(song.bpm) });
  return [scene, keyName(song.key), tempo, clock(song.seconds)].filter(Boolean).join(" · ");
}

/** Return the name of an option. */
export function optionName(name: string): string {
  const names: Record<string, string> = {
    mode: _("Mode"),
    scene: _("Scene"),
    key: _("Key"),
    bpm: _("Tempo"),
    seconds: _("Length"),
    bars: _("Bars"),
    density: _("Density"),
    sound: _("Sound"),
    takes: _("Takes"),
    seed: _("Seed"),
    temperature: _("Temperature"),
    transpose: _("Transpose"),
    strength: _("Strength"),
    from_bar: _("From bar"),
    span: _("Bars to write anew"),
    keep: _("Channels to keep"),
  };
  return names[name] ?? name;
}

/** Return a value of an option as people read it. */
export function optionValue(name: string, value: string | number): string {
  if (name === "key") return keyName(String(value));
  if (name === "scene") return sceneName(String(value));
  if (name === "density") return densityName(String(value));
  if (name === "bpm") return _("{bpm} BPM", { bpm: decimal(Number(value), 1) });
  if (name === "seconds") return _("{n} s", { n: decimal(Number(value), 1) });
  if (name === "bars") return _("{n} bars", { n: decimal(Number(value), 1) });
  return typeof value === "number" ? decimal(value, 2) : value;
}

export function sceneName(scene: string): string {
  const names: Record<string, string> = {
    stage: _("stage"),
    boss: _("boss"),
    clear: _("clear"),
    title: _("title screen"),
    "game-over": _("game over"),
    ending: _("ending"),
    town: _("town"),
    dungeon: _("dungeon"),
    menu: _("menu"),
  };
  return names[scene] ?? scene;
}

export function densityName(density: string): string {
  const names: Record<string, string> = { low: _("few notes"), medium: _("some notes"), high: _("many notes") };
  return names[density] ?? density;
}

export function channelName(channel: string): string {
  const names: Record<string, string> = {
    p1: _("Pulse 1"),
    p2: _("Pulse 2"),
    tr: _("Triangle"),
    no: _("Noise"),
  };
  return names[channel] ?? channel;
}

/** Return what was asked for, as the options of a request. */
export function wishes(asked: readonly Asked[]): Record<string, string | number> {
  return Object.fromEntries(asked.map((each) => [each.name, each.asked]));
}

/** Return a file's name for a song. */
export function fileName(song: Song, path: string): string {
  const stem = song.name.replace(/[^\p{L}\p{N} ._-]/gu, "") || "tune";
  return `${stem}${path.slice(path.lastIndexOf("."))}`;
}
