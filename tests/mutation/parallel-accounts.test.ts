import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { type App, createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { describe, expect, it, onTestFinished } from "vitest";
import { type LedgerEngine, ledgerEngines, startRelayWorld } from "../support/relay-world.ts";
import { NETWORK, relayClient } from "../support/test-relay.ts";

const CALLS = 50;

/** Makes the same call many times at once, at one relay after the other, and gives the transactions' hashes. */
async function createAtOnce(engine: LedgerEngine, relays: number): Promise<Set<string | undefined>> {
  const world = await startRelayWorld({ engine });
  const apps: App[] = [];
  onTestFinished(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await world.stop();
  });
  for (let i = 0; i < relays; i++) {
    apps.push(await createApp(world.config, { log: createLogger("relay", "silent") }));
  }
  const clients = apps.map((app) => relayClient(app.address));
  const answers = await Promise.all(
    Array.from({ length: CALLS }, (_, i) =>
      clients[i % relays]?.createAccount({
        network: NETWORK,
        accountId: "alice.relay.test",
        publicKey: world.wallets[0]?.publicKey ?? "",
        idempotencyKey: "one-account",
        waitUntil: WaitUntil.FINAL,
      }),
    ),
  );
  const hashes = new Set(answers.map((answer) => answer?.submission?.transaction?.hash));
  expect(world.devnet.chain.log.map(({ hash }) => hash)).toEqual([...hashes]);
  return hashes;
}

describe(`${CALLS} parallel CreateAccount calls with one idempotency key`, () => {
  it.each(ledgerEngines)("give one transaction (%s)", async (engine) => {
    expect((await createAtOnce(engine, 1)).size).toBe(1);
  });

  it.skipIf(!ledgerEngines.includes("postgres"))("give one transaction at two relays", async () => {
    expect((await createAtOnce("postgres", 2)).size).toBe(1);
  });
});
