import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import type { RelayClient } from "../../support/submitting.ts";
import { relayClient } from "../../support/test-relay.ts";
import type { LiveWorld } from "./live-world.ts";

/** A relay in this process, and what happened to keys. */
export interface LiveRelay {
  readonly client: RelayClient;
  /** For example "ADD DONE", and "relayer-1 active" for a lane; in order. */
  readonly happened: readonly string[];
  /** Resolves once this holds; it is looked at after every event. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when it has happened so often. */
  saw(what: string, times?: number): Promise<void>;
  /** Lines of the metrics, without comments. */
  metrics(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts it, with other settings if some are given, and waits until it signs with a key. It ends with the test. */
export async function startLiveRelay(
  world: LiveWorld,
  keyId = "keeper",
  settings: Readonly<Record<string, string>> = {},
): Promise<LiveRelay> {
  const happened: string[] = [];
  const waiting = new Set<() => void>();
  const note = (what: string) => {
    happened.push(what);
    for (const look of [...waiting]) look();
  };
  const { config } = loadRelayConfig({ env: {}, flags: { ...world.flags(), ...settings } });
  const app = await createApp(config, {
    log: createLogger("relay", "silent"),
    events: (events) => ({
      ...events,
      keyOperationMoved(event) {
        events.keyOperationMoved(event);
        note(`${event.kind} ${event.to}`);
      },
      keyOperationFailed(event) {
        events.keyOperationFailed(event);
        note(`${event.step}: ${event.problem}`);
      },
      laneStateChanged(event) {
        events.laneStateChanged(event);
        note(`${event.keyId} ${event.to}`);
      },
      submissionTransition(event) {
        events.submissionTransition(event);
        note(event.to);
      },
    }),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  onTestFinished(stop);
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const saw = (what: string, times = 1) =>
    until(() => happened.filter((one) => one === what).length >= times);
  await saw(`${keyId} active`);
  return {
    ...{ client: relayClient(app.address), happened, until, saw, stop },
    async metrics() {
      const text = await (await fetch(`${app.operationsAddress}/metrics`)).text();
      return text.split("\n").filter((line) => !line.startsWith("#"));
    },
  };
}
