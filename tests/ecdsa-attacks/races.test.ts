import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type { GivenRequest } from "../signer/threshold/support/threshold-wallet.ts";
import { type BegunEcdsa, EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { changesOf, recordStates } from "../signer/threshold-ecdsa-store/states.ts";
import { postgresUrl } from "../support/postgres.ts";
import { NETWORK } from "../support/test-relay.ts";
import { EcdsaHistory, ecdsaViolations } from "./support/ecdsa-history.ts";
import { recordedEcdsaSigner } from "./support/recorded-ecdsa-signer.ts";
import { type SignerProcesses, startSignerProcesses } from "./support/signer-processes.ts";
import { queriedStore } from "./support/signer-rows.ts";
import { storedPresignatures } from "./support/stored-presignatures.ts";

const KINDS = ["finalizes", "presignature", "entropy", "anew", "tampered"] as const;
const RACES = 20;

/** A wallet whose owner means harm, at each of the signers at once. */
async function racingWallet({ clients }: SignerProcesses) {
  const history = new EcdsaHistory();
  const recorded = clients.map((client) => recordedEcdsaSigner(client, history));
  const [at, other] = recorded;
  if (at === undefined || other === undefined) expect.fail("no two signers");
  const wallet = await EcdsaWallet.withKey(at, { network: NETWORK, accountId: "alice.test" });
  const token = await wallet.mint({ maxUses: 2 * RACES });
  return {
    history,
    wallets: [wallet, wallet.at(other)] as const,
    async authorised(): Promise<GivenRequest> {
      const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
      return given ?? expect.fail("nothing was authorised");
    },
    async presignature() {
      const made = await wallet.presign(token);
      history.halves.set(Buffer.from(made.id).toString("hex"), made);
      return made;
    },
  };
}

/** The call at both signers in turn, so many times at once. */
function finalizeAll(wallets: readonly EcdsaWallet[], begun: BegunEcdsa, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const wallet = wallets[i % wallets.length] ?? expect.fail("no wallet");
      return outcomeOf(wallet.client.signEcdsaFinalize(wallet.ecdsaFinalizeRequest(begun)));
    }),
  );
}

/** What was begun, of those that were. */
async function begunOf(beginning: readonly Promise<BegunEcdsa>[]): Promise<BegunEcdsa[]> {
  const all = await Promise.allSettled(beginning);
  return all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

describe.skipIf(postgresUrl === undefined)("two signers over one database that are raced against", () => {
  let signers: SignerProcesses;
  beforeAll(async () => {
    signers = await startSignerProcesses("PostgreSQL, two relays and signers");
  });
  afterAll(() => signers?.stop());

  test("give one share for each presignature to more than a hundred finalizes", async () => {
    const { history, wallets, authorised, presignature } = await racingWallet(signers);
    const [one, two] = wallets;
    const home = queriedStore(signers.signerStore);
    await recordStates(home);
    const seen = new Set<string>();
    let finalizes = 0;
    for (let race = 0; race < RACES; race++) {
      const kind = KINDS[race % KINDS.length] ?? "finalizes";
      const [made, given] = [await presignature(), await authorised()];
      let outcomes: string[];
      if (kind === "finalizes") {
        outcomes = await finalizeAll(wallets, await one.beginEcdsa(given, made), 10);
      } else if (kind === "presignature") {
        // Two requests for it at once, each at a signer of its own.
        const rival = await authorised();
        const begun = await begunOf([one.beginEcdsa(given, made), two.beginEcdsa(rival, made)]);
        expect(begun.length).toBe(1);
        outcomes = (await Promise.all(begun.map((of) => finalizeAll(wallets, of, 6)))).flat();
      } else if (kind === "entropy") {
        const begun = await begunOf([one.beginEcdsa(given, made), two.beginEcdsa(given, made)]);
        outcomes = (await Promise.all(begun.map((of) => finalizeAll(wallets, of, 6)))).flat();
      } else if (kind === "anew") {
        // One begins it again with other entropy while the other ends it.
        const begun = await one.beginEcdsa(given, made);
        const [ended, again] = await Promise.all([
          finalizeAll([two, one], begun, 6),
          begunOf([one.beginEcdsa(given, made)]),
        ]);
        expect(again).toEqual([]);
        outcomes = ended;
      } else {
        const begun = await one.beginEcdsa(given, made);
        const lied = { ...begun, clientEntropy: new Uint8Array(randomBytes(32)) };
        const foreign = { ...begun, digest: new Uint8Array(randomBytes(32)) };
        const ended = await Promise.all([
          ...[begun, begun].map((of) => finalizeAll([two, one], of, 2)),
          ...[lied, foreign].map((of) => finalizeAll(wallets, of, 2)),
        ]);
        outcomes = ended.flat();
      }
      finalizes += outcomes.length;
      for (const outcome of outcomes) seen.add(`${kind}: ${outcome}`);
    }
    history.stored.push(...(await storedPresignatures(signers.signerStore)));
    const { wrong, ways } = await changesOf(home);
    expect(ecdsaViolations(history, (begun, message) => one.combine(begun, message))).toEqual([]);
    expect(wrong).toEqual([]);
    expect(finalizes).toBeGreaterThanOrEqual(100);
    expect(ways["nothing → available"]).toBe(RACES);
    expect(history.stored.length).toBe(RACES);
    // Each refusal has its reason. Whether "anew" is answered at all is the race: beginning again may always be first.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        "finalizes: answered",
        "presignature: answered",
        "tampered: answered",
        "tampered: ROUND_MESSAGE_INVALID",
        "tampered: DIGEST_MISMATCH",
      ]),
    );
    const reasons = [...seen].map((name) => name.split(": ")[1]);
    expect(["answered", "SIGNING_SESSION_STALE", "ROUND_MESSAGE_INVALID", "DIGEST_MISMATCH"]).toEqual(
      expect.arrayContaining(reasons),
    );
    expect(signers.ended).toEqual([]);
  });
});
