import { cpuMs, machineCpuMs } from "./proc-stat.ts";

/** CPU milliseconds that were spent so far, by whom. */
export interface Usage {
  readonly relay: number;
  readonly signer: number;
  readonly devnet: number;
  /** This process, which makes the load. */
  readonly load: number;
  /** Everything on the machine, the four included. */
  readonly machine: number;
}

/** The processes that a load goes through. */
interface Measurable {
  readonly pids: Readonly<Record<"relay" | "signer" | "devnet", number>>;
}

/** What has been spent until now. */
export async function usageOf({ pids }: Measurable): Promise<Usage> {
  const [relay, signer, devnet, load, machine] = await Promise.all([
    cpuMs(pids.relay),
    cpuMs(pids.signer),
    cpuMs(pids.devnet),
    cpuMs(process.pid),
    machineCpuMs(),
  ]);
  return { relay, signer, devnet, load, machine };
}

/** What was spent between two moments. */
export function spent(before: Usage, after: Usage): Usage {
  return {
    relay: after.relay - before.relay,
    signer: after.signer - before.signer,
    devnet: after.devnet - before.devnet,
    load: after.load - before.load,
    machine: after.machine - before.machine,
  };
}
