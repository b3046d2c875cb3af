import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { expect, test } from "vitest";
import { delegate } from "../signer/threshold/support/payloads.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { postgresUrl } from "../support/postgres.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { History, violations } from "./support/history.ts";
import { verifies } from "./support/plain-signature.ts";
import { recordedSigner } from "./support/recorded-signer.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";
import { snapshotOf } from "./support/signer-database.ts";
import { storedRuns } from "./support/stored-runs.ts";

test.each([
  ["SQLite, a file that is written over", "SQLite" as const],
  ...(postgresUrl === undefined
    ? []
    : [["PostgreSQL, a copy of the database under its name", "PostgreSQL"] satisfies [string, "PostgreSQL"]]),
])(
  "a signer's store that was put back (%s) has its keys, and nothing that it could do twice",
  async (_, store) => {
    const { relays, signers, signerStore } = await startAttackWorld({ store });
    const signer = signers[0] ?? expect.fail("no signer");
    const address = relays[0]?.address ?? "";
    const history = new History();
    const { wallet: plain } = await walletWithKey(address);
    const { key } = plain;
    if (key === undefined) expect.fail("no key");
    const wallet = plain.at(recordedSigner(plain.client, history, key));
    const { client, caller } = wallet;
    const { payload } = delegate(wallet);

    // One of everything that may be done once, of which nothing is done yet.
    const challenge = wallet.finishRequest(await wallet.challenge());
    const nonces = await Promise.all(
      [NonceUse.SESSION, NonceUse.AUTHORIZE, NonceUse.EXPORT].map((use) => wallet.nonce(use)),
    );
    const [forSession, forOne, forExport] = nonces;
    if (forSession === undefined || forOne === undefined || forExport === undefined) expect.fail("no nonces");
    const mint = wallet.mintRequest(forSession);
    const single = wallet.singleUseRequest(payload, forOne, delegate(wallet).digests);
    const exported = wallet.exportRequest(forExport, new Uint8Array(32).fill(9));
    const token = await wallet.mint({ purposes: [2], maxUses: 4 });
    const authorised = async () =>
      (await wallet.authorize(payload, token))[0] ?? expect.fail("nothing was authorised");
    const [unused, begun] = [await authorised(), await authorised()];
    const call = wallet.finalizeRequest(await wallet.init(begun));

    await signer.stop();
    const putBack = await snapshotOf(signerStore);
    await signer.start();
    // All of it is done.
    await client.finishThresholdKey(challenge);
    await client.mintThresholdSession(mint);
    await client.authorizeEd25519(single);
    await client.exportThresholdShare(exported);
    expect(
      verifies(wallet.keyId, begun.digest, (await client.signEd25519Finalize(call)).response?.signature),
    ).toBe(true);
    expect(verifies(wallet.keyId, unused.digest, await wallet.sign(unused))).toBe(true);
    await authorised();
    await authorised();
    expect(await outcomeOf(authorised())).toBe("THRESHOLD_SESSION_EXHAUSTED");
    await signer.stop();
    history.stored.push(...(await storedRuns(signerStore)));
    await putBack();
    await signer.start();

    // And none of it a second time, though the store says that nothing was.
    const again: [Promise<unknown>, string][] = [
      [client.finishThresholdKey(challenge), "THRESHOLD_CHALLENGE_INVALID"],
      [client.mintThresholdSession(mint), "THRESHOLD_CHALLENGE_INVALID"],
      [client.authorizeEd25519(single), "THRESHOLD_CHALLENGE_INVALID"],
      [client.exportThresholdShare(exported), "THRESHOLD_CHALLENGE_INVALID"],
      [client.signEd25519Finalize(call), "SIGNING_SESSION_STALE"],
      [wallet.init(begun), "SIGNING_REQUEST_INVALID"],
      [wallet.init(unused), "SIGNING_REQUEST_INVALID"],
      [wallet.authorize(payload, token), "THRESHOLD_SESSION_INVALID"],
    ];
    expect(await Promise.all(again.map(([outcome]) => outcomeOf(outcome)))).toEqual(
      again.map(([, reason]) => reason),
    );

    // A wallet asks for its key, a new session and new nonces, and goes on.
    const { response } = await client.listThresholdKeys({ caller, request: {} });
    expect(response?.keys.map(({ keyId }) => keyId)).toEqual([wallet.keyId]);
    const [fresh] = await wallet.authorize(payload, await wallet.mint());
    if (fresh === undefined) expect.fail("nothing was authorised");
    expect(verifies(wallet.keyId, fresh.digest, await wallet.sign(fresh))).toBe(true);
    expect(violations(history)).toEqual([]);
  },
);
