import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { operationName } from "./operation-id.ts";

test("names of later operations sort later, also over decades", () => {
  const years = [2026, 2027, 2059, 2060, 2099];
  const names = years.map((year) => operationName(new Date(`${year}-01-01`), randomBytes));
  for (const key of ["id", "short"] as const) {
    const texts = names.map((name) => name[key]);
    expect(texts.toSorted()).toEqual(texts);
  }
});

test("the end of a key's id has 17 characters, so that with the longest prefix it has at most 64", () => {
  const { id, short } = operationName(new Date(), randomBytes);
  expect(short).toMatch(/^[0-9a-z]{9}[0-9a-f]{8}$/);
  expect(id).toBe(`kop_${short}`);
  expect(operationName(new Date(0), randomBytes).short).toHaveLength(17);
});
