import type {
  ApiKey,
  AuditEntry,
  CallIdentity,
  Ledger,
  Pause,
  StoredDocument,
  TokenIssuer,
} from "@countersign/server/ledger/ledger.ts";
import type { SignInSettings } from "@countersign/server/session/ports.ts";
import { at, event, sha256 } from "./builders.ts";

export const audit = event({ tenant: "", kind: "admin.change", actor: "admin:root" });

/** Creates tenants of these ids. */
export async function tenants(ledger: Ledger, ...ids: string[]): Promise<void> {
  for (const id of ids) await ledger.createTenant({ id, displayName: id, createdAt: at(0) }, audit);
}

export function issuer(name: string, changes: Partial<TokenIssuer> = {}): TokenIssuer {
  return {
    issuer: `https://${name}.example`,
    audience: "relay",
    jwksUri: `https://${name}.example/jwks`,
    jwksJson: "",
    algorithms: ["RS256", "EdDSA"],
    clockSkewSeconds: 30,
    subjectPrefix: "",
    scopes: ["submit", "read"],
    ...changes,
  };
}

/** Sign-in with passkeys of these relying parties. */
export function signIn(rpIds: readonly string[], changes: Partial<SignInSettings> = {}): SignInSettings {
  const relyingParties = rpIds.map((id) => ({
    id,
    name: `Wallet "${id}"`,
    origins: [`https://${id}`, "https://related.example"],
    userVerificationOptional: false,
  }));
  const google = { id: "google", issuer: "", clientId: "client", clientSecretName: "google" };
  return { relyingParties, providers: [google], scopes: ["submit"], ...changes };
}

export function apiKey(id: string, changes: Partial<ApiKey> = {}): ApiKey {
  return {
    id,
    tenant: "shop",
    displayName: `key ${id}`,
    scopes: ["submit", "read"],
    secretHash: sha256(id),
    createdAt: at(0),
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    rotatedFrom: null,
    ...changes,
  };
}

export function call(idempotencyKey: string, body = "body", method = "CreateApiKey"): CallIdentity {
  return { method, idempotencyKey, bodyHash: sha256(body) };
}

export function policy(
  text: string,
  changes: Partial<Omit<StoredDocument, "version">> = {},
): Omit<StoredDocument, "version"> {
  return { tenant: "shop", kind: "policy", text, author: "admin:root", createdAt: at(0), ...changes };
}

export function pause(changes: Partial<Pause> = {}): Pause {
  return {
    id: "pause-1",
    level: "RELAY",
    target: "",
    mode: "DRAIN",
    reason: "maintenance",
    author: "admin:root",
    createdAt: at(0),
    ...changes,
  };
}

/** A hash over everything that an entry says, and over the one before it. */
export function hashEntry(
  previous: Uint8Array,
  { hash: _, ...entry }: Omit<AuditEntry, "hash"> & { hash?: unknown },
) {
  const said = JSON.stringify(entry, (_key, value) => (typeof value === "bigint" ? value.toString() : value));
  const fields = JSON.stringify(Object.entries(JSON.parse(said)).sort());
  return sha256(`${Buffer.from(previous).toString("hex")} ${fields}`);
}

/** The log of a tenant once everything in it is chained, as kinds. */
export async function auditLog(ledger: Ledger, tenant: string): Promise<AuditEntry[]> {
  while ((await ledger.chainAudit(hashEntry, 1_000)) > 0);
  return ledger.readAudit(tenant, 1n, 10_000);
}
