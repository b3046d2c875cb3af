// A signer in a process of its own that kills itself when and where it is told to. The only argument is a SignerPlan.
import { serveFaultySigner } from "../../threshold-attacks/support/serve-faulty-signer.ts";
import { brokenEcdsaStore } from "./broken-ecdsa-store.ts";
import type { EcdsaPoint, EcdsaRounds } from "./ecdsa-points.ts";
import { faultyEcdsaStore } from "./faulty-ecdsa-store.ts";

await serveFaultySigner<EcdsaPoint>((parts, rounds, fault) => {
  const ecdsa = brokenEcdsaStore(rounds as EcdsaRounds, parts.ecdsa);
  return { ...parts, ecdsa: faultyEcdsaStore(ecdsa, fault) };
});
