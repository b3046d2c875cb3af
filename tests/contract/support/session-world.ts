import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { createLogger } from "@countersign/service-kit";
import { createOperator } from "../../protection/support/admin.ts";
import { sessionSettings } from "../../session/support/session-relay.ts";
import {
  CLIENT_ID,
  type OidcProvider,
  startOidcProvider,
  type WhenOver,
} from "../../support/oidc-provider.ts";
import { createDatabase } from "../../support/postgres.ts";
import { type OwnRedis, RELAY_PATIENCE_MS, startRedis } from "../../support/redis.ts";
import { startTestRelay, type TestRelay, type TestRelayOptions } from "../../support/test-relay.ts";
import { LedgerGate } from "./ledger-gate.ts";
import { SessionTenant, SILENT_PEER } from "./session-tenant.ts";
import { NAMES } from "./veto-contract.ts";

/** A relay at which users sign in; names.test confirms their passkeys, save for accounts that it denies. */
export interface SessionWorld {
  readonly relay: TestRelay;
  readonly provider: OidcProvider;
  /** A new tenant whose users sign in. */
  tenant(): Promise<SessionTenant>;
}

/** One whose PostgreSQL can be taken away. */
export interface SessionPostgresWorld extends SessionWorld {
  readonly gate: LedgerGate;
  /** Runs SQL beside the relay. */
  readonly query: (sql: string) => Promise<unknown>;
}

/** One whose Redis can be made silent. */
export interface SessionRedisWorld extends SessionWorld {
  readonly redis: OwnRedis;
}

/** `stops` is told how to stop what was started, in this order. */
type Stops = (() => unknown)[];

export async function startSessionWorld(
  stops: Stops,
  options: Pick<TestRelayOptions, "ledgerUrl" | "settings"> & { readonly session?: object } = {},
): Promise<SessionWorld> {
  const after: Stops = [];
  const whenOver: WhenOver = (close) => void after.push(close);
  const [provider, operator] = await Promise.all([startOidcProvider(whenOver), createOperator(whenOver)]);
  const verification = { contract: NAMES.id, method: "is_allowed" };
  const peer = {
    ...{ issuer: SILENT_PEER, audience: "countersign", tenants: ["tenant-1"] },
    jwks_uri: await silentUrl(),
  };
  const changes = { contract_verification: verification, peers: [peer], ...options.session };
  const session = await sessionSettings(changes, whenOver);
  const { ledgerUrl } = options;
  const relay = await startTestRelay({
    ...(ledgerUrl === undefined ? {} : { ledgerUrl }),
    devnet: { accounts: [NAMES] },
    settings: { session, admin: operator.setting, ...options.settings },
    // What goes wrong here is meant to.
    overrides: { log: createLogger("relay", "silent") },
  });
  stops.push(() => relay.stop(), ...after);
  const tenants = operator.client(TenantService, relay.app.adminAddress);
  const pauses = operator.client(PauseService, relay.app.adminAddress);
  let made = 0;
  return {
    relay,
    provider,
    async tenant() {
      const id = `tenant-${++made}`;
      await tenants.createTenant({ tenant: id });
      const signIn = {
        relyingParties: [{ id: `${id}.example`, name: "Wallet", origins: [`https://${id}.example`] }],
        providers: [
          { id: "test", issuer: provider.issuer, clientId: CLIENT_ID, clientSecretName: "test" },
          // Nothing is there.
          { id: "away", issuer: `${provider.issuer}/away`, clientId: CLIENT_ID },
        ],
        scopes: ["read"],
      };
      await tenants.updateTenant({ tenant: id, expectedVersion: 1n, signIn });
      const disable = () => tenants.updateTenant({ tenant: id, expectedVersion: 2n, disabled: true });
      const pause = () => pauses.pause({ level: PauseLevel.TENANT, target: id, reason: "test" });
      return new SessionTenant({ id, address: relay.app.address, provider, disable, pause });
    },
  };
}

/** A relay whose users' tokens are in cookies. */
export function startSessionInCookies(stops: Stops): Promise<SessionWorld> {
  return startSessionWorld(stops, { session: { cookies: {} }, settings: { "cors.credentials": "true" } });
}

/** Where nobody listens. */
async function silentUrl(): Promise<string> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}/jwks`;
}

export async function startSessionOnPostgres(stops: Stops): Promise<SessionPostgresWorld> {
  const database = await createDatabase();
  const gate = await LedgerGate.before(database.url);
  stops.push(() => gate.open());
  const world = await startSessionWorld(stops, { ledgerUrl: gate.url });
  stops.push(
    () => gate.close(),
    () => database.drop(),
  );
  return { ...world, gate, query: (sql) => database.query(sql) };
}

export async function startSessionOnRedis(stops: Stops): Promise<SessionRedisWorld> {
  const redis = await startRedis();
  const settings = { "redis.url": redis.url, "redis.timeout_ms": String(RELAY_PATIENCE_MS) };
  const world = await startSessionWorld(stops, { settings });
  stops.push(() => redis.kill());
  return { ...world, redis };
}
