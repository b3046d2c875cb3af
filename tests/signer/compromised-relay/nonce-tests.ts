import { describe, expect, it } from "vitest";
import type { Item, Outcome } from "./compromised-relay.ts";
import { type Attacked, isSigned } from "./over-signers.ts";
import type { KeyId } from "./relayer-keys.ts";

const REACH = 1_000_000n;
const U64_MAX = 2n ** 64n - 1n;
const conflict = { reason: "SIGNER_NONCE_CONFLICT" };
const [tooLow, tooHigh] = [{ reason: "SIGNER_NONCE_TOO_LOW" }, { reason: "SIGNER_NONCE_TOO_HIGH" }];

/** Two payloads for one nonce that nobody has used. */
async function twoOnOne({ transactions }: Attacked): Promise<[Item, Item]> {
  const nonce = transactions.nextNonce("relayer");
  return [await transactions.good("relayer", nonce), await transactions.good("relayer", nonce)];
}

const outcomeOf = async ({ relay, transactions }: Attacked, nonce: bigint): Promise<Outcome> =>
  relay.askOne(await transactions.good("relayer", nonce));

/** Two payloads for one nonce, nonces out of reach, and keys that sign nothing. Moves the floor of "relayer". */
export function refusedNonces(on: Attacked): void {
  describe("of two payloads for one nonce only one is signed", () => {
    it("one after the other, and the first one's signature stays", async () => {
      const [first, second] = await twoOnOne(on);
      const signed = await on.relay.askOne(first);
      expect(isSigned(signed)).toBe(true);
      expect(await on.relay.askOne(second)).toEqual(conflict);
      expect(await on.relay.askOne(first)).toEqual(signed);
    });

    it("within one call", async () => {
      const [first, second] = await twoOnOne(on);
      const [signed, refused] = await on.relay.ask([first, second]);
      expect([signed, refused]).toEqual([{ signed: expect.anything() }, conflict]);
      expect(await on.relay.ask([second, first])).toEqual([conflict, signed]);
    });

    it("at the same time, over many connections", async () => {
      const items = (await Promise.all(Array.from({ length: 8 }, () => twoOnOne(on)))).flat();
      const outcomes = await Promise.all(
        items.map(async (item) => [item, await on.relay.askApart(item)] as const),
      );
      for (let i = 0; i < outcomes.length; i += 2) {
        const pair = outcomes.slice(i, i + 2).map(([, outcome]) => outcome);
        expect(pair.filter(isSigned)).toHaveLength(1);
        expect(pair.filter((outcome) => !isSigned(outcome))).toEqual([conflict]);
      }
    });

    it("with a restart of the signer between them", async () => {
      const [first, second] = await twoOnOne(on);
      const signed = await on.relay.askOne(first);
      expect(isSigned(signed)).toBe(true);
      on.relay.close();
      await on.signer.stop();
      await on.signer.resume();
      expect(await on.relay.askOne(second)).toEqual(conflict);
      expect(await on.relay.askOne(first)).toEqual(signed);
    });
  });

  it("at 0, up to the floor and beyond the reach are refused, and those between are signed", async () => {
    const floor = on.transactions.nextNonce("relayer") + 100n;
    await on.signer.admin.setNonceFloors({ floors: [{ keyId: "relayer", nonce: floor }] });
    for (const nonce of [0n, floor - 1n, floor]) expect(await outcomeOf(on, nonce)).toEqual(tooLow);
    for (const nonce of [floor + REACH + 1n, 2n ** 63n, U64_MAX]) {
      expect(await outcomeOf(on, nonce)).toEqual(tooHigh);
    }
    for (const nonce of [floor + 1n, floor + 1n + REACH]) {
      expect(isSigned(await outcomeOf(on, nonce))).toBe(true);
    }
    expect(await outcomeOf(on, floor + 2n + 2n * REACH)).toEqual(tooHigh);
  });

  it.each<[KeyId, string]>([
    ["pending", "SIGNER_KEY_NOT_ACTIVE"],
    ["drained", "SIGNER_KEY_NOT_ACTIVE"],
    ["paused", "SIGNER_KEY_PAUSED"],
    ["locked", "SIGNER_JOURNAL_LOCKED"],
    ["unnamed", "SIGNER_PURPOSE_NOT_ALLOWED"],
    ["mainnet", "SIGNER_NETWORK_MISMATCH"],
  ])("are of no use with the key that is %s: %s", async (keyId, reason) => {
    expect(await on.relay.askOne(await on.transactions.good(keyId))).toEqual({ reason });
  });

  it("are of no use with a key that is retired, and with none", async () => {
    const { transaction } = await on.transactions.good();
    for (const keyId of ["nobody", "constructor", "__proto__", "RELAYER", "relayer "]) {
      expect(await on.relay.askOne({ keyId, transaction })).toEqual({ reason: "SIGNER_KEY_NOT_FOUND" });
    }
    const retired = await on.relay.askOne(await on.transactions.good("retired"));
    // A token's key is forgotten with a restart, a keystore's is not.
    expect([{ reason: "SIGNER_KEY_NOT_FOUND" }, { reason: "SIGNER_PURPOSE_NOT_ALLOWED" }]).toContainEqual(
      retired,
    );
  });

  it("are of no use in the name of another network", async () => {
    const network = "mainnet";
    expect(await on.relay.askOne(await on.transactions.good(), { network })).toEqual({
      reason: "SIGNER_NETWORK_MISMATCH",
    });
    expect(isSigned(await on.relay.askOne(await on.transactions.good("mainnet"), { network }))).toBe(true);
  });

  it("of a key that is paused or drained while it is used are refused from then on", async () => {
    const { relay, transactions, signer } = on;
    const before = await transactions.good("rotated");
    const signed = await relay.askOne(before);
    expect(isSigned(signed)).toBe(true);
    const paused = { reason: "SIGNER_KEY_PAUSED" };
    await signer.admin.pauseKey({ keyId: "rotated", reason: "incident" });
    expect(await relay.askOne(await transactions.good("rotated"))).toEqual(paused);
    expect(await relay.askOne(before)).toEqual(paused);
    await signer.admin.resumeKey({ keyId: "rotated" });
    await signer.admin.drainKey({ keyId: "rotated" });
    const drained = { reason: "SIGNER_KEY_NOT_ACTIVE" };
    expect(await relay.askOne(await transactions.good("rotated"))).toEqual(drained);
    // What it has signed may still be on its way to the chain.
    expect(await relay.askOne(before)).toEqual(signed);
  });
}
