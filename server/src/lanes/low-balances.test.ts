import { expect, it } from "vitest";
import { LowBalances } from "./low-balances.ts";

it("rests an account, then tries one, until something of it lands", () => {
  let clock = 0;
  const balances = new LowBalances(() => new Date(clock));
  expect(balances.stateOf("a")).toBe("fine");
  balances.note("a");
  expect(balances.stateOf("a")).toBe("low");
  expect(balances.stateOf("b")).toBe("fine");
  clock = 5_000;
  expect(balances.stateOf("a")).toBe("probing");
  balances.note("a");
  expect(balances.stateOf("a")).toBe("low");
  balances.clear("a");
  expect(balances.stateOf("a")).toBe("fine");
});
