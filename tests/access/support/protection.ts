import { randomBytes } from "node:crypto";
import { ApiKeyHasher, DEVELOPMENT_PEPPER, mintApiKey } from "@countersign/server/access/api-key.ts";
import type {
  ApiKey,
  Pause,
  PauseLevel,
  ProtectionSnapshot,
  Tenant,
  TokenIssuer,
} from "@countersign/server/ledger/protection-types.ts";
import { Directory } from "@countersign/server/tenant/directory.ts";
import { Secret } from "@countersign/service-kit";

export const START = new Date("2026-11-01T12:00:00.000Z");

/** A time, in seconds after the start. */
export function after(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1000);
}

export const HASHER: ApiKeyHasher = new ApiKeyHasher([new Secret(DEVELOPMENT_PEPPER)]);

export function tenant(id: string, changes: Partial<Tenant> = {}): Tenant {
  return {
    id,
    displayName: id,
    disabled: false,
    tokenIssuers: [],
    signIn: null,
    version: 1n,
    createdAt: START,
    ...changes,
  };
}

/** A key with every scope, and its text. */
export function apiKey(of: string, changes: Partial<ApiKey> = {}): { key: ApiKey; text: string } {
  const minted = mintApiKey(randomBytes);
  const key: ApiKey = {
    id: minted.id,
    tenant: of,
    displayName: "",
    scopes: ["read", "list", "submit", "accounts", "threshold", "end-users"],
    secretHash: HASHER.hash(minted),
    createdAt: START,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    rotatedFrom: null,
    ...changes,
  };
  return { key, text: minted.text.reveal() };
}

export function tokenIssuer(changes: Partial<TokenIssuer>): TokenIssuer {
  return {
    issuer: "https://id.example",
    audience: "acme-app",
    jwksUri: "",
    jwksJson: "",
    algorithms: ["ES256"],
    clockSkewSeconds: 10,
    subjectPrefix: "",
    scopes: ["read"],
    ...changes,
  };
}

export function pause(level: PauseLevel, target = ""): Pause {
  return {
    id: `${level}-${target}`,
    level,
    target,
    mode: "DRAIN",
    reason: "the operator's own business",
    author: "admin:eve",
    createdAt: START,
  };
}

/** What the ledger says; a test replaces it as it likes. */
export class Protection {
  #snapshot: ProtectionSnapshot = {
    revision: 1n,
    tenants: [],
    keys: [],
    documents: [],
    pauses: [],
    webhooks: [],
  };

  constructor(snapshot: Partial<ProtectionSnapshot>) {
    this.change(snapshot);
  }

  change(changes: Partial<ProtectionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes, revision: this.#snapshot.revision + 1n };
  }

  directory(): Promise<Directory> {
    const unexpected = (error: unknown) => {
      throw error;
    };
    return Directory.open({
      store: { revision: async () => this.#snapshot.revision, snapshot: async () => this.#snapshot },
      onFailed: unexpected,
      onUnusable: (_, error) => unexpected(error),
    });
  }
}
