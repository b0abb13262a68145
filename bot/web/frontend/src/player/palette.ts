// The colours of the canvases: the page's CSS variables (../style/tokens.css), which follow light, dark and forced colours.

const NAMES = {
  channels: ["--p1", "--p2", "--tr", "--no"],
  white: "--roll-white",
  black: "--roll-black",
  beat: "--roll-beat",
  bar: "--roll-bar",
  loop: "--roll-loop",
  playhead: "--playhead",
} as const;

export interface Palette {
  readonly channels: readonly string[];
  readonly white: string;
  readonly black: string;
  readonly beat: string;
  readonly bar: string;
  readonly loop: string;
  readonly playhead: string;
}

let known: Palette | null = null;
const watched = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));

/** Return the colours in use. */
export function palette(): Palette {
  return (known ??= read());
}

/** Call a function whenever the colours change. Return a function that ends this. */
export function onPaletteChange(changed: () => void): () => void {
  const forget = () => {
    known = null;
    changed();
  };
  for (const query of watched) query.addEventListener("change", forget);
  return () => watched.forEach((query) => query.removeEventListener("change", forget));
}

function read(): Palette {
  // A canvas does not know light-dark() and variables: an element resolves them.
  const probe = document.createElement("span");
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const resolve = (name: string): string => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  const { channels, ...rest } = NAMES;
  const colours = Object.fromEntries(Object.entries(rest).map(([key, name]) => [key, resolve(name)]));
  const found = { ...colours, channels: channels.map(resolve) } as unknown as Palette;
  probe.remove();
  return found;
}
