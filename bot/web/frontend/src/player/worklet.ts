// The sound chip as an AudioWorklet.

export {};
