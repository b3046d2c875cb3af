import { serveOperations } from "@countersign/service-kit";
import { assertAccessStated } from "./access/method-access.ts";
import { openAdmin } from "./admin/open-admin.ts";
import type { CommonConfig } from "./config/config.ts";
import type { Entrance } from "./entrance.ts";
import type { Foundation, Opened } from "./foundation.ts";
import { registerPauseGauge } from "./observability/gauges.ts";
import type { Room } from "./room.ts";
import { servePublic } from "./transport/public-server.ts";
import { walletOriginsFilter } from "./transport/wallet-origins.ts";

/** A relay that serves. */
export interface App {
  /** Base URL of the public port. */
  readonly address: string;
  /** Base URL of the operators' port. */
  readonly operationsAddress: string;
  /** Where countersign.admin.v1 is served; undefined without it. */
  readonly adminAddress: string | undefined;
  /** Takes no more calls, lets those that run finish within a bound, gives the lanes back and closes. */
  stop(): Promise<void>;
}

export interface ServeAppOptions {
  readonly config: CommonConfig;
  readonly foundation: Foundation;
  readonly entrance: Entrance;
  readonly room: Room;
  readonly opened: Opened;
}

/** How long running calls may take to finish when the relay stops, in milliseconds. */
const DRAIN_MS = 10_000;

/** Serves a relay on its ports, and sets it to work. Throws when an address cannot be had or a file not be read. */
export async function serveApp({
  config,
  foundation,
  entrance,
  room,
  opened,
}: ServeAppOptions): Promise<App> {
  const { log, registry, events, now, ledger } = foundation;
  const { protection, session } = entrance;
  const { directory } = protection;
  registerPauseGauge(registry, () => directory.pauses);

  const draining = new AbortController();
  const working = new AbortController();
  const services = [...room.services, ...entrance.services];
  assertAccessStated(services.map(({ service }) => service));
  const publicServer = await servePublic({
    listen: config.listen,
    cors: {
      isListed: (origin) => config.cors.origins.includes(origin) || directory.allOrigins().has(origin),
      credentials: config.cors.credentials,
    },
    filters: [walletOriginsFilter((id) => directory.relyingParty(id)), ...session.filters],
    gate: protection.gate,
    interceptors: [protection.denials, ...session.interceptors],
    limits: config.limits,
    services,
    events,
    log,
    stopping: draining,
  });
  opened.push(() => publicServer.drain(DRAIN_MS));
  const operations = await serveOperations({
    listen: config.operations,
    checks: { ledger: () => ledger.ping(), ...room.checks },
    state: () => ({
      ...room.state(),
      pauses: directory.pauses.map(({ level, target, mode }) => ({ level, target, mode })),
    }),
    registry,
    log,
    stopping: draining.signal,
  });
  opened.push(() => operations.close());
  const { network } = room;
  const admin = await openAdmin({
    config,
    network,
    webhooks: room.webhooks,
    keyPools: room.keyPools,
    protection,
    ledger,
    now,
    events,
    log,
    stopping: draining,
  });
  const work = Promise.all([room.run(working.signal), entrance.run(working.signal)]);
  publicServer.setServing(true);
  const addresses = { address: publicServer.address, operations: operations.address, admin: admin?.address };
  log.info({ network, ...addresses, audit_key: protection.auditKey.publicKey }, "relay serves");

  return {
    address: publicServer.address,
    operationsAddress: operations.address,
    adminAddress: admin?.address,
    async stop() {
      await Promise.all([publicServer.drain(DRAIN_MS), admin?.drain(DRAIN_MS)]);
      working.abort();
      await work;
      room.close();
      await operations.close();
      await entrance.close();
      await ledger.close();
      log.info("relay stopped");
    },
  };
}
