// Builds the page into bot/web/static, whose files are committed, so that users need no Node. The names of the files have no
// digests: the server answers with ETags, and a build of the same sources gives the same files, which a test compares.
// `npm run dev` serves the page with reload at port 5173 and sends the API's requests to a bot on port 8000.

import { defineConfig } from "vite";

const bot = { target: "http://127.0.0.1:8000", changeOrigin: true };

export default defineConfig({
  build: {
    outDir: process.env["OUT"] ?? "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", player: "src/player/player.ts", sw: "src/sw.ts", worklet: "src/sound/worklet.ts" },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
  server: { proxy: { "/api": bot, "/files": bot } },
});
