import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { transformWithOxc, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What is asked ahead of the page's script stands in the page: as a file it would be asked for first. */
const ahead: Plugin = {
  name: "homing-ahead",
  transformIndexHtml: {
    order: "pre",
    async handler(html) {
      const file = fileURLToPath(new URL("src/ahead.ts", import.meta.url));
      const { code } = await transformWithOxc(await readFile(file, "utf8"), file, { sourcemap: false });
      return html.replace("<!-- ahead -->", `<script>${code}</script>`);
    },
  },
};

export default defineConfig({
  plugins: [svelte(), svelteTesting(), ahead],
  clearScreen: false,
  server: { port: 5173, strictPort: false, host: "127.0.0.1" },
  build: {
    outDir: "dist",
    target: ["chrome111", "safari16"],
    chunkSizeWarningLimit: 900,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./tests/setup.ts"],
    include: ["tests/**/*.test.ts"],
    css: false,
    // All processors: left to itself it keeps one free, and on a machine with two all files run one after the other.
    maxWorkers: "100%",
    // Every view is rendered more than once in some of them: a busy machine takes longer than the usual five seconds.
    testTimeout: 30_000,
  },
});
