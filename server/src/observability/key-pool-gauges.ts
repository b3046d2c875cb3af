import { Gauge, type Registry } from "prom-client";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { KeyOperation } from "../ledger/ledger.ts";

/** Where the gauges of the relayers' keys get their values from, each time that somebody asks. */
export interface KeyPoolSources {
  /** As the signer showed them last; undefined while it gives no answer. */
  keys(): readonly HeldKey[] | undefined;
  openOperations(): Promise<readonly KeyOperation[]>;
}

const STATES = ["PENDING", "ACTIVE", "DRAINED", "RETIRED"] as const;

/** Registers the relayers' keys and what is done to them. While the signer or the ledger is away its gauges are absent. */
export function registerKeyPoolGauges(registry: Registry, sources: KeyPoolSources, now: () => Date): void {
  const registers = [registry];
  const open = () => sources.openOperations().catch(() => []);
  new Gauge({
    name: "countersign_relayer_keys",
    help: "Access keys of a relayer account, by their state at the signer.",
    labelNames: ["account", "state"],
    registers,
    collect() {
      this.reset();
      const keys = sources.keys() ?? [];
      for (const account of new Set(keys.map(({ accountId }) => accountId))) {
        const own = keys.filter(({ accountId }) => accountId === account);
        for (const state of STATES) this.set({ account, state }, own.filter((k) => k.state === state).length);
      }
    },
  });
  const ofOperation = (name: string, help: string, value: (operation: KeyOperation) => number) =>
    new Gauge({
      name: `countersign_key_operation${name}`,
      help,
      labelNames: ["account", "kind", "step"],
      registers,
      async collect() {
        const operations = await open();
        this.reset();
        for (const operation of operations) {
          const { accountId: account, kind, step } = operation;
          this.set({ account, kind, step }, value(operation));
        }
      },
    });
  ofOperation("s_open", "1 for each operation on a relayer's keys that is not at its end.", () => 1);
  ofOperation(
    "_problem",
    "1 while the step of an operation could not be done when it was tried last.",
    (o) => (o.problem === "" ? 0 : 1),
  );
  ofOperation("_step_seconds", "How long an operation has been at its step, in seconds.", ({ stepAt }) =>
    Math.max(0, (now().getTime() - stepAt.getTime()) / 1000),
  );
}
