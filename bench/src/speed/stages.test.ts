import { expect, test } from "vitest";
import { stagesOf } from "./stages.ts";

const frame = (functionName: string, url = "") => ({ functionName, url });

test("a sample belongs to the innermost frame of a stage, and idle time to none", () => {
  const stages = stagesOf({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 3, 7, 8] },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("accept", "file:///x/server/src/tx/intake.ts"), children: [4, 6] },
      { id: 4, callFrame: frame("check", "file:///x/server/src/rules/rule.ts"), children: [5] },
      { id: 5, callFrame: frame("verify", "node:internal/crypto/sig") },
      { id: 6, callFrame: frame("run", "file:///x/node_modules/kysely/x.js") },
      { id: 7, callFrame: frame("writev") },
      { id: 8, callFrame: frame("(garbage collector)") },
    ],
    samples: [2, 5, 5, 6, 3, 7, 8],
    timeDeltas: [9_000, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000],
  });
  expect(Object.fromEntries(stages)).toEqual({
    "rules, with the delegate's signature": 3,
    intake: 12,
    "Node itself": 16,
    "garbage collection": 32,
  });
});
