import { Gauge, type Registry } from "prom-client";
import type { Ledger } from "../ledger/ledger.ts";

/** Where the gauges get their values from, each time that somebody asks. */
export interface GaugeSources {
  readonly ledger: Pick<Ledger, "stats">;
  readonly lanes: () => { lanes: number; held: number };
  readonly now: () => Date;
}

/** Registers the ledger's open work and this process's lanes. While the ledger is away its gauges are absent. */
export function registerGauges(registry: Registry, { ledger, lanes, now }: GaugeSources): void {
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
}
