import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    // Every asset becomes a file of our own origin. The content security policy allows data: URLs only for images.
    assetsInlineLimit: 0,
    // The polyfill for older browsers is an inline script, which the content security policy forbids.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  // The timeout, in milliseconds, is long, because tests of pictures compute for seconds while CI also builds the functions.
  test: { include: ["src/**/*.test.ts"], testTimeout: 120_000 },
});
