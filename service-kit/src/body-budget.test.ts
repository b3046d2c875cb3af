import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { BodyBudget, defaultBodiesMaxBytes } from "./body-budget.ts";
import { errorFromConnect } from "./connect-errors.ts";

const KIB = 1024;

function refusalOf(take: () => void) {
  try {
    take();
  } catch (error) {
    return errorFromConnect(error);
  }
  return undefined;
}

test("large bodies leave an eighth to small ones, which get it to the last byte", () => {
  const budget = new BodyBudget(1024 * KIB);
  budget.open("r1").take(896 * KIB);
  expect(refusalOf(() => budget.open("r2").take(64 * KIB + 1))).toMatchObject({
    reason: ErrorReason.OVERLOADED,
    retryAfterMs: 1000,
  });
  budget.open("r3").take(64 * KIB);
  budget.open("r4").take(64 * KIB);
  expect(refusalOf(() => budget.open("r5").take(1))).toMatchObject({ reason: ErrorReason.OVERLOADED });
  expect(budget.heldBytes).toBe(1024 * KIB);
});

test("a call that finds no room leaves what it had to the others", () => {
  const budget = new BodyBudget(1024 * KIB);
  const [failing, other] = [budget.open("r1"), budget.open("r2")];
  failing.take(400 * KIB);
  other.take(400 * KIB);
  expect(refusalOf(() => failing.take(100 * KIB))).toMatchObject({ reason: ErrorReason.OVERLOADED });
  other.take(400 * KIB);
  failing.giveBack();
  expect(budget.heldBytes).toBe(800 * KIB);
});

test("what a call took is there again once, however often it is given back", () => {
  const budget = new BodyBudget(1024);
  const share = budget.open("r1");
  budget.open("r2").take(24);
  share.take(1000);
  share.giveBack();
  share.giveBack();
  expect(budget.heldBytes).toBe(24);
});

test("a call that has given back takes nothing more", () => {
  const budget = new BodyBudget(1024);
  const share = budget.open("r1");
  share.giveBack();
  expect(() => share.take(1)).toThrow("ended");
  expect(budget.heldBytes).toBe(0);
});

test("without a bound it is 64 MiB, and more where messages are large", () => {
  expect(defaultBodiesMaxBytes(262_144)).toBe(64 * KIB * KIB);
  expect(defaultBodiesMaxBytes(16 * KIB * KIB)).toBe(128 * KIB * KIB);
});
