import type { Engine } from "@countersign/sql";
import type { SignerSchema } from "../store/schema.ts";
import { JoinedCalls } from "./joined-calls.ts";
import type { Journal, JournalAnswer, JournalRequest, MadeSignature } from "./journal.ts";
import { record } from "./record.ts";
import type { GrantsThatHold } from "./repair-grants.ts";
import { reserve } from "./reserve.ts";

/** Told the journal's new end after each commit that added to it. Ends may come out of order. */
export type OnHead = (sequence: bigint, hash: Uint8Array) => void;

export interface JournalOptions {
  readonly now: () => Date;
  readonly grantsThatHold: GrantsThatHold;
  readonly onHead?: OnHead;
}

/** The journal of a store. A call is one commit, which it may share with calls that come at the same time. */
export function journalOver(engine: Engine<SignerSchema>, options: JournalOptions): Journal {
  const { now, grantsThatHold, onHead } = options;
  const reservations = new JoinedCalls<JournalRequest, JournalAnswer>(async (requests) => {
    const { answers, head } = await engine.write((trx) =>
      reserve(engine, trx, requests, grantsThatHold, now()),
    );
    if (head !== null) onHead?.(head.sequence, head.hash);
    return answers;
  });
  const signatures = new JoinedCalls<MadeSignature, Uint8Array>((made) =>
    engine.write((trx) => record(trx, made)),
  );
  return {
    reserve: (requests) => reservations.call(requests),
    record: (made) => signatures.call(made),
  };
}
