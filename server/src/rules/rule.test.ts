import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { askAll, firstRefusal, type Refusal, type Rule } from "./rule.ts";

/** Rules that refuse with their name where they are among `failing`, and the order in which they were asked. */
function rulesOf(names: readonly string[], failing: readonly string[]) {
  const asked: string[] = [];
  const rules = names.map((name): Rule<null> => {
    const refusal: Refusal = { reason: ErrorReason.FIELD_INVALID, message: name };
    return {
      name,
      isDecidedByLedger: name.startsWith("ledger"),
      check: async () => {
        asked.push(name);
        return failing.includes(name) ? refusal : undefined;
      },
    };
  });
  return { rules, asked };
}

const NAMES = ["bytes", "ledger 1", "key", "ledger 2", "nonce"];

test("where all hold, those that the ledger decides are not asked", async () => {
  const { rules, asked } = rulesOf(NAMES, ["ledger 1", "ledger 2"]);
  expect(await firstRefusal(rules, null)).toBeUndefined();
  expect(asked).toEqual(["bytes", "key", "nonce"]);
});

test("where one fails, those before it that the ledger decides are asked: they come first", async () => {
  const { rules, asked } = rulesOf(NAMES, ["ledger 1", "key"]);
  expect((await firstRefusal(rules, null))?.message).toBe("ledger 1");
  expect(asked).toEqual(["bytes", "key", "ledger 1"]);
});

test("where one fails and the ledger would not refuse, it is why", async () => {
  const { rules, asked } = rulesOf(NAMES, ["nonce"]);
  expect((await firstRefusal(rules, null))?.message).toBe("nonce");
  expect(asked).toEqual(["bytes", "key", "nonce", "ledger 1", "ledger 2"]);
});

test("the first failure before the ledger's costs it nothing", async () => {
  const { rules, asked } = rulesOf(NAMES, ["bytes", "ledger 1"]);
  expect((await firstRefusal(rules, null))?.message).toBe("bytes");
  expect(asked).toEqual(["bytes"]);
});

test("where one cannot be asked, those before it that the ledger decides are", async () => {
  const { rules, asked } = rulesOf(NAMES.slice(0, 2), ["ledger 1"]);
  const away: Rule<null> = {
    name: "key",
    check: async () => {
      throw new Error("the chain is away");
    },
  };
  expect((await firstRefusal([...rules, away], null))?.message).toBe("ledger 1");
  expect(asked).toEqual(["bytes", "ledger 1"]);
  const others = rulesOf(NAMES.slice(0, 2), []).rules;
  await expect(firstRefusal([...others, away], null)).rejects.toThrow("the chain is away");
});

test("a dry run asks them all, in their order", async () => {
  const { rules, asked } = rulesOf(NAMES, ["ledger 1"]);
  const results = await askAll(rules, null);
  expect(asked).toEqual(NAMES);
  expect(results.filter(({ outcome }) => outcome === "failed").map(({ rule }) => rule)).toEqual(["ledger 1"]);
});
