import type { Engine } from "@countersign/sql";
import type { SignerSchema } from "../../store/schema.ts";
import type { ThresholdStore } from "../threshold-store.ts";
import { challengesOver } from "./challenges.ts";
import { keysOver } from "./keys.ts";
import { requestsOver } from "./requests.ts";
import { sessionsOver } from "./sessions.ts";
import { type SigningsOptions, signingsOver } from "./signings.ts";

/**
 * The threshold store over the signer's database. A call is one commit; what may be done once is a statement that
 * changes a row only while it stands as it must, so that of several signers one sees it done.
 */
export function openThresholdStore(engine: Engine<SignerSchema>, options: SigningsOptions): ThresholdStore {
  return {
    ...challengesOver(engine),
    ...keysOver(engine),
    ...sessionsOver(engine),
    ...requestsOver(engine),
    ...signingsOver(engine, options),
  };
}
