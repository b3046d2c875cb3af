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
    expect(read("{}")).toEqual(new Map());
  });

  it("keep the integers that a double holds as they are", () => {
    const [largest, smallest] = [2 ** 53 - 1, -(2 ** 53) + 1];
    const args = new Map([
      ["a", largest],
      ["b", smallest],
    ]);
    expect(read(`{"a": ${largest}, "b": ${smallest}}`)).toEqual(args);
  });

  it("keep a field that is named like an object's own", () => {
    expect(read('{"__proto__": {"a": 1}}')).toEqual(new Map([["__proto__", new Map([["a", 1]])]]));
  });

  it.each([
    ["nothing", ""],
    ["borsh", "\u0000\u0001"],
    ["null", "null"],
    ["a string", '"x"'],
    ["a number", "1"],
    ["a list", "[]"],
    ["an integer that would be rounded", '{"amount": 9007199254740993}'],
    ["an integer that would be rounded up to 2^53", '{"amount": 9007199254740992}'],
    ["a negative one further in", '{"a": [{"b": -9007199254740993}]}'],
    ["a number that is too large", '{"amount": 1e400}'],
    ["a field twice", '{"amount": 1, "amount": 2}'],
    ["a field twice, once with an escape", '{"amount": 1, "\\u0061mount": 2}'],
    ["a field twice further in", '{"a": [{"x:": 1, "x:": 2}]}'],
    ["more than 4 KiB", `{"a": "${"x".repeat(4_088)}"}`],
    ["17 levels", `{"a": ${"[".repeat(16)}${"]".repeat(16)}}`],
    ["4 KiB of levels", `{"a":${"[".repeat(2_045)}${"]".repeat(2_045)}}`],
    ["a byte order mark", "\ufeff{}"],
  ])("are not read of %s", (_name, text) => expect(read(text)).toBeUndefined());

  it("are not read of bytes that are not UTF-8", () => {
    expect(callArguments(Buffer.from('{"a": "\xff"}', "latin1"))).toBeUndefined();
  });

  it("are read up to their bounds", () => {
    expect(read(`{"a": "${"x".repeat(4_087)}"}`)).toEqual(new Map([["a", "x".repeat(4_087)]]));
    expect(read(`{"a": ${"[".repeat(15)}${"]".repeat(15)}}`)).toBeInstanceOf(Map);
  });
});
