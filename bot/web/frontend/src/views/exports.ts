// All files of a tune: those that exist, and every format that the generator makes when somebody asks for it.

import { call, send, sentenceOf } from "../core/api.ts";
import { button, el } from "../core/dom.ts";
import { _ } from "../core/i18n.ts";
import type { ExportState, FullSong } from "./types.ts";
import { fileName } from "./words.ts";

const POLL = 500; // milliseconds
const THERE = ["midi", "ogg", "png"]; // formats that every song has as files already

interface Format {
  readonly name: string;
  readonly title: string;
}

/** Return the downloads of a song. */
export async function downloads(song: FullSong): Promise<HTMLElement> {
  const formats = await call<Format[]>("/api/exports");
  const files: [string, string | null][] = [
    [_("MIDI file"), song.midi],
    [_("Sound (OGG)"), song.audio],
    [_("Picture"), song.picture],
    [_("Film of the piano roll (MP4)"), song.film],
  ];
  const list = el("ul", { className: "downloads" });
  for (const [title, path] of files) {
    if (path) list.append(el("li", {}, el("a", { className: "button", href: path, download: fileName(song, path) }, title)));
  }
  for (const format of formats) if (!THERE.includes(format.name)) list.append(exportItem(song, format));
  return el(
    "details",
    { className: "panel" },
    el("summary", {}, el("h2", {}, _("Download"))),
    el("p", { className: "how" }, _("What is not there yet is made when you ask for it.")),
    list,
  );
}

function exportItem(song: FullSong, format: Format): HTMLLIElement {
  const path = `/api/songs/${song.id}/export/${format.name}`;
  const message = el("span", { className: "meta", attrs: { role: "status" } });
  const make = button(format.title, () => void run());
  const stop = button(_("Cancel"), () => void send(`${path}/cancel`).catch(() => undefined), "quiet");
  stop.hidden = true;
  stop.setAttribute("aria-label", _("Cancel {what}", { what: format.title }));
  let waiting = false;

  async function run(): Promise<void> {
    if (waiting) return;
    waiting = true;
    make.setAttribute("aria-busy", "true");
    try {
      let state = await send<ExportState>(path);
      while (state.status !== "done" && state.status !== "failed") {
        stop.hidden = false;
        const share = Math.round(state.progress * 100);
        message.textContent = state.status === "working" ? _("{share} %", { share }) : _("waiting for its turn");
        await new Promise((resume) => setTimeout(resume, POLL));
        state = await call<ExportState>(path);
        if (state.status === "none") state = await send<ExportState>(path); // the server was restarted
      }
      message.textContent = state.error ?? "";
      if (state.file) save(state.file);
    } catch (error) {
      message.textContent = sentenceOf(error);
    } finally {
      waiting = false;
      make.removeAttribute("aria-busy");
      if (document.activeElement === stop) make.focus();
      stop.hidden = true;
    }
  }

  return el("li", {}, make, message, stop);
}

function save(path: string): void {
  const link = el("a", { href: path, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}
