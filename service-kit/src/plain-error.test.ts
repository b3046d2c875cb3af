import { expect, test } from "vitest";
import { plainError } from "./plain-error.ts";

/** Messages of an error and its causes, as they are written. */
function messages(written: unknown): string[] {
  const found: string[] = [];
  for (let at = written; at !== undefined; at = (at as { cause?: unknown }).cause) {
    found.push((at as { message: string }).message);
  }
  return found;
}

test("an error is written with its causes", () => {
  const error = new TypeError("outer", { cause: new Error("inner") });
  const written = plainError(error);
  expect(written).toMatchObject({ type: "TypeError", message: "outer", stack: error.stack });
  expect(messages(JSON.parse(JSON.stringify(written)))).toEqual(["outer", "inner"]);
  expect(plainError("text")).toBe("text");
});

test("of a cause that is its own cause, the first eight are written", () => {
  const error = new Error("again");
  error.cause = error;
  expect(messages(JSON.parse(JSON.stringify(plainError(error))))).toHaveLength(9);
});
