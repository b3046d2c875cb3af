import { expect, test } from "vitest";
import { AppTokenCache } from "./app-token-cache.ts";

const NOW = new Date("2026-11-01T00:00:00Z");
const LATER = new Date("2026-11-02T00:00:00Z");
const claims = (userId: string) => ({ tenant: "acme", userId, session: null });

test("of more than 10,000 tokens the oldest are forgotten", () => {
  const cache = new AppTokenCache();
  for (let i = 0; i < 10_001; i++) cache.put(`token ${i}`, claims(`u_${i}`), LATER, NOW);
  expect(cache.get("token 0", NOW)).toBeUndefined();
  expect(cache.get("token 1", NOW)).toEqual(claims("u_1"));
  expect(cache.get("token 10000", NOW)).toEqual(claims("u_10000"));
});
