// The colours of the channels, as in the pictures that the bot posts (generator/pictures/colours.py). Where both pulses
// play the same note, the roll shows both colours.

export const CHANNEL_COLOURS = ["#ffaa14", "#56b4ff", "#1ecd96", "#d6a0cd"] as const;
export const WHITE_KEYS = "#1c1e30";
export const BLACK_KEYS = "#161827";
export const BEAT_LINE = "#292c44";
export const BAR_LINE = "#4e537a";
export const LOOP_COLOUR = "#f0e442";
export const PLAYHEAD = "#f0f1f8";
