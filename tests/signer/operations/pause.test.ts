import { expect, it } from "vitest";
import { Load } from "./support/load.ts";
import { startWithOneKey, tryTransfer } from "./support/one-key.ts";
import { startChain, startRelay } from "./support/relaying.ts";

it("a key that is paused signs nothing from then on, also after kill -9; resumed, all that waited goes on", async () => {
  const operator = await startWithOneKey();
  const key = (await operator.keys()).first?.public_key ?? "";
  const chain = await startChain([key], 2);
  const relay = await startRelay(chain, operator, { keyIds: ["first"] });
  const load = new Load(chain, relay);
  await load.more(4);

  await operator.admin("key", "pause", "--key-id", "first", "--reason", "an incident");
  const entries = await operator.exported("journal");
  const nonces = entries.map(({ nonce }) => Number(nonce));
  const next = BigInt(Math.max(...nonces)) + 1n;
  expect(await tryTransfer(operator, key, next)).toBe("SIGNER_KEY_PAUSED");
  await operator.kill();
  await operator.start();
  expect(await operator.admin("status")).toContain("paused: an incident");
  expect(await tryTransfer(operator, key, next)).toBe("SIGNER_KEY_PAUSED");
  expect(await operator.exported("journal")).toHaveLength(entries.length);

  await operator.admin("key", "resume", "--key-id", "first");
  await load.more(4);
  await load.stop();
  const audit = await operator.exported("audit");
  const kinds = audit.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "key paused" || kind === "key resumed")).toEqual([
    "key paused",
    "key resumed",
  ]);
});
