import type { ThresholdStore } from "@countersign/signer-service/threshold/threshold-store.ts";
import type { Fault } from "../../signer/crash/support/fault.ts";
import type { AttackPoint } from "./attack-plan.ts";

/** A store with the fault's points around what is done once. */
export function faultyStore(store: ThresholdStore, fault: Fault<AttackPoint>): ThresholdStore {
  return {
    ...store,
    takeUses: (...of) => fault.during("takeUses", () => store.takeUses(...of)),
    async openSigning(...of) {
      fault.at("before openSigning");
      const opened = await fault.during("openSigning", () => store.openSigning(...of));
      fault.at("after openSigning");
      return opened;
    },
    async finishSigning(...of) {
      fault.at("before finishSigning");
      const finished = await fault.during("finishSigning", () => store.finishSigning(...of));
      fault.at("after finishSigning");
      return finished;
    },
    burnSigning: (id) => fault.during("burnSigning", () => store.burnSigning(id)),
  };
}
