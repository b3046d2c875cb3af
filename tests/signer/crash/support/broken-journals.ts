import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Journal, JournalRequest } from "@countersign/signer-service/journal/journal.ts";
import type { JournalKind } from "./plan.ts";

/** The journal, or one with a mistake that must not go unnoticed. */
export function journalOfKind(kind: JournalKind, journal: Journal): Journal {
  if (kind === "forgets at a kill") return inMemory();
  if (kind === "answers too early") return answeringTooEarly(journal);
  if (kind === "keeps no signatures")
    return { ...journal, record: async (made) => made.map((m) => m.signature) };
  return journal;
}

/** Right in all that it says, and nothing of it is on disk. */
function inMemory(): Journal {
  const entries = new Map<string, { hash: string; signature?: Uint8Array }>();
  const nameOf = ({ publicKey, nonce }: Pick<JournalRequest, "publicKey" | "nonce">) =>
    `${publicKey} ${nonce}`;
  return {
    async reserve(requests) {
      return requests.map((request) => {
        const hash = Buffer.from(request.payloadHash).toString("hex");
        const entry = entries.get(nameOf(request));
        if (entry === undefined) entries.set(nameOf(request), { hash });
        if (entry === undefined || (entry.hash === hash && entry.signature === undefined)) {
          return { kind: "reserved" };
        }
        if (entry.signature !== undefined && entry.hash === hash) {
          return { kind: "signed", signature: entry.signature };
        }
        return { kind: "refused", reason: ErrorReason.SIGNER_NONCE_CONFLICT, message: "taken" };
      });
    },
    async record(made) {
      return made.map((one) => {
        const entry = entries.get(nameOf(one));
        if (entry !== undefined) entry.signature ??= one.signature;
        return entry?.signature ?? one.signature;
      });
    },
  };
}

/** Lets everything be signed, and asks the journal meanwhile. */
function answeringTooEarly(journal: Journal): Journal {
  return {
    async reserve(requests) {
      void journal.reserve(requests).catch(() => undefined);
      return requests.map(() => ({ kind: "reserved" }));
    },
    record: async (made) => journal.record(made).catch(() => made.map(({ signature }) => signature)),
  };
}
