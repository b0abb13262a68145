// The page: sends requests, follows them, plays songs, votes and lists the history. The chart is in top.js, battles in
// battle.js, the contest in contest.js, and the taste in taste.js.
// Data from the server goes into the page as text, never as HTML. The address names the request that is followed
// (#request=ID) or the song that is shown (#song=ID), so a reload continues with it.

import { makeBattle } from "./battle.js";
import { makeContest } from "./contest.js";
import { makeTaste } from "./taste.js";
import { makeChart } from "./top.js";

const POLL_MILLISECONDS = 700;
const RETRY_MILLISECONDS = 3000;
const PAGE = 20;

const $ = (id) => document.getElementById(id);
const form = $("form");
let midi = null; // the file to remix
let source = null; // or the song
let modes = {}; // the fields that each mode uses
let options = {}; // the limits and choices of a request
let shown = null; // the song in the player
let vote = 0; // this browser's vote on it
let following = null; // the request that is being followed
let oldest = null; // the last song of the history's last page

// Talking to the server

// choices: the names of the files in a zip, if one of them must be chosen.
class ApiError extends Error {
  constructor(message, choices) {
    super(message);
    this.choices = choices;
  }
}

async function call(path, options = {}) {
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(answer.error || `The bot answered with ${response.status}.`, answer.choices);
  return answer;
}

const sendJson = (path, value) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

function sentence(error) {
  return error instanceof ApiError ? error.message : "The bot cannot be reached. Is it running?";
}

function say(id, text) {
  $(id).textContent = text;
  $(id).hidden = !text;
}

// The form

const text = (name) => form.elements[name].value.trim();
// Text that is not a number is sent as typed, so that the server's error says what is wrong.
const number = (value) => (Number.isNaN(Number(value)) ? value : Number(value));

const WORDS = ["scene", "key", "density", "span", "sound"];
const ALWAYS = ["seed", "sound"]; // every mode uses these
const WRITING = ["temperature"]; // all modes but an arrangement use these

const mode = () => (midi || source ? text("mode") : "generate");

function used(name) {
  if (name === "mode") return mode() !== "generate";
  if (ALWAYS.includes(name)) return true;
  return WRITING.includes(name) ? mode() !== "arrange" : (modes[mode()] || []).includes(name);
}

function fields() {
  const values = { mode: mode() };
  for (const part of form.querySelectorAll("[data-field]")) {
    const name = part.dataset.field;
    if (!used(name) || name === "mode") continue;
    if (name === "keep") {
      values.keep = [...part.querySelectorAll("input:checked")].map((box) => box.value);
    } else if (form.elements[name].validity.badInput) values[name] = "that";
    else if (text(name)) values[name] = WORDS.includes(name) ? text(name) : number(text(name));
  }
  return values;
}

function send() {
  if (source) return sendJson(`/api/songs/${source.id}/remix`, fields());
  if (!midi) return sendJson("/api/requests", fields());
  const body = new FormData();
  const member = $("members").hidden ? {} : { member: $("member").value };
  body.append("request", JSON.stringify({ ...fields(), ...member }));
  body.append("file", midi);
  return call("/api/requests", { method: "POST", body });
}

async function submit(sending, errorId) {
  say("error", "");
  say("song-error", "");
  busy(true);
  try {
    follow((await sending()).id);
  } catch (error) {
    busy(false);
    say(errorId, sentence(error));
    if (error.choices) chooseMember(error.choices);
  }
}

// A zip holds several files: offer them, for the next try.
function chooseMember(names) {
  $("member").replaceChildren(...names.map((name) => new Option(name)));
  $("members").hidden = !names.length;
  if (names.length) $("member").focus();
}

function busy(yes) {
  $("send").disabled = yes;
  $("another").disabled = yes;
}

// Choose what to remix: a file, a song of the page, or null for a new tune.
function choose(file, song) {
  midi = file || null;
  source = song || null;
  const name = midi ? midi.name : source ? source.title : "";
  $("file-name").textContent = name;
  $("chosen").hidden = !name;
  $("send").textContent = name ? "Remix" : "Compose";
  $("form-title").textContent = name ? "Remix" : "New tune";
  if (!midi) $("file").value = "";
  chooseMember([]);
  showFields();
  say("error", "");
}

function showFields() {
  for (const part of form.querySelectorAll("[data-field]")) part.hidden = !used(part.dataset.field);
  const limits = mode() === "generate" ? "bpm" : "remix_bpm";
  if (options[limits]) [form.elements.bpm.min, form.elements.bpm.max] = options[limits];
}

// Following a request

function follow(id) {
  following = id;
  busy(true);
  history.replaceState(null, "", `#request=${id}`);
  $("bar").value = 0;
  stage("Sent.");
  $("cancel").disabled = false;
  $("job").hidden = false;
  poll(id);
}

function stage(words) {
  if ($("stage").textContent !== words) $("stage").textContent = words; // screen readers announce only changes
}

async function poll(id) {
  if (following !== id) return;
  let wait = POLL_MILLISECONDS;
  try {
    const state = await call(`/api/requests/${id}`);
    if (following !== id) return;
    if (state.status === "done") return finish(() => show(state.song, true));
    if (state.status === "failed") return finish(() => say("error", state.error));
    $("bar").value = state.progress;
    stage(describe(state));
  } catch (error) {
    if (error instanceof ApiError) return finish(() => say("error", error.message));
    stage("The bot cannot be reached; trying again.");
    wait = RETRY_MILLISECONDS;
  }
  setTimeout(poll, wait, id);
}

function describe(state) {
  const capital = (words) => words[0].toUpperCase() + words.slice(1);
  return state.status === "queued" && state.place ? `${capital(state.place)}.` : `${capital(state.stage || "starting")}…`;
}

async function cancel() {
  $("cancel").disabled = true; // the next answer in poll() has the outcome
  try {
    await call(`/api/requests/${following}/cancel`, { method: "POST" });
  } catch (error) {
    say("error", sentence(error));
  }
}

function finish(then) {
  following = null;
  $("job").hidden = true;
  busy(false);
  history.replaceState(null, "", location.pathname);
  then();
}

// The player

const keyName = (key) => (key.endsWith("m") ? `${key.slice(0, -1)} minor` : `${key} major`);
const rounded = (value) => String(Math.round(value * 10) / 10);
const fileName = (song, path) => `${song.title.replace(/[^\p{L}\p{N} ._-]/gu, "") || "tune"}${path.slice(path.lastIndexOf("."))}`;

function summary(song) {
  return [song.scene, keyName(song.key), `${rounded(song.bpm)}\u00a0BPM`, `${rounded(song.seconds)}\u00a0s`].filter(Boolean);
}

function show(song, isNew) {
  shown = song;
  history.replaceState(null, "", `#song=${song.id}`);
  $("title").textContent = song.title;
  $("picture").src = song.picture;
  $("picture").alt = `Piano roll of “${song.title}”: two pulses, triangle and noise over ${rounded(song.seconds)} seconds.`;
  $("audio").src = song.audio;
  const shared = song.got.shared_notes;
  const original = shared === undefined ? "" : `longest run shared with a training song: ${shared} notes`;
  const density = song.got.density ? `${song.got.density} density` : "";
  $("recipe").textContent = [...summary(song), density, `seed ${song.seed}`, `model ${song.model}`, original, song.choice].filter(Boolean).join(" · ");
  say("report", song.report);
  showParent(song);
  say("song-error", "");
  say("song-note", "");
  for (const what of ["midi", "audio", "picture"]) {
    $(`get-${what}`).href = song[what];
    $(`get-${what}`).download = fileName(song, song[what]);
  }
  $("player").hidden = false;
  showVote(song.votes, song.vote || 0);
  if (isNew) {
    list();
    $("title").focus();
  }
  markCurrent();
}

async function showParent(song) {
  $("lineage").hidden = true;
  if (!song.parent) return;
  const parent = await call(`/api/songs/${song.parent}`).catch(() => null);
  if (!parent || shown !== song) return;
  $("parent").textContent = parent.title;
  $("lineage").hidden = false;
}

function showVote(sum, mine) {
  vote = mine;
  shown.votes = sum;
  $("votes").textContent = sum > 0 ? `+${sum}` : String(sum);
  $("up").setAttribute("aria-pressed", String(mine === 1));
  $("down").setAttribute("aria-pressed", String(mine === -1));
}

async function castVote(value) {
  const song = shown;
  try {
    const answer = await sendJson(`/api/songs/${song.id}/vote`, { value: value === vote ? 0 : value });
    if (shown === song) showVote(answer.votes, answer.vote);
    const sum = document.querySelector(`li[data-id="${song.id}"] .sum`); // rows of the chart have no such id
    if (sum) sum.textContent = sumText(answer.votes);
    if (shown === song) say("song-note", answer.note);
    chart.refresh();
    taste.refresh();
  } catch (error) {
    say("song-error", sentence(error));
  }
}

async function open(id) {
  try {
    show(await call(`/api/songs/${id}`), false);
    $("player").scrollIntoView({ block: "nearest" });
  } catch (error) {
    say("error", sentence(error));
  }
}

// The history

const sumText = (sum) => (sum ? `${sum > 0 ? "▲" : "▼"} ${Math.abs(sum)}` : "");

function row(song) {
  const item = document.createElement("li");
  item.dataset.id = song.id;
  const button = document.createElement("button");
  button.type = "button";
  for (const [name, words] of [["name", song.title], ["meta", summary(song).join(" · ")], ["sum", sumText(song.votes)]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = words;
    button.append(part);
  }
  button.addEventListener("click", () => open(song.id));
  item.append(button);
  return item;
}

async function list(before) {
  try {
    const songs = await call(`/api/songs?limit=${PAGE}${before ? `&before=${before}` : ""}`);
    if (!before) $("songs").replaceChildren();
    $("songs").append(...songs.map(row));
    $("empty").hidden = $("songs").children.length > 0;
    $("more").hidden = songs.length < PAGE;
    oldest = songs.length ? songs[songs.length - 1].id : oldest;
    markCurrent();
  } catch (error) {
    say("error", sentence(error));
  }
}

function markCurrent() {
  for (const item of $("songs").children) {
    item.firstChild.setAttribute("aria-current", String(Boolean(shown) && item.dataset.id === shown.id));
  }
}

// The start

async function fillForm() {
  options = await call("/api/options");
  $("file").accept = options.upload_suffixes.join(",");
  modes = options.modes;
  const same = (word) => word;
  for (const [name, words, shownAs] of [["scene", options.scenes, same], ["key", options.keys, keyName], ["density", options.densities, same]]) {
    for (const word of words) form.elements[name].add(new Option(shownAs(word), word));
  }
  for (const [name, words] of Object.entries(options.remix_modes)) form.elements.mode.add(new Option(words, name));
  for (const [sound, title] of Object.entries(options.sounds)) form.elements.sound.add(new Option(title, sound));
  for (const name of ["bpm", "seconds", "temperature", "bars", "transpose", "takes"]) {
    [form.elements[name].min, form.elements[name].max] = options[name];
  }
  showFields();
  form.elements.seconds.placeholder = options.default_seconds;
}

function listen() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(send, "error");
  });
  for (const [name, digits] of [["temperature", 1], ["strength", 2]]) {
    form.elements[name].addEventListener("input", () => {
      $(`${name}-shown`).textContent = Number(text(name)).toFixed(digits);
    });
  }
  form.elements.mode.addEventListener("change", showFields);
  $("file").addEventListener("change", () => choose($("file").files[0]));
  $("forget").addEventListener("click", () => choose(null));
  $("cancel").addEventListener("click", cancel);
  $("another").addEventListener("click", () => submit(() => call(`/api/songs/${shown.id}/another`, { method: "POST" }), "song-error"));
  $("remix").addEventListener("click", () => {
    choose(null, shown);
    $("form-title").scrollIntoView({ block: "nearest" });
    form.elements.mode.focus();
  });
  $("parent").addEventListener("click", () => open(shown.parent));
  $("up").addEventListener("click", () => castVote(1));
  $("down").addEventListener("click", () => castVote(-1));
  $("more").addEventListener("click", () => list(oldest));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    window.addEventListener(kind, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
    });
  }
}

function resume() {
  const [, what, id] = location.hash.match(/^#(request|song)=([0-9a-f]{32})$/) || [];
  if (what === "request") follow(id);
  if (what === "song") open(id);
}

listen();
fillForm().catch((error) => say("error", sentence(error)));
list();
const taste = makeTaste(call, (error) => say("error", sentence(error)));
const chart = makeChart(call, open, (error) => say("error", sentence(error)));
makeBattle(call, sendJson, open, sentence, chart.refresh);
makeContest(call, sendJson, open, sentence, () => shown.id);
resume();
