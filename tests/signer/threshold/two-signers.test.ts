import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { delegate } from "./support/payloads.ts";
import { outcomeOf } from "./support/reason.ts";
import { startThresholdSigner } from "./support/threshold-signer.ts";
import { ThresholdWallet } from "./support/threshold-wallet.ts";

/** Two signers over one database, and a wallet whose key the first one made. */
async function twoSigners() {
  const database = await createDatabase();
  const file = join(temporaryDirectory(), "url");
  writeFileSync(file, database.url, { mode: 0o600 });
  // Before the signers are started, so that it runs after they are drained.
  onTestFinished(() => database.drop());
  const settings = { store: { url: `file:${file}` } };
  const first = await startThresholdSigner({ settings });
  const second = await startThresholdSigner({ settings });
  const wallet = await ThresholdWallet.withKey(first.client);
  return { clients: [first.client, second.client] as const, wallet };
}

describe.skipIf(postgresUrl === undefined)("two signers over one database", () => {
  test("serve alternate rounds of one signature", async () => {
    const { clients, wallet } = await twoSigners();
    const [one, two] = clients;
    const nonce = wallet.mintRequest(await wallet.nonce(1));
    const { response } = await two.mintThresholdSession(nonce);
    const [given] = await wallet.authorize(delegate(wallet).payload, response?.token ?? "");
    const round = await wallet.init(given ?? expect.fail("nothing was authorised"), two);
    const call = wallet.finalizeRequest(round);
    const finished = await one.signEd25519Finalize(call);
    expect(finished.response?.signature).toHaveLength(64);
    expect(await two.signEd25519Finalize(call)).toEqual(finished);
  });

  test("let one of two shares for the same nonces through when both are asked at once", async () => {
    const { clients, wallet } = await twoSigners();
    const [one, two] = clients;
    const token = await wallet.mint();
    for (let attempt = 0; attempt < 10; attempt++) {
      const [given] = await wallet.authorize(delegate(wallet).payload, token);
      if (given === undefined) expect.fail("nothing was authorised");
      const call = wallet.finalizeRequest(await wallet.init(given));
      const bad = { ...call.request, clientSignatureShare: new Uint8Array(32).fill(1) };
      const [good, wrong] = await Promise.all([
        outcomeOf(one.signEd25519Finalize(call)),
        outcomeOf(two.signEd25519Finalize({ ...call, request: bad })),
      ]);
      expect(["answered", "SIGNING_SESSION_STALE"]).toContain(good);
      expect(["SIGNATURE_SHARE_INVALID", "SIGNING_SESSION_STALE"]).toContain(wrong);
    }
  });

  test("begin at once, and one run at most ends with a signature", async () => {
    const { clients, wallet } = await twoSigners();
    const token = await wallet.mint();
    const [given] = await wallet.authorize(delegate(wallet).payload, token);
    if (given === undefined) expect.fail("nothing was authorised");
    const rounds = await Promise.all(clients.map((client) => wallet.init(given, client)));
    const outcomes = await Promise.all(
      rounds.map((round, i) =>
        outcomeOf((clients[i] ?? wallet.client).signEd25519Finalize(wallet.finalizeRequest(round))),
      ),
    );
    expect(outcomes.sort()).toEqual(["SIGNING_SESSION_STALE", "answered"]);
  });

  test("take ten uses of ten when a hundred calls come to both", async () => {
    const { clients, wallet } = await twoSigners();
    const token = await wallet.mint({ purposes: [2], maxUses: 10 });
    const { payload } = delegate(wallet);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        outcomeOf(
          (clients[i % 2] ?? wallet.client).authorizeEd25519(wallet.authorizeRequest(payload, token)),
        ),
      ),
    );
    expect(outcomes.filter((o) => o === "answered")).toHaveLength(10);
    expect(outcomes.filter((o) => o === "THRESHOLD_SESSION_EXHAUSTED")).toHaveLength(90);
  });
});
