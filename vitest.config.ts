import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Left to itself, vitest leaves a core to its own process: of two, that is half.
    maxWorkers: availableParallelism(),
  },
});
