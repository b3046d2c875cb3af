import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ApiKeyHasher } from "@countersign/server/access/api-key.ts";
import type { AdminRefusal } from "@countersign/server/admin/admin-access.ts";
import { type AdminServerOptions, serveAdmin } from "@countersign/server/admin/admin-server.ts";
import { AuditKey } from "@countersign/server/audit/audit-key.ts";
import { hashEntry } from "@countersign/server/audit/entry-hash.ts";
import { exportAudit } from "@countersign/server/audit/export.ts";
import type { AdminConfig } from "@countersign/server/config/config.ts";
import type { AuditEntry, Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Directory } from "@countersign/server/tenant/directory.ts";
import { ConfigSecret, createLogger, Secret } from "@countersign/service-kit";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** The secret of the key of each role; the key is named after its role. */
export const SECRETS: Readonly<Record<Role, string>> = {
  viewer: `viewer-${randomBytes(24).toString("base64url")}`,
  operator: `operator-${randomBytes(24).toString("base64url")}`,
  admin: `admin-${randomBytes(24).toString("base64url")}`,
};

export const KEYS: AdminConfig["keys"] = ROLES.map((role) => ({
  name: role,
  role,
  secret: new ConfigSecret(SECRETS[role], "env:X"),
}));

export interface AdminWorldOptions {
  readonly admin?: Partial<AdminConfig>;
  readonly failedRate?: AdminServerOptions["failedRate"];
  /** None by default. */
  readonly webhooks?: AdminServerOptions["context"]["webhooks"];
  /** None by default. */
  readonly keyPools?: (ledger: Ledger) => AdminServerOptions["context"]["keyPools"];
}

/** The admin port over a real ledger, with its audit log. */
export interface AdminWorld {
  readonly url: string;
  /** Of the audit log. */
  readonly publicKey: string;
  readonly ledger: Ledger;
  readonly directory: Directory;
  readonly refusals: AdminRefusal[];
  /** What was logged, a line each. */
  readonly lines: string[];
  /** A client with the admin's key, or with another role's, or with none. */
  client<S extends DescService>(service: S, role?: Role | "nobody"): Client<S>;
  /** A tenant's entries, all chained. */
  audited(tenant: string): Promise<AuditEntry[]>;
  stop(): Promise<void>;
}

export async function startAdmin(options: AdminWorldOptions = {}): Promise<AdminWorld> {
  const folder = await mkdtemp(join(tmpdir(), "admin-"));
  const ledger = await openLedger(new Secret(`sqlite:${join(folder, "relay.db")}`));
  const fail = (error: unknown) => {
    throw error;
  };
  const directory = await Directory.open({
    store: ledger,
    onFailed: fail,
    onUnusable: (_, error) => fail(error),
  });
  const now = () => new Date();
  const key = AuditKey.fromSeed(new Secret("5".repeat(64)));
  const chainNow = async () => {
    while ((await ledger.chainAudit(hashEntry, 1000)) > 0);
  };
  const refusals: AdminRefusal[] = [];
  const lines: string[] = [];
  const server = await serveAdmin({
    admin: {
      listen: { kind: "tcp", host: "127.0.0.1", port: 0, tls: undefined },
      keys: KEYS,
      clients: [],
      ...options.admin,
    },
    context: {
      network: "testnet",
      webhooks: options.webhooks,
      keyPools: options.keyPools?.(ledger),
      ledger,
      directory,
      hasher: new ApiKeyHasher([new Secret("p".repeat(32))]),
      randomBytes,
      now,
      auditLines: (tenant, from) =>
        exportAudit({ store: ledger, keeper: { chainNow }, key, now }, tenant, from),
    },
    failedRate: options.failedRate ?? { perSecond: 1000, burst: 1000 },
    onRefused: (refusal) => refusals.push(refusal),
    log: createLogger("admin", "trace", { write: (line) => void lines.push(line) }),
    stopping: new AbortController(),
  });
  return {
    url: server.address,
    publicKey: key.publicKey,
    ledger,
    directory,
    refusals,
    lines,
    client: (service, role = "admin") => createClient(service, transport(server.address, role)),
    async audited(tenant) {
      await chainNow();
      return ledger.readAudit(tenant, 1n, 1000);
    },
    async stop() {
      await server.drain(0);
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}

function transport(baseUrl: string, role: Role | "nobody") {
  return createConnectTransport({
    baseUrl,
    httpVersion: "2",
    interceptors:
      role === "nobody"
        ? []
        : [
            (next) => (request) => {
              request.header.set("authorization", `Bearer ${SECRETS[role]}`);
              return next(request);
            },
          ],
  });
}
