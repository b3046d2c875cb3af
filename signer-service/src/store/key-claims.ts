import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import type { NewKeyNames } from "../backends/backend.ts";
import type { KeyCheck } from "../keys/account-standing.ts";
import { lockStanding } from "./account-standing.ts";
import type { SignerSchema } from "./schema.ts";

/** A place that takes longer than this to make a key has failed, in milliseconds. */
const CLAIM_MS = 300_000;

/**
 * Notes that `owner` is about to make a key; see KeyRecords.claim. Nobody else makes it, on any signer of the store, until
 * it is entered or the claim is dropped or expires.
 */
export async function claimKey(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  { keyId, network, accountId }: NewKeyNames,
  owner: string,
  check: KeyCheck,
  now: Date,
): Promise<Readonly<Record<string, string>>> {
  const detail = check(await lockStanding(engine, trx, { network, accountId }, now));
  const at = BigInt(now.getTime());
  await trx.deleteFrom("key_claims").where("expires_at", "<=", at).execute();
  const claim = { network, account_id: accountId, owner, expires_at: at + BigInt(CLAIM_MS) };
  const claimed = await trx
    .insertInto("key_claims")
    .values({ key_id: keyId, ...claim })
    .onConflict((oc) => oc.column("key_id").doUpdateSet(claim).where("key_claims.owner", "=", owner))
    .returning("key_id")
    .executeTakeFirst();
  if (claimed !== undefined) return detail;
  throw new DomainError(ErrorReason.RELOAD_RUNNING, `another signer is making the key ${keyId}`);
}

/** The key was entered, or was not made. */
export async function dropClaim(trx: Transaction<SignerSchema>, keyId: string, owner: string): Promise<void> {
  await trx.deleteFrom("key_claims").where("key_id", "=", keyId).where("owner", "=", owner).execute();
}
