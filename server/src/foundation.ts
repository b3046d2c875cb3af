import { createLogger, type Logger } from "@countersign/service-kit";
import type { Registry } from "prom-client";
import type { Authenticator } from "./access/authenticator.ts";
import type { CommonConfig } from "./config/config.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { openLedger } from "./ledger/open-ledger.ts";
import { createEvents, type Events } from "./observability/events.ts";
import { createMetrics, createProcessRegistry } from "./observability/metrics.ts";
import { openSigner, type Signer } from "./signer-client/open-signer.ts";

/** What a test may put in place of the real thing. */
export interface AppOverrides {
  readonly log?: Logger;
  readonly events?: (events: Events) => Events;
  /** Authenticators of the deployment's own, asked before API keys and tokens. */
  readonly authenticators?: readonly Authenticator[];
}

/** How to close what has been opened, in the order of opening, for a start that fails half-way. */
export type Opened = (() => Promise<unknown>)[];

/** What everything in a relay stands on. */
export interface Foundation {
  readonly log: Logger;
  readonly registry: Registry;
  readonly events: Events;
  readonly now: () => Date;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly ledger: Ledger;
  readonly signer: Signer;
}

/** Opens the ledger; the signer may come later. Throws what openLedger throws, and when certificates cannot be read. */
export async function openFoundation(
  config: CommonConfig,
  overrides: AppOverrides,
  opened: Opened,
): Promise<Foundation> {
  const log = overrides.log ?? createLogger("relay", config.log.level);
  const registry = createProcessRegistry();
  const logged = createEvents(log, createMetrics(registry));
  const events = overrides.events?.(logged) ?? logged;
  const now = () => new Date();
  const ledger = await openLedger(config.ledger.url);
  opened.push(() => ledger.close());
  const signer = openSigner({ config: config.signer, events, log, now });
  return { log, registry, events, now, random: Math.random, ledger, signer };
}
