import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { outcomeOf } from "../threshold/support/reason.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { startEcdsaSigner } from "./support/ecdsa-signer.ts";

/** A signer over SQLite, twice; and two signers over one database. */
async function oneSigner() {
  const { client } = await startEcdsaSigner();
  return [client, client] as const;
}

async function twoSigners() {
  const database = await createDatabase();
  const file = join(temporaryDirectory(), "url");
  writeFileSync(file, database.url, { mode: 0o600 });
  // Before the signers are started, so that it runs after they are drained.
  onTestFinished(() => database.drop());
  const settings = { store: { url: `file:${file}` } };
  return [
    (await startEcdsaSigner({ settings })).client,
    (await startEcdsaSigner({ settings })).client,
  ] as const;
}

describe.each([
  { name: "one signer over SQLite", start: oneSigner, isThere: true },
  { name: "two signers over one PostgreSQL", start: twoSigners, isThere: postgresUrl !== undefined },
])("$name", ({ start, isThere }) => {
  test.skipIf(!isThere)("serve the steps of one presignature by turns", async () => {
    const clients = await start();
    const wallet = await EcdsaWallet.withKey(clients[0]);
    const presign = await wallet.beginPresign(await wallet.mint(), clients[1]);
    for (let i = 0; presign.presignature === undefined; i++) {
      await wallet.stepPresign(presign, clients[i % 2] ?? clients[0]);
    }
    expect(await wallet.at(clients[1]).pool()).toEqual([presign.presignature.id]);
  });

  test.skipIf(!isThere)("answer one of two identical steps that come at once, or both the same", async () => {
    const clients = await start();
    const wallet = await EcdsaWallet.withKey(clients[0]);
    const presign = await wallet.beginPresign(await wallet.mint());
    while (presign.presignature === undefined) {
      const call = wallet.presignStepRequest(presign);
      const answers: unknown[] = [];
      const outcomes = await Promise.all(
        clients.map((client) =>
          outcomeOf(client.presignStep(call).then(({ response }) => answers.push(response))),
        ),
      );
      expect(outcomes).toContain("answered");
      for (const outcome of outcomes) expect(["answered", "STALE_SESSION_STATE"]).toContain(outcome);
      const { response } = await clients[1].presignStep(call);
      for (const answer of answers) expect(answer).toEqual(response);
      await presign.take(response ?? expect.fail("no answer"));
    }
    expect(await wallet.pool()).toEqual([presign.presignature.id]);
  });

  test.skipIf(!isThere)(
    "answer one of two flights for the same step, and burn at the other's return",
    async () => {
      const clients = await start();
      const wallet = await EcdsaWallet.withKey(clients[0]);
      const token = await wallet.mint();
      for (const answered of [0, 1, 2]) {
        const presign = await wallet.beginPresign(token);
        for (let i = 0; i < answered; i++) await wallet.stepPresign(presign);
        const call = wallet.presignStepRequest(presign);
        // As good as the other one: the order of a flight is free.
        const messages = call.request.messages.toReversed();
        const calls = [call, { ...call, request: { ...call.request, messages } }];
        expect(messages.length).toBeGreaterThan(1);
        const step = (i: number) => (clients[i] ?? clients[0]).presignStep(calls[i] ?? call);
        const outcomes = await Promise.all([outcomeOf(step(0)), outcomeOf(step(1))]);
        expect(outcomes.filter((outcome) => outcome === "answered").length).toBeLessThanOrEqual(1);
        const losing = outcomes.findIndex((outcome) => outcome !== "answered");
        // Who came after the answer has burnt the session already.
        expect(["STALE_SESSION_STATE", "PRESIGN_ABORTED"]).toContain(outcomes[losing]);
        expect(["PRESIGN_ABORTED", "PRESIGN_SESSION_INVALID"]).toContain(await outcomeOf(step(losing)));
        expect(await outcomeOf(step(1 - losing))).toBe("PRESIGN_SESSION_INVALID");
      }
      expect(await wallet.pool()).toEqual([]);
    },
  );
});
