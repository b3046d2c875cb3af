// A signer in a process of its own that kills itself when and where it is told to. The only argument is a SignerPlan.
import { flushCompileCache } from "node:module";
import { createSigner } from "@countersign/signer-service/app.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { Fault } from "../../signer/crash/support/fault.ts";
import { watchIo } from "../../signer/crash/support/watched-io.ts";
import { testBackend } from "../../support/test-signer.ts";
import type { AttackPoint, SignerPlan } from "./attack-plan.ts";
import { brokenParts } from "./broken-rounds.ts";
import { obeyArming } from "./faulty-process.ts";
import { faultyStore } from "./faulty-store.ts";

process.on("disconnect", () => process.exit());
const { config, rounds } = JSON.parse(process.argv[2] ?? "") as SignerPlan;
const fault = new Fault<AttackPoint>();
watchIo(fault, "while it answers");

const signer = await createSigner(loadSignerConfig(config, process.env).config, {
  openBackends: async () => [testBackend("keystore", [])],
  threshold: (parts) => {
    const broken = brokenParts(rounds, parts);
    return { ...broken, store: faultyStore(broken.store, fault) };
  },
});
// A killed process leaves no cache behind, and the next one starts slowly.
flushCompileCache();
obeyArming(fault, signer.address);
