import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { type App, type AppOverrides, createLockApp } from "@countersign/server/app.ts";
import { loadLockRelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { createOperator } from "../../../protection/support/admin.ts";
import { temporaryDirectory } from "../../../signer/support/temporary-directory.ts";
import { UNBOUNDED_RATES, withHeaders } from "../../../support/test-relay.ts";
import { type SeededTenant, seedTenants } from "../../../support/test-tenant.ts";
import type { StartLock } from "../../lock-target.ts";
import { type LockSigner, startLockSigner } from "../../signer/lock-signer.ts";

export const TENANT = "acme";
/** A page that the tenant's policy lists. */
export const PAGE = "https://app.example";
/** A page of the tenant's wallet. */
export const WALLET_PAGE = "https://wallet.example";

/** The tenant TENANT, and another one without origins. */
export const TENANTS: readonly SeededTenant[] = [
  {
    tenant: TENANT,
    policy: { allowedOrigins: [PAGE] },
    signIn: {
      relyingParties: [
        { id: "wallet.example", name: "Wallet", origins: [WALLET_PAGE], userVerificationOptional: false },
      ],
      providers: [],
      scopes: [],
    },
  },
  { tenant: "globex" },
];

export type LockClient = Client<typeof LockService>;

export interface LockRelay {
  readonly app: App;
  readonly client: LockClient;
  /** The same relay as others see it, who call with these headers. */
  seenWith(headers: Readonly<Record<string, string>>): LockClient;
  /** Everything that it logged, one JSON object a line. */
  logged(): string;
  /** The relay's metrics that begin so, without comments. */
  metrics(beginning: string): Promise<readonly string[]>;
}

export interface LockRelayOptions {
  /** "unix:/…". */
  readonly signer: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly tenants?: readonly SeededTenant[];
  /** Rates that are not unbounded. */
  readonly rates?: Readonly<Record<string, object>>;
  readonly overrides?: AppOverrides;
}

/** The flags of a lock-only relay over a ledger of its own, by path. */
export function lockRelayFlags({ signer, settings, rates }: LockRelayOptions): Record<string, string> {
  return {
    "listen.port": "0",
    "listen.trusted_proxies": JSON.stringify(["127.0.0.1/32"]),
    "operations.port": "0",
    "ledger.url": `sqlite:${join(temporaryDirectory(), "relay.db")}`,
    "signer.url": signer,
    rates: JSON.stringify({ ...UNBOUNDED_RATES, ...rates }),
    ...settings,
  };
}

/** A relay without funds in this process; it stops when the test ends. */
export async function startLockRelay(options: LockRelayOptions): Promise<LockRelay> {
  const { config } = loadLockRelayConfig({ env: {}, flags: lockRelayFlags(options) });
  await seedTenants(config.ledger.url.reveal(), options.tenants ?? TENANTS);
  const lines: string[] = [];
  const log = createLogger("relay", "info", { write: (line) => void lines.push(line) });
  const app = await createLockApp(config, { log, ...options.overrides });
  onTestFinished(() => app.stop());
  return {
    app,
    client: lockClient(app.address),
    seenWith: (headers) => lockClient(app.address, headers),
    logged: () => lines.join(""),
    async metrics(beginning) {
      const text = await (await fetch(`${app.operationsAddress}/metrics`)).text();
      return text.split("\n").filter((line) => line.startsWith(beginning));
    },
  };
}

/** A client over Connect and HTTP/2. */
export function lockClient(baseUrl: string, headers: Readonly<Record<string, string>> = {}): LockClient {
  const interceptors = [withHeaders(headers)];
  return createClient(LockService, createConnectTransport({ baseUrl, httpVersion: "2", interceptors }));
}

export interface LockWorld extends LockRelay {
  readonly signer: LockSigner;
  /** Of the signer's first key, of suite 1. */
  readonly keyId: string;
}

/** A lock-only relay before a signer that has a key of suite 1, both real. */
export async function startLockWorld(options: Partial<LockRelayOptions> = {}): Promise<LockWorld> {
  const signer = await startLockSigner();
  const relay = await startLockRelay({ signer: signer.address, ...options });
  return { ...relay, signer, keyId: await makeKey(signer) };
}

/** Makes a key of the suite, in the place of another or as the first. */
export async function makeKey(
  { admin }: Pick<LockSigner, "admin">,
  suite: LockSuite = LockSuite.RISTRETTO255_V1,
  replacedKeyId = "",
): Promise<string> {
  const { key } = await admin.rotateLockKey({ suite, replacedKeyId });
  return key?.key?.keyId ?? "";
}

/** The same for what is tested on every platform. */
export const startLockOnNode: StartLock = async ({ fault, rates = {} } = {}) => {
  const operator = await createOperator();
  const signer = await startLockSigner();
  const settings = { admin: operator.setting };
  const relay = await startLockRelay({ signer: signer.address, rates, settings });
  const keyId = fault === "no-key" ? "" : await makeKey(signer);
  const at = relay.app.adminAddress;
  if (fault === "tenant-disabled") {
    const tenants = operator.client(TenantService, at);
    const { tenant } = await tenants.getTenant({ tenant: TENANT });
    await tenants.updateTenant({ tenant: TENANT, expectedVersion: tenant?.version ?? 0n, disabled: true });
  }
  if (fault === "paused") {
    await operator.client(PauseService, at).pause({ level: PauseLevel.RELAY, reason: "test" });
  }
  if (fault === "keys-away") await signer.drain();
  return {
    address: relay.app.address,
    client: relay.client,
    seenWith: relay.seenWith,
    from: (address) => relay.seenWith({ "x-forwarded-for": address }),
    keyId,
    rotate: (suite, replaced) => makeKey(signer, suite, replaced),
    retire: (id) => signer.admin.retireLockKey({ keyId: id }),
  };
};
