import { type Engine, FixedStatement, toMillis } from "@countersign/sql";
import { toHex } from "../../chain/hash-text.ts";
import type { SignerSchema } from "../../store/schema.ts";
import type { ChallengeBinding, ThresholdStore } from "../threshold-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";

const putOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db
    .insertInto("threshold_challenges")
    .values({ challenge: "", binding: "", expires_at: 0n, incarnation: currentIncarnation }),
);

const takeOf = new FixedStatement<SignerSchema, { binding: string; expires_at: bigint }>((db) =>
  db
    .deleteFrom("threshold_challenges")
    .where("challenge", "=", "")
    .where("incarnation", "=", currentIncarnation)
    .returning(["binding", "expires_at"]),
);

export function challengesOver(
  engine: Engine<SignerSchema>,
): Pick<ThresholdStore, "putChallenge" | "takeChallenge"> {
  return {
    async putChallenge(challenge, binding, expiresAt) {
      const expiry = toMillis(expiresAt, "expiry of a challenge");
      await engine.write((trx) => putOf.run(trx, [toHex(challenge), JSON.stringify(binding), expiry]));
    },
    async takeChallenge(challenge, now) {
      // Of several that delete it, one is given the row.
      const [taken] = await engine.write((trx) => takeOf.run(trx, [toHex(challenge)]));
      if (taken === undefined || taken.expires_at <= toMillis(now, "time")) return undefined;
      return JSON.parse(taken.binding) as ChallengeBinding;
    },
  };
}
