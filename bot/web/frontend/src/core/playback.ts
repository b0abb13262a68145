// Only one thing on the page plays at a time: a player, an audio element or a film.

let stop: (() => void) | null = null;

/** Note that something plays now, and stop what played before. stopThis: called when something else begins to play. */
export function claimPlayback(stopThis: () => void): void {
  if (stop && stop !== stopThis) stop();
  stop = stopThis;
}

document.addEventListener(
  "play",
  (event) => {
    const media = event.target;
    if (media instanceof HTMLMediaElement) claimPlayback(pauseOf(media));
  },
  true, // media events do not bubble
);

const pauses = new WeakMap<HTMLMediaElement, () => void>();

function pauseOf(media: HTMLMediaElement): () => void {
  let pause = pauses.get(media);
  if (!pause) pauses.set(media, (pause = () => media.pause()));
  return pause;
}
