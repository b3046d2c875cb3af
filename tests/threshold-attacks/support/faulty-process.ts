import type { Fault } from "../../signer/crash/support/fault.ts";
import type { ArmedFault } from "../../signer/crash/support/plan.ts";
import type { AttackPoint, Serves } from "./attack-plan.ts";

/** In the child: says where it serves, and arms the fault whenever it is told to. */
export function obeyArming(fault: Fault<AttackPoint>, address: string): void {
  process.on("message", (armed: ArmedFault<AttackPoint>) => {
    fault.arm(armed);
    process.send?.("armed");
  });
  const serves: Serves = { serves: address };
  process.send?.(serves);
}
