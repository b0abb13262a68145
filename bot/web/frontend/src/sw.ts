// The service worker: the page without a network. It keeps the page's own files, and what was opened: a song's page, score,
// sound and picture. With a network it changes nothing: answers of the server come first, and only files that never change
// come from the cache.

const CACHE = "chiptune-1";
const SHELL = ["/", "/index.js", "/index.css", "/worklet.js", "/sequencer.js", "/player.js", "/icon.svg", "/demo.json"];
const VIEWS = /^\/($|song\/|charts$|battle$|contest$|taste$|play$)/;
const NEVER_CHANGES = /^\/(files\/|api\/songs\/[0-9a-f]{32}\/score$)/;
const KEPT_WHEN_READ = /^\/api\/(songs\/[0-9a-f]{32}(\/(family|takes))?$|songs$|exports$|options$)/;
const MOST = 400; // answers that are kept; the oldest go first

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

self.addEventListener("install", (event) => {
  (event as Waiting).waitUntil(
    caches.open(CACHE).then((cache) => Promise.all(SHELL.map((path) => cache.add(path).catch(() => undefined)))),
  );
});

self.addEventListener("activate", (event) => {
  const forgetOld = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  const claim = (self as unknown as { clients: { claim(): Promise<void> } }).clients.claim();
  (event as Waiting).waitUntil(Promise.all([forgetOld, claim]));
});

self.addEventListener("message", (event) => {
  const { keep } = (event as MessageEvent<{ keep?: string[] }>).data;
  if (keep) (event as unknown as Waiting).waitUntil(Promise.all(keep.map((path) => keepPath(path))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (VIEWS.test(pathname)) (event as Fetching).respondWith(fromNetwork(request, "/"));
  } else if (NEVER_CHANGES.test(pathname)) {
    (event as Fetching).respondWith(fromCache(request));
  } else if (KEPT_WHEN_READ.test(pathname) || SHELL.includes(pathname)) {
    (event as Fetching).respondWith(fromNetwork(request, request));
  }
});

/** The server's answer, which is kept; without a network, what was kept under `fallback`. */
async function fromNetwork(request: Request, fallback: RequestInfo): Promise<Response> {
  try {
    const answer = await fetch(request);
    if (answer.ok && request.mode !== "navigate") await keepAnswer(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(fallback);
    if (kept) return kept;
    throw error;
  }
}

/** What was kept, else the server's answer. Players ask for parts of files, which come out of the whole. */
async function fromCache(request: Request): Promise<Response> {
  const kept = await caches.match(request.url);
  if (kept) return part(kept, request.headers.get("Range"));
  const answer = await fetch(request);
  if (answer.status === 200 && request.url.endsWith(".json")) await keepAnswer(request, answer.clone());
  return answer;
}

async function part(whole: Response, range: string | null): Promise<Response> {
  const match = range?.match(/^bytes=(\d+)-(\d*)$/);
  if (!match) return whole;
  const bytes = await whole.arrayBuffer();
  const from = Number(match[1]);
  const to = match[2] ? Math.min(Number(match[2]), bytes.byteLength - 1) : bytes.byteLength - 1;
  const headers = new Headers(whole.headers);
  headers.set("Content-Range", `bytes ${from}-${to}/${bytes.byteLength}`);
  headers.set("Content-Length", String(to - from + 1));
  return new Response(bytes.slice(from, to + 1), { status: 206, headers });
}

async function keepPath(path: string): Promise<void> {
  if (await caches.match(path)) return;
  const answer = await fetch(path).catch(() => null);
  if (answer?.status === 200) await keepAnswer(new Request(path), answer);
}

async function keepAnswer(request: Request, answer: Response): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put(request.url, answer);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST))) await cache.delete(old);
}
