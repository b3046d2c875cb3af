import type { EcdsaStore, NewEcdsaSigning } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import type { EcdsaRounds } from "./ecdsa-points.ts";

/** The store, or the same with a mistake that must not go unnoticed. */
export function brokenEcdsaStore(kind: EcdsaRounds, store: EcdsaStore): EcdsaStore {
  if (kind === "reserves twice") {
    const first = new Map<string, string>();
    const others = new Map<string, NewEcdsaSigning>();
    return {
      ...store,
      async reserve(signing, ...of) {
        const reservation = await store.reserve(signing, ...of);
        const presignature = Buffer.from(signing.presignatureId).toString("hex");
        const holder = first.get(presignature);
        if (reservation.kind === "reserved") first.set(presignature, reservation.signing.id);
        if (reservation.kind === "reserved" || holder === undefined) return reservation;
        others.set(signing.id, signing);
        return { kind: "reserved", signing };
      },
      async ecdsaSigning(id, now) {
        const signing = others.get(id);
        if (signing === undefined) return store.ecdsaSigning(id, now);
        const holder = first.get(Buffer.from(signing.presignatureId).toString("hex"));
        const standing = await store.ecdsaSigning(holder ?? "", now);
        return standing?.stage === "reserved" ? { ...standing, signing } : undefined;
      },
      finishEcdsaSigning: async (id, ...of) => others.has(id) || store.finishEcdsaSigning(id, ...of),
    };
  }
  return store;
}
