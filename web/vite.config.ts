import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    // Everything by name from our own origin: the policy of the page allows no data: but for pictures.
    assetsInlineLimit: 0,
    // The polyfill is an inline script in older browsers, which the policy forbids.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  test: { include: ["src/**/*.test.ts"] },
});
