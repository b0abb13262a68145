// Links that hold a whole score: its JSON, compressed, in the fragment, which browsers send to no server.

import type { PackedScore } from "../sound/score.ts";

const MARK = "#1.";
const MOST_BYTES = 4_000_000; // of a score: 10 minutes are far less

/** Return the address that plays a score without any server knowing the tune. */
export async function linkOf(score: PackedScore): Promise<string> {
  const bytes = await pass(new TextEncoder().encode(JSON.stringify(score)), new CompressionStream("deflate-raw"));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `${location.origin}/play${MARK}${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** Return the score in an address's fragment, or null if it holds none. */
export async function scoreOf(fragment: string): Promise<PackedScore | null> {
  if (!fragment.startsWith(MARK)) return null;
  try {
    const text = atob(fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const json = await pass(bytes, new DecompressionStream("deflate-raw"));
    const score: unknown = JSON.parse(new TextDecoder().decode(json));
    return isScore(score) ? score : null;
  } catch {
    return null; // a link that was cut off, or is none of ours
  }
}

async function pass(bytes: Uint8Array, through: GenericTransformStream): Promise<Uint8Array> {
  const reader = (new Blob([bytes as BlobPart]).stream().pipeThrough(through) as ReadableStream<Uint8Array>).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > MOST_BYTES) throw new RangeError("the score is too long");
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isScore(value: unknown): value is PackedScore {
  if (typeof value !== "object" || value === null) return false;
  const { frames, title, channels } = value as Partial<Record<keyof PackedScore, unknown>>;
  const notes = (list: unknown) =>
    Array.isArray(list) &&
    list.every((note) => Array.isArray(note) && note.length === 5 && note.slice(0, 3).every(Number.isInteger));
  return Number.isInteger(frames) && typeof title === "string" && Array.isArray(channels) && channels.length === 4 && channels.every(notes);
}
