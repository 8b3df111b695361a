import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  clearScreen: false,
  server: { port: 5173, strictPort: false, host: "127.0.0.1" },
  build: {
    outDir: "dist",
    target: ["chrome111", "safari16"],
    chunkSizeWarningLimit: 900,
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
