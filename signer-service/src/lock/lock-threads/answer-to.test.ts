import { randomBytes } from "node:crypto";
import { verifyRemove } from "@countersign/crypto/lock/lock-answer.ts";
import { expect, it } from "vitest";
import { lockSuite } from "../lock-suites.ts";
import { newLockKey } from "../new-lock-key.ts";
import { answerTo } from "./answer-to.ts";
import type { LockThreadJob } from "./lock-thread-job.ts";

const group = lockSuite(1);
const key = newLockKey(1, randomBytes);
const element = group.multiplyBase(key.exponent);

function newJob(change: Partial<LockThreadJob> = {}): LockThreadJob {
  const { suite, commitment } = key;
  const exponent = Uint8Array.from(key.exponent);
  const inverse = group.invert(exponent);
  const nonce = randomBytes(group.wideSize);
  return { operation: "remove", suite, commitment, exponent, inverse, nonce, element, ...change };
}

it.each<[string, Partial<LockThreadJob>, ReturnType<typeof answerTo>["kind"]]>([
  ["that unlocks", {}, "done"],
  ["that locks", { operation: "apply" }, "done"],
  ["with what is no element", { element: new Uint8Array(32) }, "refused"],
  ["with a key that was wiped", { exponent: new Uint8Array(32) }, "failed"],
])("a job %s leaves no secret behind", (_, change, kind) => {
  const job = newJob(change);
  expect(answerTo(job).kind).toBe(kind);
  for (const secret of [job.exponent, job.inverse, job.nonce])
    expect(secret.every((b) => b === 0)).toBe(true);
});

it("an inverse of another exponent gives an answer whose proof does not hold", () => {
  const answer = answerTo(newJob({ inverse: group.invert(newLockKey(1, randomBytes).exponent) }));
  if (answer.kind !== "done") throw new Error(answer.message);
  expect(verifyRemove(group, key.commitment, element, answer)).toBe(false);
});
