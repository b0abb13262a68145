// The keys of the player, and selecting bars with them. The list is in player.ts.

import type { Passage, Roll } from "./roll.ts";

const TEMPO_STEP = 10; // per cent

/** What the keys do. */
export interface KeyActions {
  readonly frame: number;
  readonly passage: Passage | null;
  toggle(): void;
  seek(frame: number): void;
  select(passage: Passage | null): void;
  /** Change the tempo by some per cent. */
  changeTempo(by: number): void;
  toggleLoop(): void;
  toggleMute(channel: number): void;
}

export class Keys {
  private anchor = 0; // the bar where selecting began
  private readonly roll: Roll;
  private readonly canvas: HTMLElement;
  private readonly actions: KeyActions;

  /** canvas: the roll's element, on which keys work although it has the focus. */
  constructor(roll: Roll, canvas: HTMLElement, actions: KeyActions) {
    this.roll = roll;
    this.canvas = canvas;
    this.actions = actions;
  }

  /** Do what a key stands for, unless it belongs to a control. */
  handle(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const onRoll = target === this.canvas;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!onRoll && target.closest("input, select, textarea, button, a, audio, video, summary, dialog, [contenteditable]")) return;
    const action = this.actionOf(event.key, event.shiftKey && onRoll);
    if (!action) return;
    event.preventDefault();
    action();
  }

  private actionOf(key: string, selecting: boolean): (() => void) | null {
    const { actions, roll } = this;
    if (key >= "1" && key <= "4" && key.length === 1) return () => actions.toggleMute(Number(key) - 1);
    switch (key) {
      case " ":
        return () => actions.toggle();
      case "ArrowLeft":
      case "ArrowRight": {
        const direction = key === "ArrowRight" ? 1 : -1;
        return () => (selecting ? this.extend(direction) : actions.seek(roll.barBeside(actions.frame, direction)));
      }
      case "Home":
        return () => actions.seek(0);
      case "End":
        return () => actions.seek(roll.bars.at(-2) ?? 0);
      case "Escape":
        return actions.passage ? () => actions.select(null) : null;
      case "-":
        return () => actions.changeTempo(-TEMPO_STEP);
      case "+":
      case "=":
        return () => actions.changeTempo(TEMPO_STEP);
      case "l":
        return () => actions.toggleLoop();
      default:
        return null;
    }
  }

  /** Select a bar more, or one less, from where selecting began. */
  private extend(direction: 1 | -1): void {
    const { roll, actions } = this;
    const { passage } = actions;
    if (!passage) {
      this.anchor = roll.barOf(actions.frame);
      const bar = roll.bars[this.anchor] ?? 0;
      return actions.select(roll.barsBetween(bar, bar));
    }
    const [first, last] = [roll.barOf(passage.from), roll.barOf(passage.to - 1)];
    if (this.anchor !== first && this.anchor !== last) this.anchor = first; // it was selected with the pointer
    const moving = first === this.anchor ? last : first;
    const next = Math.max(0, Math.min(roll.bars.length - 2, moving + direction));
    actions.select(roll.barsBetween(roll.bars[this.anchor] ?? 0, roll.bars[next] ?? 0));
  }
}
