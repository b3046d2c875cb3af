import { expect, test } from "vitest";
import type { KeyState } from "./key-records.ts";
import { canMove, finishesReserved, parseKeyState, takesNew } from "./key-states.ts";

const STATES: readonly KeyState[] = ["PENDING", "ACTIVE", "DRAINED", "RETIRED"];

test("a key goes from pending to active to drained to retired, and never back", () => {
  const moves = STATES.flatMap((from) =>
    STATES.filter((to) => canMove(from, to)).map((to) => `${from} ${to}`),
  );
  expect(moves).toEqual(["PENDING ACTIVE", "PENDING RETIRED", "ACTIVE DRAINED", "DRAINED RETIRED"]);
});

test("only an active key takes new payloads, and a drained one finishes what it began", () => {
  expect(STATES.filter(takesNew)).toEqual(["ACTIVE"]);
  expect(STATES.filter(finishesReserved)).toEqual(["ACTIVE", "DRAINED"]);
});

test("a text that is no state is refused, also one that every object has", () => {
  expect(STATES.map(parseKeyState)).toEqual(STATES);
  expect(() => parseKeyState("toString")).toThrow(TypeError);
});
