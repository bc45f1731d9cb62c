import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    // Emit every asset as a file of our origin. The content security policy allows data: URLs only for images.
    assetsInlineLimit: 0,
    // In older browsers the polyfill is an inline script, which the content security policy forbids.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  // Tests of pictures compute for seconds, and CI builds the functions beside them.
  test: { include: ["src/**/*.test.ts"], testTimeout: 120_000 },
});
