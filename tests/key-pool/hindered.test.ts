import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { startDevnet } from "@countersign/devnet";
import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { createLogger, Secret } from "@countersign/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { delegate } from "../ledger/builders.ts";
import { temporaryDirectory } from "../signer/support/temporary-directory.ts";
import { operatorsAudit } from "../support/prepared-ledger.ts";
import { NEAR, NETWORK, relayFlags } from "../support/test-relay.ts";
import { relayerKey, startTestSigner } from "../support/test-signer.ts";
import { TestWallet } from "../support/test-wallet.ts";

const TIMEOUT_MS = 120_000;
const WAITING = 4;

/** Why more keys would mend nothing; the last one has no such reason. */
const HINDERED = ["stalled", "paused", "poor", "free"] as const;

type Hindrance = (typeof HINDERED)[number];

const SETTINGS: Readonly<Record<Hindrance, Readonly<Record<string, string>>>> = {
  stalled: { "near.stall_ms": "1000" },
  paused: {},
  poor: {
    "balance.all_below": (2_000n * NEAR).toString(),
    "balance.accounts_below": (2_000n * NEAR).toString(),
  },
  free: {},
};

/** Work of which one lane has room for one. */
async function queue(ledger: Ledger, wallets: readonly TestWallet[]): Promise<void> {
  for (const wallet of wallets) {
    const input = delegate(randomUUID(), { replayMark: null, at: new Date() });
    const payload = await wallet.delegate();
    const { accountId } = wallet;
    await ledger.accept({
      ...input,
      submission: { ...input.submission, network: NETWORK, accountId, payload, expiresAtHeight: null },
    });
  }
}

it(
  "a pool does not grow while the chain stands still, the relay is paused or funds are low; one without that does",
  async () => {
    const accountOf = (hindrance: Hindrance) => `${hindrance}.relay.test`;
    const keys = await Promise.all(HINDERED.map((one) => relayerKey(`${one}-key`, accountOf(one))));
    const wallets = Array.from({ length: WAITING }, (_, i) => new TestWallet(`wallet-${i}.test`));
    const devnet = await startDevnet({
      blockTimeMs: undefined,
      accounts: [
        { id: "guest-book.test", balance: NEAR.toString(), contract: "guest-book" },
        ...[...keys, ...wallets].map(({ accountId: id, publicKey }) => ({
          ...{ id, balance: (1_000n * NEAR).toString(), keys: [publicKey] },
        })),
      ],
    });
    onTestFinished(() => devnet.stop());
    const signer = await startTestSigner(NETWORK, keys);
    onTestFinished(() => signer.stop());

    const begun: Hindrance[] = [];
    const grows = Promise.withResolvers<void>();
    // The one that grows is the last to start, so that the others have had longer.
    for (const hindrance of HINDERED) {
      const folder = temporaryDirectory();
      const pool = { key_id_prefix: "pool-", min_keys: 1, max_keys: 3, grow_after_ms: 3_000 };
      const relayers = [{ account_id: accountOf(hindrance), key_ids: [`${hindrance}-key`], pool }];
      const settings = { "lanes.window": "1", relayers: JSON.stringify(relayers), ...SETTINGS[hindrance] };
      const flags = {
        ...relayFlags(folder, devnet, signer.socketPath, { settings }),
        account_creation: undefined,
      };
      const ledger = await openLedger(new Secret(`sqlite:${join(folder, "relay.db")}`));
      await queue(ledger, wallets);
      if (hindrance === "paused") {
        const at = new Date();
        // What was accepted goes on.
        await ledger.putPause(
          {
            id: "pause",
            level: "RELAY",
            target: "",
            mode: "DRAIN",
            reason: "test",
            author: "test",
            createdAt: at,
          },
          operatorsAudit("", at),
        );
      }
      await ledger.close();
      const app = await createApp(loadRelayConfig({ env: {}, flags }).config, {
        log: createLogger("relay", "silent"),
        events: (events) => ({
          ...events,
          keyOperationStarted(event) {
            begun.push(hindrance);
            if (hindrance === "free") grows.resolve();
            events.keyOperationStarted(event);
          },
        }),
      });
      onTestFinished(() => app.stop());
    }
    await grows.promise;
    expect(begun).toEqual(["free"]);
  },
  TIMEOUT_MS,
);
