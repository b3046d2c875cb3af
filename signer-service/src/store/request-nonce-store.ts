import { type Engine, FixedStatement, toMillis } from "@countersign/sql";
import type { RequestNonces } from "../access/request-nonces.ts";
import type { SignerSchema } from "./schema.ts";

const claimOf = new FixedStatement<SignerSchema, { nonce: string }>((db) =>
  db
    .insertInto("request_nonces")
    .values({ key_id: "", nonce: "", expires_at: 0n })
    .onConflict((oc) => oc.doNothing())
    .returning("nonce"),
);

/** The nonces of signed requests that a store keeps. */
export function requestNoncesOver(engine: Engine<SignerSchema>): RequestNonces {
  return {
    async claim(keyId, nonce, expiresAt) {
      const expiry = toMillis(expiresAt, "expiry of a request's nonce");
      const claimed = await engine.write((trx) => claimOf.run(trx, [keyId, nonce, expiry]));
      return claimed.length > 0;
    },
  };
}
