import { Gauge, type Registry } from "prom-client";
import { LANE_STATES, type LaneReport } from "../lanes/lane-state.ts";

/** Registers what each lane does, and how many transactions it has under way and may have. */
export function registerLaneGauges(registry: Registry, lanes: () => readonly LaneReport[]): void {
  const registers = [registry];
  const labelNames = ["account", "key"] as const;
  new Gauge({
    name: "countersign_lane_state",
    help: "1 for what a lane does or waits for, 0 for the other states.",
    labelNames: [...labelNames, "state"],
    registers,
    collect() {
      this.reset();
      for (const { accountId: account, keyId: key, state: current } of lanes()) {
        for (const state of LANE_STATES) this.set({ account, key, state }, state === current ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: "countersign_lane_window",
    help: "Most transactions of a lane that may be sent and not yet in a block; 0 while it signs none.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { accountId: account, keyId: key, window } of lanes()) this.set({ account, key }, window);
    },
  });
  new Gauge({
    name: "countersign_lane_in_window",
    help: "Transactions of a lane that are sent and not yet in a block.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { accountId: account, keyId: key, inWindow } of lanes()) {
        this.set({ account, key }, inWindow);
      }
    },
  });
}
