import { describe, expect, it } from "vitest";
import { callArguments } from "./call-arguments.ts";

const read = (text: string) => callArguments(Buffer.from(text));

describe("a call's arguments", () => {
  it("are JSON with objects as maps", () => {
    expect(read('{"a": {"b": [1, "x:y", "\\":{", null, true]}, "": 2.5}')).toEqual(
      new Map<string, unknown>([
        ["a", new Map([["b", [1, "x:y", '":{', null, true]]])],
        ["", 2.5],
      ]),
    );
    expect(read("[]")).toEqual([]);
    expect(read('"x"')).toBe("x");
  });

  it("keep a field that is named like an object's own", () => {
    expect(read('{"__proto__": {"a": 1}}')).toEqual(new Map([["__proto__", new Map([["a", 1]])]]));
  });

  it.each([
    ["nothing", ""],
    ["borsh", "\u0000\u0001"],
    ["a field twice", '{"amount": 1, "amount": 2}'],
    ["a field twice, once with an escape", '{"amount": 1, "\\u0061mount": 2}'],
    ["a field twice further in", '{"a": [{"x:": 1, "x:": 2}]}'],
    ["more than 4 KiB", `"${"x".repeat(4_095)}"`],
    ["17 levels", `${"[".repeat(17)}${"]".repeat(17)}`],
    ["4 KiB of levels", "[".repeat(2_048) + "]".repeat(2_048)],
    ["a byte order mark", "\ufeff{}"],
  ])("are null for %s", (_name, text) => expect(read(text)).toBeNull());

  it("are null for bytes that are not UTF-8", () => {
    expect(callArguments(Buffer.from([0x22, 0xff, 0x22]))).toBeNull();
  });

  it("are read up to their bounds", () => {
    expect(read(`"${"x".repeat(4_094)}"`)).toHaveLength(4_094);
    expect(read(`${"[".repeat(16)}${"]".repeat(16)}`)).not.toBeNull();
  });
});
