import { expect, test } from "vitest";
import { setRateHeaders } from "./rate-headers.ts";

test("states policies and levels as the draft writes them", () => {
  const headers = new Headers();
  setRateHeaders(
    headers,
    [
      { name: "ip", key: "192.0.2.1", rate: { perSecond: 20, burst: 50 } },
      { name: "tenant", key: "acme", rate: { perSecond: 1000, burst: 100 } },
    ],
    [
      { name: "ip", limit: 50, remaining: 49, resetMs: 50 },
      { name: "tenant", limit: 100, remaining: 0, resetMs: 1001 },
    ],
  );
  expect(headers.get("RateLimit-Policy")).toBe('"ip";q=50;w=3, "tenant";q=100;w=1');
  expect(headers.get("RateLimit")).toBe('"ip";r=49;t=1, "tenant";r=0;t=2');
});
