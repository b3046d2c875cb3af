import { create } from "@bufbuild/protobuf";
import { LimitsSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { expect, test } from "vitest";
import { limitsFromText, limitsText, NO_LIMITS } from "./limits.ts";

test("what was written is read again", () => {
  const text = limitsText(
    create(LimitsSchema, {
      tenantDay: { accounts: 0n, deposit: "340282366920938463463374607431768211455" },
      tenantMonth: { gas: "300000000000000000" },
      userDay: {},
      keyRate: { perSecond: 0.5, burst: 3 },
      userRate: { perSecond: 10, burst: 20 },
    }),
  );
  expect(limitsFromText(text)).toEqual({
    budgets: {
      "tenant-day": { accounts: 0n, deposit: 340282366920938463463374607431768211455n },
      "tenant-month": { gas: 300000000000000000n },
      "user-day": {},
      "user-month": {},
    },
    rates: { key: { perSecond: 0.5, burst: 3 }, user: { perSecond: 10, burst: 20 } },
  });
});

test("an empty document sets no bounds", () => {
  expect(limitsFromText(limitsText(create(LimitsSchema)))).toEqual(NO_LIMITS);
});

test.each([
  ["what is no JSON", "{"],
  ["an unknown field", '{"tenantWeek": {}}'],
  ["an amount in hexadecimal", '{"tenantDay": {"gas": "0x10"}}'],
  ["a negative amount", '{"tenantDay": {"deposit": "-1"}}'],
  ["an empty amount", '{"tenantDay": {"deposit": ""}}'],
  ["a rate of nothing", '{"keyRate": {"perSecond": 0, "burst": 5}}'],
  ["a rate without a burst", '{"keyRate": {"perSecond": 5}}'],
  ["an endless rate", '{"keyRate": {"perSecond": "Infinity", "burst": 5}}'],
])("%s is an error", (_, text) => {
  expect(() => limitsFromText(text)).toThrow();
});
