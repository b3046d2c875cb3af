import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { ExportRates } from "./export-rates.ts";

const HOUR_MS = 3_600_000;

test("a user and a tenant have so many exports within an hour, and are told when there is room again", () => {
  let now = 0;
  const rates = new ExportRates(() => now);
  const take = (tenant: string, user: string) => {
    try {
      rates.take({ tenant, user }, { userPerHour: 2, tenantPerHour: 3 });
      return "taken";
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== ErrorReason.RATE_LIMITED) throw error;
      return error.retryAfterMs;
    }
  };
  expect(take("acme", "a")).toBe("taken");
  now = 1_000;
  expect(take("acme", "a")).toBe("taken");
  expect(take("acme", "a")).toBe(HOUR_MS - 1_000);
  now = 2_000;
  expect(take("acme", "b")).toBe("taken");
  expect(take("acme", "c")).toBe(HOUR_MS - 2_000);
  expect(take("globex", "a")).toBe("taken");
  now = HOUR_MS;
  expect(take("acme", "a")).toBe("taken");
  expect(take("acme", "a")).toBe(1_000);
});
