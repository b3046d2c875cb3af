// A signer in a process of its own that kills itself when and where it is told to. The only argument is a SignerPlan.
import type { AttackPoint, RoundsKind } from "./attack-plan.ts";
import { brokenParts } from "./broken-rounds.ts";
import { faultyStore } from "./faulty-store.ts";
import { serveFaultySigner } from "./serve-faulty-signer.ts";

await serveFaultySigner<AttackPoint>((parts, rounds, fault) => {
  const broken = brokenParts(rounds as RoundsKind, parts);
  return { ...broken, store: faultyStore(broken.store, fault) };
});
