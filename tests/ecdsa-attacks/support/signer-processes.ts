import { readFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { unixTransport } from "../../signer/support/signer-client.ts";
import type { ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import { type AttackStore, createSignerGround } from "../../threshold-attacks/support/attack-site.ts";
import { Child } from "../../threshold-attacks/support/child.ts";
import { attackSettings } from "./attack-settings.ts";

/** Signers in processes of their own that share a store, and what a relay has of them. */
export interface SignerProcesses {
  /** Of each signer. */
  readonly clients: readonly ThresholdClient[];
  /** A SQLite file, or "postgres://…". */
  readonly signerStore: string;
  /** How those ended that did: none should. */
  readonly ended: readonly (string | number | null)[];
  /** The most memory that each has had at once, in bytes; undefined where the system does not tell. */
  peaks(): readonly number[] | undefined;
  stop(): Promise<void>;
}

const SIGNER = new URL("faulty-ecdsa-signer.ts", import.meta.url);

export async function startSignerProcesses(store: AttackStore): Promise<SignerProcesses> {
  const ground = await createSignerGround(store, { program: SIGNER, threshold: attackSettings() });
  const children: Child[] = [];
  const ended: (string | number | null)[] = [];
  let isStopping = false;
  const stop = async () => {
    isStopping = true;
    await Promise.all(children.map((child) => child.kill()));
    await ground.remove();
  };
  try {
    const addresses: string[] = [];
    for (const plan of ground.plans) {
      const child = new Child(ground.program, plan, ground.env);
      children.push(child);
      void child.ended.then((how) => isStopping || ended.push(how));
      addresses.push(await child.serves());
    }
    return {
      clients: addresses.map((address) => createClient(ThresholdSignerService, unixTransport(address))),
      signerStore: ground.signerStore,
      ended,
      peaks: () => (process.platform === "linux" ? children.map(({ id }) => peakOf(id)) : undefined),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** proc_pid_status(5): VmHWM. */
function peakOf(processId: number): number {
  const status = readFileSync(`/proc/${processId}/status`, "utf8");
  const [, kilobytes = ""] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) * 1_024;
}
