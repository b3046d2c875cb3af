import type { Fault } from "../../signer/crash/support/fault.ts";
import type { ArmedFault } from "../../signer/crash/support/plan.ts";
import type { Serves } from "./attack-plan.ts";

/** In the child: says where it serves, and arms the fault whenever it is told to. */
export function obeyArming(fault: Fault<string>, address: string): void {
  process.on("message", (armed: ArmedFault<string>) => {
    fault.arm(armed);
    process.send?.("armed");
  });
  const serves: Serves = { serves: address };
  process.send?.(serves);
}
