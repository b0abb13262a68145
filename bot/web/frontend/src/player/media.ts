// The media keys, and what the system shows of what plays.

/** What the keys do. step: seconds to move, negative for back. */
export interface MediaActions {
  play(): void;
  pause(): void;
  restart(): void;
  step(seconds: number): void;
}

const STEP_SECONDS = 5;

/** Let the media keys control a tune, until another one takes them. */
export function takeMediaKeys(title: string, picture: string | undefined, actions: MediaActions): void {
  const session = navigator.mediaSession;
  if (!session) return;
  const artwork = picture ? [{ src: new URL(picture, location.href).href }] : [];
  session.metadata = new MediaMetadata({ title, artist: "Chiptune Bot", artwork });
  const handlers: [MediaSessionAction, () => void][] = [
    ["play", actions.play],
    ["pause", actions.pause],
    ["stop", actions.pause],
    ["previoustrack", actions.restart],
    ["seekbackward", () => actions.step(-STEP_SECONDS)],
    ["seekforward", () => actions.step(STEP_SECONDS)],
  ];
  for (const [action, handler] of handlers) session.setActionHandler(action, handler);
}

/** Tell the system whether something plays, which the play key depends on. */
export function tellMediaState(playing: boolean): void {
  if (navigator.mediaSession) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
}
