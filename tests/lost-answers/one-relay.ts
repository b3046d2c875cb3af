import { createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { type RelayWorld, type RelayWorldOptions, startRelayWorld } from "../support/relay-world.ts";
import type { RelayClient } from "../support/submitting.ts";
import { relayClient } from "../support/test-relay.ts";

/** One relay in this process, and what happened in it. */
export interface OneRelay {
  readonly world: RelayWorld;
  readonly client: () => RelayClient;
  /** Resolves when that many submissions, or one several times, came into `state`. */
  reached(state: string, times: number): Promise<void>;
  /** Resolves when the signer was asked to sign and gave no answer. */
  readonly signerMissed: Promise<void>;
  /** One delegate of each wallet. */
  delegates(): Promise<Uint8Array[]>;
}

/** Starts it and waits until it holds its lane; it ends with the test. */
export async function startOneRelay(options: RelayWorldOptions): Promise<OneRelay> {
  const world = await startRelayWorld(options);
  const moves: string[] = [];
  const waiting = new Set<() => void>();
  const laneHeld = Promise.withResolvers<void>();
  const signerMissed = Promise.withResolvers<void>();
  const app = await createApp(world.config, {
    log: createLogger("relay", "silent"),
    events: (events) => ({
      ...events,
      submissionTransition(event) {
        events.submissionTransition(event);
        moves.push(event.to);
        for (const look of waiting) look();
      },
      laneAcquired(event) {
        events.laneAcquired(event);
        laneHeld.resolve();
      },
      signerCallFailed(event) {
        events.signerCallFailed(event);
        if (event.method === "SignTransactions") signerMissed.resolve();
      },
    }),
  });
  onTestFinished(async () => {
    await app.stop();
    await world.stop();
  });
  await laneHeld.promise;
  const client = relayClient(app.address);
  return {
    world,
    client: () => client,
    signerMissed: signerMissed.promise,
    reached: (state, times) =>
      new Promise((resolve) => {
        const look = () => {
          if (moves.filter((to) => to === state).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    delegates: () =>
      Promise.all(
        world.wallets.map((wallet) => {
          wallet.maxBlockHeight = 109_000n;
          return wallet.delegate();
        }),
      ),
  };
}
