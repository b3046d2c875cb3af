import { defineConfig } from "vite";

export default defineConfig({
  // Beside whatever path the page is served at.
  base: "./",
  build: { target: "esnext", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  worker: { format: "es" },
});
