import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that change modules for themselves, which no other file may see. */
const ISOLATED = ["tests/session/attestation.test.ts"];

/** Files that take a minute or more: begun last, one of them would run alone at the end. */
const LONGEST = [
  "tests/lost-answers/faulty-nodes.test.ts",
  "tests/threshold-attacks/crash.test.ts",
  "tests/signer/crash/crash.test.ts",
  "tests/ecdsa-attacks/crash.test.ts",
  "tests/crash/killed-relay.test.ts",
  "tests/key-pool/killed-relay.test.ts",
  "tests/contract/contract.test.ts",
  "tests/edge/lock.test.ts",
  "tests/signer/memory/relay-memory.test.ts",
  "tests/signer/compromised-relay/compromised-relay.test.ts",
  "tests/browser/lock.test.ts",
  "tests/lanes/ordering.test.ts",
  "bench/src/ecdsa/bench.test.ts",
  "tests/examples/app.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Left to itself, vitest leaves a core to its own process: of two, that is half. A fifth of the time a worker waits, for
    // blocks, leases and time limits.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", ...ISOLATED],
          // The files of a worker share their modules: loading them again for each was half of all CPU time.
          isolate: false,
        },
      },
      { extends: true, test: { name: "isolated", include: ISOLATED } },
    ],
  },
});
