import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Bindings, only } from "@countersign/edge/bindings.ts";
import type { LockKeyRecords } from "@countersign/edge/lock/lock-key-records.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { Miniflare } from "miniflare";
import { onTestFinished } from "vitest";
import type { StartLock } from "../../lock/lock-target.ts";
import { TENANT, TENANTS } from "../../lock/relay/support/lock-relay.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { UNBOUNDED_RATES, withHeaders } from "../../support/test-relay.ts";
import type { SeededTenant } from "../../support/test-tenant.ts";
import { workerScript } from "./bundle.ts";

export const OPERATOR_SECRET = randomBytes(32).toString("hex");
export const SEALING_KEY = randomBytes(32).toString("hex");

/** The wrangler configurations' date and flags; a test compares them. */
export const PLATFORM = { compatibilityDate: "2026-07-01", compatibilityFlags: ["nodejs_compat"] };

const CLASSES = { LOCK_KEYS: "LockKeyObject", LIMITS: "RateLimitObject", SESSIONS: "SessionObject" };

export interface EdgeOptions {
  /** Of the variable RELAY, besides the lock and its operator; or the variable itself. */
  readonly relay?: object | string;
  /** Variables and secrets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where the Durable Objects' storage is; a folder of the test's own without it. */
  readonly storage?: string;
  /** Classes of Durable Objects that are not the binding's own. */
  readonly classes?: Partial<typeof CLASSES>;
}

export interface EdgeRelay {
  /** Its base URL. */
  readonly address: string;
  readonly storage: string;
  /** Everything that workerd wrote, one JSON object a line. */
  logged(): string;
  /** The object of the lock keys, as a Worker reaches it. */
  lockKeys(): Promise<LockKeyRecords>;
  /** Ends workerd; done by itself when the test ends. */
  stop(): Promise<void>;
}

/** A relay in a workerd of its own, until the test ends. */
export async function startEdge(options: EdgeOptions = {}): Promise<EdgeRelay> {
  const { relay = {}, storage = temporaryDirectory(), variables, classes } = options;
  const chunks: Buffer[] = [];
  const miniflare = new Miniflare({
    ...PLATFORM,
    modules: [{ type: "ESModule", path: "worker.js", contents: await workerScript() }],
    bindings: {
      RELAY: typeof relay === "string" ? relay : JSON.parse(JSON.stringify({ ...DEFAULTS, ...relay })),
      LOCK_SEALING_KEY: SEALING_KEY,
      OPERATOR_SECRET,
      ...variables,
    },
    durableObjects: Object.fromEntries(
      Object.entries({ ...CLASSES, ...classes }).map(([name, className]) => [
        name,
        { className, useSQLite: true },
      ]),
    ),
    durableObjectsPersist: storage,
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      for (const stream of [stdout, stderr]) stream.on("data", (text: Buffer) => chunks.push(text));
    },
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= miniflare.dispose();
    return stopped;
  };
  onTestFinished(stop);
  const { origin } = await miniflare.ready;
  const lockKeys = async () => {
    const objects = await miniflare.getDurableObjectNamespace("LOCK_KEYS");
    return only(objects as unknown as Bindings["LOCK_KEYS"]);
  };
  return { address: origin, storage, logged: () => Buffer.concat(chunks).toString(), lockKeys, stop };
}

const DEFAULTS = {
  tenants: TENANTS.map(tenantJson),
  rates: UNBOUNDED_RATES,
  lock: { sealing_keys: ["env:LOCK_SEALING_KEY"] },
  operators: [{ name: "ops", secret: "env:OPERATOR_SECRET" }],
};

type Headers = Readonly<Record<string, string>>;

/** workerd speaks HTTP/1.1; HTTP/2 is the platform's. */
export function edgeTransport(baseUrl: string, headers: Headers = {}, interceptors: Interceptor[] = []) {
  return createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    // A connection that is kept may be of another workerd, which had the port before.
    nodeOptions: { agent: false },
    interceptors: [withHeaders(headers), ...interceptors],
  });
}

export function edgeLock(address: string, headers: Headers = {}) {
  return createClient(LockService, edgeTransport(address, headers));
}

export function edgeAdmin(address: string, secret = OPERATOR_SECRET) {
  return createClient(SignerAdminService, edgeTransport(address, { authorization: `Bearer ${secret}` }));
}

/** Makes a key of the suite, in the place of another or as the first. */
export async function makeEdgeKey(
  address: string,
  suite: LockSuite = LockSuite.RISTRETTO255_V1,
  replacedKeyId = "",
): Promise<string> {
  const { key } = await edgeAdmin(address).rotateLockKey({ suite, replacedKeyId });
  return key?.key?.keyId ?? "";
}

/** A relay at the edge, for what is tested on every platform. */
export const startLockOnEdge: StartLock = async ({ fault, rates } = {}) => {
  const isDisabled = (tenant: string) => fault === "tenant-disabled" && tenant === TENANT;
  const tenants = TENANTS.map((one) => ({ ...tenantJson(one), disabled: isDisabled(one.tenant) }));
  const relay = {
    tenants,
    rates: { ...UNBOUNDED_RATES, ...rates },
    pauses: fault === "paused" ? [{ level: "RELAY" }] : [],
  };
  // What an object of another class is asked, it does not understand.
  const classes = fault === "keys-away" ? { LOCK_KEYS: CLASSES.LIMITS } : {};
  const { address } = await startEdge({ relay, classes });
  const hasKey = fault !== "no-key" && fault !== "keys-away";
  return {
    address,
    client: edgeLock(address),
    seenWith: (headers) => edgeLock(address, headers),
    from: (caller) => edgeLock(address, { "cf-connecting-ip": caller }),
    keyId: hasKey ? await makeEdgeKey(address) : fault === "keys-away" ? "A".repeat(22) : "",
    rotate: (suite, replaced) => makeEdgeKey(address, suite, replaced),
    retire: (keyId) => edgeAdmin(address).retireLockKey({ keyId }),
  };
};

/** As the variable RELAY has it: protobuf's JSON. */
function tenantJson({ tenant, policy, signIn }: SeededTenant) {
  return { id: tenant, policy, sign_in: signIn };
}
