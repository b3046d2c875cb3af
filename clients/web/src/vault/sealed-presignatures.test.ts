import { expect, it } from "vitest";
import { EcdsaShare } from "./ecdsa-share.ts";
import {
  memoryPresignatures,
  type PresignatureStore,
  type SealedPresignature,
} from "./presignature-store.ts";
import { nameOf, SealedPresignatures, sealKeyOf } from "./sealed-presignatures.ts";

const SEED = new Uint8Array(32).fill(7);
const KEY_ID = "key";

/** A store that a page writes to, too, and what was put into it. */
function openStore(): PresignatureStore & { readonly seen: SealedPresignature[] } {
  const seen: SealedPresignature[] = [];
  const store = memoryPresignatures();
  return {
    ...store,
    seen,
    async put(entry) {
      seen.push(entry);
      await store.put(entry);
    },
  };
}

async function presignature(byte: number) {
  const bigR = new Uint8Array(33).fill(byte);
  const id = new Uint8Array(await crypto.subtle.digest("SHA-256", bigR));
  return { id, bigR, k: new Uint8Array(32).fill(byte), sigma: new Uint8Array(32).fill(byte) };
}

it("gives a presignature once, though a page puts it back: twice would show the share", async () => {
  const share = new EcdsaShare(SEED, "alice.near", "example.com", sealKeyOf(SEED));
  const key = { keyId: KEY_ID, publicKey: new Uint8Array(33), share };
  const store = openStore();
  const presignatures = new SealedPresignatures(store);
  const [one, two] = [await presignature(1), await presignature(2)];
  await presignatures.put(key, one);
  expect((await presignatures.take(key))?.id).toEqual(one.id);

  const [copy] = store.seen;
  if (copy === undefined) expect.fail("nothing was put into the store");
  await store.put(copy);
  expect(await presignatures.take(key)).toBeUndefined();
  // Nor to one of two calls at once, and nothing is in the way of the next one.
  await store.put(copy);
  await presignatures.put(key, two);
  const taken = await Promise.all([presignatures.take(key), presignatures.take(key)]);
  expect(taken.flatMap((one) => (one === undefined ? [] : [nameOf(one.id)]))).toEqual([nameOf(two.id)]);
});
