import { randomBytes } from "node:crypto";
import { clientShare } from "@countersign/crypto/derive.ts";
import {
  CLIENT_ID,
  groupKey,
  keyId,
  RELAYER_ID,
  SCHEME_ID,
  verifyingShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { type PossessionContext, proveEd25519 } from "@countersign/crypto/possession.ts";
import { expect, test } from "vitest";
import { CountersignError } from "../../clients/web/src/countersign-error.ts";
import { RP_ID } from "../signer/threshold/support/threshold-signer.ts";
import { NETWORK } from "../support/test-relay.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { startEvilRelay } from "./support/evil-relay.ts";
import { ACCOUNT, openWebWallet, signHello } from "./support/web-wallet.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

/** What a relay sees of a wallet that creates its key. */
interface Ceremony {
  readonly tenant: string;
  readonly user: string;
  readonly challenge: Uint8Array;
  readonly clientVerifyingShare: Uint8Array;
  readonly clientProof: Uint8Array;
  /** The signer's own public share and proof. */
  readonly relayerVerifyingShare: Uint8Array;
  readonly relayerProof: Uint8Array;
}

/** x, and P_r = 2·P_c − x·B, which makes the group key 2·P_c − P_r the relay's own: x·B. */
function rogueShare(clientVerifyingShare: Uint8Array) {
  const secret = clientShare(random(32), "the relay's own");
  const own = verifyingShare(secret);
  const share = groupKey(clientVerifyingShare, own);
  return { secret, own, share };
}

/** The best proofs that a relay has for a public share whose secret it does not know. */
const PROOFS: readonly [string, (seen: Ceremony, rogue: ReturnType<typeof rogueShare>) => Uint8Array][] = [
  ["the signer's own proof", ({ relayerProof }) => relayerProof],
  ["the client's proof", ({ clientProof }) => clientProof],
  ["a proof of the key that it wants", (seen, rogue) => prove(seen, rogue, "relayer")],
  ["a proof of that key as the client's", (seen, rogue) => prove(seen, rogue, "client")],
  ["zeros", () => new Uint8Array(64)],
  ["random bytes", () => random(64)],
];

/** Of the group key, whose secret the relay has made up. */
function prove(
  { tenant, user, challenge, clientVerifyingShare }: Ceremony,
  { secret, own: ownShare }: ReturnType<typeof rogueShare>,
  role: PossessionContext["role"],
): Uint8Array {
  const bound = { network: NETWORK, tenant, user, accountId: ACCOUNT, rpId: RP_ID, challenge };
  const peerShare = role === "relayer" ? clientVerifyingShare : new Uint8Array();
  return proveEd25519(secret, { schemeId: SCHEME_ID, role, ...bound, ownShare, peerShare }, random);
}

test("a relay that makes up the relayer's public share gets no wallet to use the key, with whatever proof", async () => {
  const { relays } = await startAttackWorld();
  const evil = await startEvilRelay(relays[0]?.address ?? "");
  const page = openWebWallet(evil.address);
  const { wallet } = page;
  await wallet.register({ userName: "Alice", accountId: ACCOUNT });
  let begun: Pick<Ceremony, "tenant" | "user" | "challenge"> | undefined;
  evil.deeds.beginKey = async (honest, request) => {
    const answer = await honest(request);
    begun = answer;
    return answer;
  };
  for (const [name, proofOf] of PROOFS) {
    evil.deeds.finishKey = async (honest, request) => {
      const { key, relayerProof } = await honest(request);
      if (key === undefined || begun === undefined) throw new Error("no key");
      const { tenant, user, challenge } = begun;
      const { clientVerifyingShare, clientProof } = request;
      const { relayerVerifyingShare } = key;
      const seen = {
        tenant,
        user,
        challenge,
        clientVerifyingShare,
        clientProof,
        relayerVerifyingShare,
        relayerProof,
      };
      const rogue = rogueShare(clientVerifyingShare);
      expect(groupKey(clientVerifyingShare, rogue.share)).toEqual(rogue.own);
      Object.assign(key, { keyId: keyId(rogue.own), relayerVerifyingShare: rogue.share });
      return { key, relayerProof: proofOf(seen, rogue), clientId: CLIENT_ID, relayerId: RELAYER_ID };
    };
    const refusal = await wallet.createKey({ accountId: ACCOUNT }).then(
      () => expect.fail(`a key was taken with ${name}`),
      (error) => error,
    );
    expect(refusal, name).toBeInstanceOf(CountersignError);
    expect(refusal.reason, name).toBe("POSSESSION_PROOF_INVALID");
    expect(wallet.key(ACCOUNT), name).toBeUndefined();
  }
  // An honest key under a dishonest name, and one that was begun for another user.
  evil.deeds.finishKey = async (honest, request) => {
    const answer = await honest(request);
    const rogue = keyId(rogueShare(request.clientVerifyingShare).own);
    if (answer.key !== undefined) answer.key.keyId = rogue;
    return answer;
  };
  await expect(wallet.createKey({ accountId: ACCOUNT })).rejects.toMatchObject({
    reason: "THRESHOLD_KEY_BROKEN",
  });
  evil.deeds.beginKey = async (honest, request) => ({ ...(await honest(request)), user: "u_of_the_relay" });
  await expect(wallet.createKey({ accountId: ACCOUNT })).rejects.toMatchObject({
    reason: "THRESHOLD_KEY_BROKEN",
  });
  expect(page.answers.commitments).toEqual([]);

  // The same relay, honest now: the wallet is none the worse.
  delete evil.deeds.beginKey;
  delete evil.deeds.finishKey;
  const key = await wallet.createKey({ accountId: ACCOUNT });
  expect((await signHello(page)).publicKey).toBe(key.keyId);
});
