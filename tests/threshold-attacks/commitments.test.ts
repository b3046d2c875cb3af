import { randomBytes } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { commit } from "@countersign/crypto/frost-ed25519.ts";
import type { SignInitResponse } from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import { expect, test } from "vitest";
import { startAttackWorld } from "./support/attack-world.ts";
import { type Deed, type EvilRelay, startEvilRelay } from "./support/evil-relay.ts";
import { ACCOUNT, openWebWallet, signHello, type WebWallet } from "./support/web-wallet.ts";

const lost = () => new ConnectError("lost", Code.Unavailable);

async function attackedPage(): Promise<WebWallet & { evil: EvilRelay }> {
  const { relays } = await startAttackWorld();
  const evil = await startEvilRelay(relays[0]?.address ?? "");
  const page = openWebWallet(evil.address);
  await page.wallet.register({ userName: "Alice", accountId: ACCOUNT });
  await page.wallet.createKey({ accountId: ACCOUNT });
  return { ...page, evil };
}

/** Commitments of a relay's own, which knows their nonces. */
function ownCommitments() {
  const { hiding, binding } = commit(
    new Uint8Array(32).fill(1),
    (bytes) => new Uint8Array(randomBytes(bytes)),
  ).commitments;
  return { hiding, binding };
}

/** No nonce pair answered twice, and no share twice: what three equations for one share are made of. */
function expectOneAnswerEach({ answers }: Pick<WebWallet, "answers">) {
  const pairs = answers.commitments.map(({ hiding }) => Buffer.from(hiding).toString("hex"));
  expect(new Set(pairs).size).toBe(pairs.length);
  const answered = answers.shares.map(({ roundId }) => roundId);
  expect(new Set(answered).size).toBe(answered.length);
}

/** Distinct commitments and shares of the wallet's, as a relay saw them. */
function seenBy({ seen }: EvilRelay) {
  const of = (method: string, field: (request: never) => Uint8Array | undefined) =>
    seen
      .filter((call) => call.method === method)
      .map(({ request }) => Buffer.from(field(request as never) ?? []).toString("hex"));
  return {
    commitments: of(
      "signInit",
      (r: { clientCommitments?: { hiding: Uint8Array } }) => r.clientCommitments?.hiding,
    ),
    shares: of("signFinalize", (r: { clientSignatureShare: Uint8Array }) => r.clientSignatureShare),
  };
}

test("a relay that loses inits and answers each with commitments of its own gets an answer for none twice", async () => {
  const page = await attackedPage();
  let inits = 0;
  // The first two are lost after the signer has answered; the third has commitments of the relay's own.
  page.evil.deeds.signInit = async (honest, request) => {
    const answer = await honest(request);
    if (++inits < 3) throw lost();
    const { signingSessionId, relayerVerifyingShare } = answer;
    return { signingSessionId, relayerVerifyingShare, relayerCommitments: ownCommitments() };
  };
  await expect(signHello(page)).rejects.toMatchObject({ reason: "SIGNATURE_SHARE_INVALID" });
  const { commitments, shares } = seenBy(page.evil);
  expect(new Set(commitments).size).toBe(3);
  expect(new Set(shares).size).toBe(1);
  expectOneAnswerEach(page);

  delete page.evil.deeds.signInit;
  await signHello(page);
  expectOneAnswerEach(page);
});

test("a relay that says a run is stale gets fresh nonces or nothing, never the old ones again", async () => {
  const page = await attackedPage();
  page.evil.deeds.signFinalize = () => Promise.reject(lost());
  await expect(signHello(page)).rejects.toMatchObject({ reason: "UNSPECIFIED" });
  const { shares } = seenBy(page.evil);
  // However often it is repeated: the identical bytes.
  expect(shares.length).toBeGreaterThan(1);
  expect(new Set(shares).size).toBe(1);
  expectOneAnswerEach(page);
});

test("three answers for one nonce pair, asked of the vault itself, are one", async () => {
  const page = await attackedPage();
  const given: SignInitResponse[] = [];
  const keepAnswer: Deed<"signInit"> = async (honest, request) => {
    const answer = await honest(request);
    given.push(answer);
    return answer;
  };
  page.evil.deeds.signInit = keepAnswer;
  await signHello(page);
  const [answer] = given;
  const key = page.wallet.key(ACCOUNT);
  if (answer === undefined || key === undefined) expect.fail("nothing was signed");
  // Whoever has the page: a round of its own, and three answers of a relay for it.
  const { roundId } = await page.vault.commit({ keyId: key.keyId, digest: new Uint8Array(32).fill(1) });
  const { relayerVerifyingShare } = answer;
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map(() =>
      page.vault.answer({ roundId, relayerCommitments: ownCommitments(), relayerVerifyingShare }),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  // Of a round that is finished, too.
  for (const { roundId: spent } of page.answers.commitments) {
    const again = page.vault.answer({
      roundId: spent,
      relayerCommitments: ownCommitments(),
      relayerVerifyingShare,
    });
    await expect(again).rejects.toMatchObject({ refusal: "ROUND_SPENT" });
  }
});
