import { readFile } from "node:fs/promises";
import { Code } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { codeOfReason } from "./error-codes.ts";

const proto = await readFile(
  new URL("../../proto/countersign/error/v1/error.proto", import.meta.url),
  "utf8",
);
/** Each value's comment, its lines joined, and its name. */
const VALUES = [...proto.matchAll(/((?: {2}\/\/.*\n)+) {2}ERROR_REASON_([A-Z0-9_]+) = (\d+);/g)].map(
  ([, comment = "", name = "", number]) => ({
    name,
    number: Number(number) as ErrorReason,
    code: /Code ([A-Z_]+)/.exec(comment.replace(/\n {2}\/\//g, ""))?.[1],
  }),
);

test("the contract's text names every reason", () => {
  expect(VALUES.map((v) => [v.name, v.number])).toEqual(Object.entries(ErrorReason));
});

test.each(VALUES.filter((v) => v.code !== undefined))(
  "$name has the code $code, as its comment says",
  (value) => {
    expect(codeOfReason(value.number)).toBe(codeFromString((value.code ?? "").toLowerCase()));
  },
);

test("only reasons that never end a call have no code in their comment", () => {
  expect(VALUES.filter((v) => v.code === undefined).map((v) => v.name)).toEqual([
    "UNSPECIFIED",
    "EXECUTION_FAILED",
    "TRANSACTION_REFUSED",
    "SUBMISSION_EXPIRED",
  ]);
});

test("a number that is no reason is INTERNAL", () => {
  expect(codeOfReason(99_999 as ErrorReason)).toBe(Code.Internal);
});
