import { expect, it } from "vitest";
import { memoryEnvelopes } from "./envelope-store.ts";
import { ShareVault } from "./share-vault.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const OWNER = { tenant: "acme", rpId: "wallet.example", accountId: "alice.testnet" };
const RELAY = "https://relay1.example";
const NOTHING = new Uint8Array();

it("a vault without a server lock has no seed for who asks, whatever he calls", () => {
  const vault = new ShareVault(random);
  const { shareId } = vault.unlock({ ...OWNER, prfFirst: new Uint8Array(32).fill(7).buffer });
  const answer = { passId: 1, element: NOTHING, proof: NOTHING };
  const sealing = { ...answer, ...OWNER, relay: RELAY, credentialId: NOTHING, commitment: NOTHING };
  const refused = expect.objectContaining({ refusal: "NO_LOCK" });
  expect(() => vault.beginEnvelope({ shareId, suite: 1 })).toThrow(refused);
  expect(() => vault.finishEnvelope(sealing)).toThrow(refused);
  expect(() => vault.heldEnvelopes(OWNER)).toThrow(refused);
  expect(() => vault.beginOpening({ ...OWNER, relay: RELAY })).toThrow(refused);
  expect(() => vault.finishOpening(answer)).toThrow(refused);
  expect(() => vault.abandonPass({ passId: 1 })).toThrow(refused);
});

it("it deletes envelopes of former times, of this tenant and relying party", async () => {
  const formerEnvelopes = memoryEnvelopes();
  const entry = { ...OWNER, relay: RELAY, sealed: NOTHING };
  const other = { ...entry, tenant: "globex" };
  await formerEnvelopes.put(entry);
  await formerEnvelopes.put(other);
  await new ShareVault(random, { formerEnvelopes }).forgetEnvelopes(OWNER);
  expect(await formerEnvelopes.of(OWNER)).toEqual([]);
  expect(await formerEnvelopes.of(other)).toEqual([other]);
  await expect(new ShareVault(random).forgetEnvelopes(OWNER)).resolves.toBeUndefined();
});
