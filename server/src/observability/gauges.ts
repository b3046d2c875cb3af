import { Gauge, type Registry } from "prom-client";
import type { Ledger } from "../ledger/ledger.ts";
import type { EndpointReport } from "../near/endpoint-health.ts";

/** Where the gauges of relaying get their values from, each time that somebody asks. */
export interface RelayingSources {
  readonly ledger: Pick<Ledger, "stats">;
  readonly lanes: () => { lanes: number; held: number };
  /** What each relayer account could spend when it was last seen, in yoctoNEAR. */
  readonly balances: () => ReadonlyMap<string, bigint>;
  readonly fundingState: () => string;
  readonly now: () => Date;
}

const FUNDING_STATES = ["OPEN", "NO_ACCOUNTS", "CLOSED"];
const BREAKER_STATES = ["CLOSED", "OPEN", "HALF_OPEN"];
const PAUSE_LEVELS = ["RELAY", "TENANT", "METHOD", "ACTION_KIND", "RELAYER_KEY"];
/** yoctoNEAR in a milliNEAR: a gauge is a double, so it shows a unit in which nothing that matters is lost. */
const YOCTO_PER_MILLI = 10n ** 21n;

/** Registers the ledger's open work and this process's lanes. While the ledger is away its gauges are absent. */
export function registerRelayingGauges(registry: Registry, sources: RelayingSources): void {
  const { ledger, lanes, balances, fundingState, now } = sources;
  const registers = [registry];
  const stats = () => ledger.stats().catch(() => undefined);
  new Gauge({
    name: "countersign_submissions_open",
    help: "Submissions that are not terminal, by state.",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      for (const [state, count] of (await stats())?.openByState ?? []) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "countersign_oldest_unclaimed_seconds",
    help: "Age of the oldest submission that no lane has taken; 0 when there is none.",
    registers,
    async collect() {
      this.remove();
      const current = await stats();
      if (current === undefined) return;
      const since = current.oldestUnclaimedAt;
      this.set(since === null ? 0 : Math.max(0, (now().getTime() - since.getTime()) / 1000));
    },
  });
  new Gauge({
    name: "countersign_lanes",
    help: "Lanes of this relay, and the ones that this process holds.",
    labelNames: ["which"],
    registers,
    collect() {
      const count = lanes();
      this.set({ which: "configured" }, count.lanes);
      this.set({ which: "held" }, count.held);
    },
  });
  new Gauge({
    name: "countersign_relayer_balance_near",
    help: "What a relayer account could spend when it was last seen, in NEAR.",
    labelNames: ["account"],
    registers,
    collect() {
      this.reset();
      for (const [account, balance] of balances()) {
        this.set({ account }, Number(balance / YOCTO_PER_MILLI) / 1000);
      }
    },
  });
  new Gauge({
    name: "countersign_funding_state",
    help: "1 for the state that the relayer's balance allows, 0 for the others.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of FUNDING_STATES) this.set({ state }, state === fundingState() ? 1 : 0);
    },
  });
}

/** Where the gauges of NEAR's endpoints get their values from, each time that somebody asks. */
export interface NearSources {
  /** In the order of the configuration: endpoints are named by their place there, for URLs may hold secrets. */
  readonly endpoints: () => readonly EndpointReport[];
  readonly stalled: () => boolean;
}

/** Registers how NEAR's endpoints do, and whether the chain moves. */
export function registerNearGauges(registry: Registry, { endpoints, stalled }: NearSources): void {
  const registers = [registry];
  const ofEndpoint = (name: string, help: string, value: (report: EndpointReport) => number | undefined) =>
    new Gauge({
      name: `countersign_near_endpoint_${name}`,
      help,
      labelNames: ["endpoint"],
      registers,
      collect() {
        this.reset();
        for (const [endpoint, report] of endpoints().entries()) {
          const current = value(report);
          if (current !== undefined) this.set({ endpoint: String(endpoint) }, current);
        }
      },
    });
  ofEndpoint("score", "How well an endpoint does, from 0 to 1: reads go to the best.", ({ score }) => score);
  ofEndpoint("latency_seconds", "Moving mean of the time that reads took.", ({ latencyMs }) =>
    latencyMs === undefined ? undefined : latencyMs / 1000,
  );
  ofEndpoint(
    "blocks_behind",
    "How far an endpoint's final head was behind the highest; absent while it is not believed.",
    ({ blocksBehind }) => blocksBehind,
  );
  new Gauge({
    name: "countersign_near_endpoint_state",
    help: "1 for the state of an endpoint's circuit breaker for reads and for sends, 0 for the others.",
    labelNames: ["endpoint", "breaker", "state"],
    registers,
    collect() {
      for (const [endpoint, report] of endpoints().entries()) {
        for (const breaker of ["reads", "sends"] as const) {
          for (const state of BREAKER_STATES) {
            const labels = { endpoint: String(endpoint), breaker, state };
            this.set(labels, report[breaker] === state ? 1 : 0);
          }
        }
      }
    },
  });
  new Gauge({
    name: "countersign_chain_stalled",
    help: "1 while no endpoint shows new final blocks, as it was seen last: nothing new is signed.",
    registers,
    collect() {
      this.set(stalled() ? 1 : 0);
    },
  });
}

/** Registers what is still to be told to webhooks. While the ledger is away both gauges are absent. */
export function registerWebhookGauges(
  registry: Registry,
  { ledger, now }: { readonly ledger: Pick<Ledger, "deliveryStats">; readonly now: () => Date },
): void {
  const registers = [registry];
  const stats = () => ledger.deliveryStats().catch(() => undefined);
  new Gauge({
    name: "countersign_webhook_deliveries",
    help: "Deliveries to webhooks that wait for an attempt (pending), and those that are not tried any more (dead).",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      const current = await stats();
      if (current === undefined) return;
      this.set({ state: "pending" }, current.pending);
      this.set({ state: "dead" }, current.dead);
    },
  });
  new Gauge({
    name: "countersign_webhook_oldest_pending_seconds",
    help: "How long ago the submission ended that a webhook is still to be told of for the longest time; 0 for none.",
    registers,
    async collect() {
      this.remove();
      const current = await stats();
      if (current === undefined) return;
      const since = current.oldestPendingAt;
      this.set(since === null ? 0 : Math.max(0, (now().getTime() - since.getTime()) / 1000));
    },
  });
}

/** Registers how many pauses are on. */
export function registerPauseGauge(
  registry: Registry,
  pauses: () => readonly { readonly level: string }[],
): void {
  new Gauge({
    name: "countersign_pauses",
    help: "Pauses that are on, by level.",
    labelNames: ["level"],
    registers: [registry],
    collect() {
      const levels = pauses().map(({ level }) => level);
      for (const level of PAUSE_LEVELS) this.set({ level }, levels.filter((l) => l === level).length);
    },
  });
}
