// Talking to the server: JSON in and out, and errors as sentences.

import { _ } from "./i18n.ts";

/** The server refused. `choices`: the files of a zip, if one of them must be chosen. `retryAfter`: seconds, at a limit. */
export class ApiError extends Error {
  readonly status: number;
  readonly choices: readonly string[];
  readonly retryAfter: number;

  constructor(message: string, status: number, choices: readonly string[] = [], retryAfter = 0) {
    super(message);
    this.status = status;
    this.choices = choices;
    this.retryAfter = retryAfter;
  }
}

/** Send a request and return the answer's JSON. Throw ApiError if the server refuses, TypeError if it is not reached. */
export async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init);
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  const { error, choices } = answer as { error?: string; choices?: string[] };
  const sentence = error || _("The bot answered with {status}.", { status: response.status });
  throw new ApiError(sentence, response.status, choices, Number(response.headers.get("Retry-After")) || 0);
}

/** POST a value as JSON. */
export function send<T>(path: string, value: unknown = {}): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return call<T>(path, { method: "POST", headers, body: JSON.stringify(value) });
}

/** Return what to tell people about an error of `call` or `send`. */
export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : _("The bot cannot be reached. Is it running?");
}
