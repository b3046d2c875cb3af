import { expect, it } from "vitest";
import { call, delegate } from "../../../tests/signer/support/policy-checks.ts";
import { gasBound } from "./gas-bound.ts";

const TGAS = 10n ** 12n;

it("a transaction that does nothing counts, and so does each of its bytes", () => {
  expect(gasBound([], 0)).toBe(2n * TGAS);
  expect(gasBound([], 196_608)).toBe(2n * TGAS + 29_491_200_000_000n);
});

it("actions count what they attach and an allowance each", () => {
  const deploy = { kind: "DeployContract" as const, code: new Uint8Array() };
  const creation = [{ kind: "CreateAccount" as const }, { kind: "Transfer" as const, deposit: 5n }];
  expect(gasBound([call({ gas: 30n * TGAS }), call(), deploy], 0)).toBe((2n + 32n + 2n + 2n) * TGAS);
  expect(gasBound(creation, 0)).toBe((2n + 10n + 10n) * TGAS);
});

it("a delegate counts as its inner actions do", () => {
  const inner = [call({ gas: 300n * TGAS }), { kind: "Transfer" as const, deposit: 0n }];
  expect(gasBound([delegate({ actions: inner })], 7)).toBe(gasBound(inner, 7));
});
