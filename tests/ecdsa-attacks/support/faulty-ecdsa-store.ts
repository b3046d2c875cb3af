import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import type { Fault } from "../../signer/crash/support/fault.ts";
import type { EcdsaPoint } from "./ecdsa-points.ts";

/** A store with the fault's points around what is done once. */
export function faultyEcdsaStore(store: EcdsaStore, fault: Fault<EcdsaPoint>): EcdsaStore {
  return {
    ...store,
    openPresign: (...of) => fault.during("openPresign", () => store.openPresign(...of)),
    async stepPresign(...of) {
      const isKept = await fault.during("stepPresign", () => store.stepPresign(...of));
      fault.at("after stepPresign");
      return isKept;
    },
    async finishPresign(...of) {
      const isKept = await fault.during("finishPresign", () => store.finishPresign(...of));
      fault.at("after finishPresign");
      return isKept;
    },
    abortPresign: (id) => fault.during("abortPresign", () => store.abortPresign(id)),
    async reserve(...of) {
      const reservation = await fault.during("reserve", () => store.reserve(...of));
      fault.at("after reserve");
      return reservation;
    },
    async finishEcdsaSigning(...of) {
      fault.at("before finishEcdsaSigning");
      const isFinished = await fault.during("finishEcdsaSigning", () => store.finishEcdsaSigning(...of));
      fault.at("after finishEcdsaSigning");
      return isFinished;
    },
  };
}
