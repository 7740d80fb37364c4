import { defineConfig } from "vitest/config"

/** Storms, fuzzing and load against the built server: minutes, one after the other, and not part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/soak/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000
  }
})
