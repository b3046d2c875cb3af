import { flushCompileCache } from "node:module";
import { createSigner } from "@countersign/signer-service/app.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import type { ThresholdParts } from "@countersign/signer-service/threshold/threshold-parts.ts";
import { Fault } from "../../signer/crash/support/fault.ts";
import { watchIo } from "../../signer/crash/support/watched-io.ts";
import { testBackend } from "../../support/test-signer.ts";
import type { SignerPlan } from "./attack-plan.ts";
import { obeyArming } from "./faulty-process.ts";

/**
 * In the child, whose only argument is a SignerPlan: a signer that kills itself when and where it is told to. `change`
 * puts the fault's points around what threshold signing works with, and breaks it as the plan's rounds say.
 */
export async function serveFaultySigner<Point extends string>(
  change: (parts: ThresholdParts, rounds: string, fault: Fault<Point | "while it answers">) => ThresholdParts,
): Promise<void> {
  process.on("disconnect", () => process.exit());
  const { config, rounds } = JSON.parse(process.argv[2] ?? "") as SignerPlan;
  const fault = new Fault<Point | "while it answers">();
  watchIo(fault, "while it answers");
  const signer = await createSigner(loadSignerConfig(config, process.env).config, {
    openBackends: async () => [testBackend("keystore", [])],
    threshold: (parts) => change(parts, rounds, fault),
  });
  // A killed process leaves no cache behind, and the next one starts slowly.
  flushCompileCache();
  obeyArming(fault, signer.address);
}
