import { expect, it } from "vitest";
import type { SignerConfig } from "./config.ts";
import { allFollow, type FollowsConfig } from "./follow-config.ts";

const NEXT = {} as SignerConfig;

function parts(...more: FollowsConfig[]) {
  const used: string[] = [];
  const part = (name: string) => async () => () => void used.push(name);
  return { used, all: [part("policies"), part("certificates"), ...more] };
}

it("puts nothing of a configuration in effect that its last part finds wrong", async () => {
  const { used, all } = parts(() => Promise.reject(new Error("the key is another certificate's")));
  await expect(allFollow(all, NEXT, [])).rejects.toThrow("another certificate's");
  expect(used).toEqual([]);
});

it("puts every part in effect at once", async () => {
  const { used, all } = parts();
  const putInEffect = await allFollow(all, NEXT, []);
  expect(used).toEqual([]);
  putInEffect();
  expect(used).toEqual(["policies", "certificates"]);
});
