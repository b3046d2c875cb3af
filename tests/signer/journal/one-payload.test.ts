import { randomBytes } from "node:crypto";
import type { JournalRequest, MadeSignature } from "@countersign/signer-service/journal/journal.ts";
import type { SignerStore } from "@countersign/signer-service/store/signer-store.ts";
import fc from "fast-check";
import { expect, it } from "vitest";
import { activeKeys, request, type TestKey } from "./builders.ts";
import { overStores, type StoreContext } from "./stores.ts";

/** Where the store may be shared, two signers on it; else one. */
async function signersOn(on: StoreContext): Promise<SignerStore[]> {
  return on.home.shared ? [on.store, (await on.home.open()).store] : [on.store];
}

/** A signature such as an HSM makes: never the same twice. */
function randomised({ publicKey, nonce, payloadHash }: JournalRequest): MadeSignature {
  return { publicKey, nonce, payloadHash, signature: Uint8Array.from(randomBytes(64)) };
}

/** One call: which signer it goes to, and the key, nonce and payload of each of its items. */
const call = fc.record({
  signer: fc.nat(1),
  items: fc.array(fc.record({ key: fc.nat(1), nonce: fc.nat(4), payload: fc.nat(2) }), {
    minLength: 1,
    maxLength: 12,
  }),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

overStores("the journal under calls at once", (on) => {
  it("never lets two payloads be signed for a nonce, nor two signatures out for a payload", async () => {
    const signers = await signersOn(on);
    const keys: TestKey[] = await activeKeys(on.store, "a", "b");
    /** Payload and signature by key and nonce. */
    const released = new Map<string, { payload: string; signature: string }>();
    const reserved = new Map<string, string>();
    let base = 101n;

    const isOnly = <T>(seen: Map<string, T>, name: string, value: T) => {
      expect(seen.get(name) ?? value).toEqual(value);
      seen.set(name, value);
    };
    const release = ({ publicKey, nonce, payloadHash }: JournalRequest, signature: Uint8Array) => {
      const payload = Buffer.from(payloadHash).toString("hex");
      const value = { payload, signature: Buffer.from(signature).toString("hex") };
      isOnly(released, `${publicKey} ${nonce}`, value);
    };
    const run = async ({ signer, items }: Call) => {
      const { journal } = signers[signer % signers.length] ?? on.store;
      const asked = items.flatMap(({ key, nonce, payload }) => {
        const of = keys[key];
        return of === undefined ? [] : [request(of, base + BigInt(nonce), `${payload}`)];
      });
      const answers = await journal.reserve(asked);
      const toSign = asked.filter((_, i) => answers[i]?.kind === "reserved");
      for (const { publicKey, nonce, payloadHash } of toSign) {
        isOnly(reserved, `${publicKey} ${nonce}`, Buffer.from(payloadHash).toString("hex"));
      }
      for (const [i, answer] of answers.entries()) {
        if (answer.kind === "signed" && asked[i] !== undefined) release(asked[i], answer.signature);
      }
      const kept = await journal.record(toSign.map(randomised));
      for (const [i, item] of toSign.entries()) if (kept[i] !== undefined) release(item, kept[i]);
    };

    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 8 }), async (calls) => {
        await Promise.all(calls.map(run));
        base += 5n;
      }),
      { numRuns: 60 },
    );
    expect(released.size).toBeGreaterThan(100);
    expect(new Set(reserved.keys())).toEqual(new Set(released.keys()));
  });

  it.each([
    { what: "move more", bounds: { deposit: 3n, depositPerDay: 100n } },
    { what: "use more gas", bounds: { gas: 3n, gasPerDay: 100n } },
  ])("never lets a key $what in a day than it may", async ({ bounds }) => {
    const signers = await signersOn(on);
    const [key] = await activeKeys(on.store, "a");
    let spent = 0n;
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        signers.map(async ({ journal }, i) => {
          const nonce = BigInt(101 + 2 * round + i);
          const [answer] = await journal.reserve([request(key, nonce, "x", bounds)]);
          if (answer?.kind === "reserved") spent += 3n;
        }),
      );
    }
    expect(spent).toBe(99n);
  });

  it("lets one of many calls use a grant", async () => {
    const signers = await signersOn(on);
    const [key] = await activeKeys(on.store, "a");
    const { grant } = request(key, 101n, "x");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (signers[i % signers.length] ?? on.store).journal.reserve([request(key, 101n, "x", { grant })]),
      ),
    );
    expect(answers.flat().filter(({ kind }) => kind === "reserved")).toHaveLength(1);
  });
});
