import type { ThresholdParts } from "@countersign/signer-service/threshold/threshold-parts.ts";
import type { SigningSession } from "@countersign/signer-service/threshold/threshold-store.ts";
import type { RoundsKind } from "./attack-plan.ts";

/** What threshold signing works with, or the same with a mistake that must not go unnoticed. */
export function brokenParts(kind: RoundsKind, parts: ThresholdParts): ThresholdParts {
  const { store, random } = parts;
  if (kind === "repeats nonces") {
    // All that is random in a first round is made after its request was read.
    let isBeginning = false;
    return {
      ...parts,
      random: (bytes) => (isBeginning ? new Uint8Array(bytes).fill(bytes) : random(bytes)),
      store: {
        ...store,
        async request(...of) {
          const request = await store.request(...of);
          isBeginning = true;
          return request;
        },
        openSigning(...of) {
          isBeginning = false;
          return store.openSigning(...of);
        },
      },
    };
  }
  if (kind === "forgets what is finished")
    return { ...parts, store: { ...store, finishSigning: async () => true } };
  if (kind === "answers to burnt runs") {
    const opened = new Map<string, SigningSession>();
    return {
      ...parts,
      store: {
        ...store,
        async openSigning(session, ...of) {
          // Not slice(): a Buffer's shares its memory.
          opened.set(session.id, { ...session, state: Uint8Array.from(session.state) });
          return store.openSigning(session, ...of);
        },
        async signing(id, now) {
          const standing = await store.signing(id, now);
          const session = opened.get(id);
          if (standing?.stage !== "burnt" || session === undefined) return standing;
          return { stage: "open", session: { ...session, state: Uint8Array.from(session.state) } };
        },
        async finishSigning(...of) {
          await store.finishSigning(...of);
          return true;
        },
      },
    };
  }
  return parts;
}
