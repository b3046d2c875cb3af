import { FixedStatement, fromMillis } from "@countersign/sql";
import type { Kysely } from "kysely";
import type { IdentityRecord, PasskeyRecord, ProviderAccountRecord, UserRecord } from "../session/ports.ts";
import type { LedgerSchema } from "./schema.ts";

/** In several reads: give it a transaction in which nothing changes meanwhile. */
export async function readUser(
  db: Kysely<LedgerSchema>,
  tenant: string,
  userId: string,
): Promise<UserRecord | undefined> {
  const row = await db
    .selectFrom("users")
    .select("created_at")
    .where("tenant", "=", tenant)
    .where("id", "=", userId)
    .where("merged_into", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    tenant,
    id: userId,
    createdAt: fromMillis(row.created_at),
    identities: await identitiesOf(db, tenant, userId),
    mergedUsers: await usersMergedInto(db, tenant, userId),
  };
}

/** Every call about a threshold key asks for them. */
const mergedInto = new FixedStatement((db: Kysely<LedgerSchema>) =>
  db.selectFrom("users").select("id").where("tenant", "=", "").where("merged_into", "=", "").orderBy("id"),
);

export async function usersMergedInto(
  db: Kysely<LedgerSchema>,
  tenant: string,
  userId: string,
): Promise<string[]> {
  const rows = await mergedInto.run(db, [tenant, userId]);
  return rows.map(({ id }) => id);
}

async function identitiesOf(
  db: Kysely<LedgerSchema>,
  tenant: string,
  userId: string,
): Promise<IdentityRecord[]> {
  const rows = await identityRows(db)
    .where("i.tenant", "=", tenant)
    .where("i.user_id", "=", userId)
    .orderBy("i.created_at")
    .orderBy("i.id")
    .execute();
  return rows.map(toIdentity);
}

/** With the user whose it is. Throws for one that is not there. */
export async function readIdentity(
  db: Kysely<LedgerSchema>,
  identityId: string,
): Promise<{ userId: string; identity: IdentityRecord }> {
  const row = await identityRows(db).where("i.id", "=", identityId).executeTakeFirstOrThrow();
  return { userId: row.user_id, identity: toIdentity(row) };
}

/** One row for each identity, with the columns of its kind; those of the other are null. */
function identityRows(db: Kysely<LedgerSchema>) {
  return db
    .selectFrom("identities as i")
    .leftJoin("passkeys as p", "p.identity_id", "i.id")
    .leftJoin("provider_accounts as a", "a.identity_id", "i.id")
    .select(["i.id", "i.user_id", "i.created_at"])
    .select(["p.credential_id", "p.public_key", "p.rp_id", "p.name", "p.backed_up", "p.transports"])
    .select(["a.provider_id", "a.issuer", "a.subject"]);
}

type IdentityRow = Awaited<ReturnType<ReturnType<typeof identityRows>["execute"]>>[number];

function toIdentity(row: IdentityRow): IdentityRecord {
  return { id: row.id, createdAt: fromMillis(row.created_at), kind: kindOf(row) };
}

function kindOf(row: IdentityRow): IdentityRecord["kind"] {
  const { provider_id: providerId, issuer, subject } = row;
  if (providerId !== null && issuer !== null && subject !== null) {
    return { case: "provider", account: { providerId, issuer, subject } };
  }
  const { credential_id, public_key, rp_id, name, backed_up, transports } = row;
  if (
    credential_id === null ||
    public_key === null ||
    rp_id === null ||
    name === null ||
    backed_up === null ||
    transports === null
  ) {
    throw new Error(`identity ${row.id} is neither a passkey nor an account`);
  }
  return {
    case: "passkey",
    passkey: toPasskey({ credential_id, public_key, rp_id, name, backed_up, transports }),
  };
}

function toPasskey(row: {
  credential_id: Uint8Array;
  public_key: Uint8Array;
  rp_id: string;
  name: string;
  backed_up: bigint;
  transports: string;
}): PasskeyRecord {
  return {
    credentialId: row.credential_id,
    publicKey: row.public_key,
    rpId: row.rp_id,
    name: row.name,
    backedUp: row.backed_up !== 0n,
    transports: JSON.parse(row.transports),
  };
}

export async function findPasskey(
  db: Kysely<LedgerSchema>,
  tenant: string,
  credentialId: Uint8Array,
): Promise<{ userId: string; passkey: PasskeyRecord } | undefined> {
  const row = await db
    .selectFrom("passkeys as p")
    .innerJoin("identities as i", "i.id", "p.identity_id")
    .select(["i.user_id", "p.credential_id", "p.public_key", "p.rp_id", "p.name", "p.backed_up"])
    .select("p.transports")
    .where("p.tenant", "=", tenant)
    .where("p.credential_id", "=", credentialId)
    .executeTakeFirst();
  return row === undefined ? undefined : { userId: row.user_id, passkey: toPasskey(row) };
}

/** In several reads, like `readUser`. */
export async function findUserOfAccount(
  db: Kysely<LedgerSchema>,
  tenant: string,
  { issuer, subject }: ProviderAccountRecord,
): Promise<UserRecord | undefined> {
  const row = await db
    .selectFrom("provider_accounts as a")
    .innerJoin("identities as i", "i.id", "a.identity_id")
    .select("i.user_id")
    .where("a.tenant", "=", tenant)
    .where("a.issuer", "=", issuer)
    .where("a.subject", "=", subject)
    .executeTakeFirst();
  return row === undefined ? undefined : readUser(db, tenant, row.user_id);
}
