import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { freePorts } from "../shared/free-port.ts";
import { type Running, run, start } from "../shared/processes.ts";
import { makeGrantKey } from "../signer/grants.ts";
import { startSigner } from "../signer/signer-process.ts";

export const TENANT = "bench";
const ADMIN_KEY = randomBytes(32).toString("base64url");
/** Never reached; each call is counted all the same. */
const FAST = { per_second: 100_000, burst: 1_000_000 };
const READY_TIMEOUT_MS = 30_000;

/** A signer with a lock key of each suite, and a relay for the lock alone before it, each in a process of its own. */
export interface ServedLock {
  readonly relay: Running;
  readonly signer: Running;
  readonly relayUrl: string;
  /** A Unix socket's path. */
  readonly signerSocket: string;
  /** As the relay calls the signer. */
  readonly client: Client<typeof LockSignerService>;
  stop(): Promise<void>;
}

export interface ServedLockOptions {
  /** An existing folder for all files of both. */
  readonly folder: string;
  readonly logLevel: string;
  /** Where both leave CPU profiles; undefined for none. */
  readonly profileFolder: string | undefined;
}

/** Starts both on empty SQLite files, and makes keys and a tenant. */
export async function serveLock(options: ServedLockOptions): Promise<ServedLock> {
  const { folder, logLevel, profileFolder } = options;
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    const { running: signer, socket } = await startSigner({
      folder,
      storeUrl: `sqlite:${join(folder, "signer.db")}`,
      backends: [],
      keys: [],
      policies: {},
      sections: { lock: { sealing_keys: ["env:BENCH_SEALING_KEY"] } },
      grantKey: makeGrantKey().publicKey,
      logLevel,
      env: { BENCH_SEALING_KEY: randomBytes(32).toString("hex") },
      profileFolder,
    });
    started.push(signer);
    const admin = createClient(SignerAdminService, transportTo(join(folder, "signer-admin.sock")));
    for (const suite of [LockSuite.RISTRETTO255_V1, LockSuite.FFDHE3072_V1]) {
      await admin.rotateLockKey({ suite, replacedKeyId: "" });
    }
    const { relay, relayUrl } = await startRelay(options, socket);
    started.push(relay);
    await run("server/src/cli.ts", ["tenant", "create", TENANT], {
      COUNTERSIGN_ADMIN_URL: `unix:${join(folder, "admin.sock")}`,
      COUNTERSIGN_ADMIN_KEY: ADMIN_KEY,
    });
    const client = createClient(LockSignerService, transportTo(socket));
    return { relay, signer, relayUrl, signerSocket: socket, client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRelay({ folder, logLevel, profileFolder }: ServedLockOptions, signerSocket: string) {
  const [port = 0, operationsPort = 0] = await freePorts(2);
  const config = {
    listen: { port },
    operations: { port: operationsPort },
    admin: {
      listen: { unix: join(folder, "admin.sock") },
      keys: [{ name: "bench", role: "admin", secret: "env:BENCH_ADMIN_KEY" }],
    },
    rates: {
      ...{ ip: FAST, failed_auth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST },
      ...{ lock: FAST, lock_tenant: FAST, lock_key_alarm: FAST },
    },
    ledger: { url: `sqlite:${join(folder, "relay.db")}` },
    // A machine that is busy with other things makes figures worse, and no errors.
    signer: { url: `unix:${signerSocket}`, timeout_ms: 60_000 },
    log: { level: logLevel },
  };
  const file = join(folder, "relay.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const relay = start("server/src/cli.ts", ["relay", "--lock-only", "--config", file], {
    logFile: join(folder, "relay.log"),
    env: { BENCH_ADMIN_KEY: ADMIN_KEY },
    nodeArgs: profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`],
  });
  try {
    await Promise.race([untilReady(`http://127.0.0.1:${operationsPort}`), relay.ended]);
  } catch (error) {
    await relay.stop();
    throw error;
  }
  return { relay, relayUrl: `http://127.0.0.1:${port}` };
}

async function untilReady(operationsUrl: string): Promise<void> {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    const response = await fetch(`${operationsUrl}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await delay(100);
  }
  throw new Error(`the relay is not ready after ${READY_TIMEOUT_MS} ms`);
}

function transportTo(socketPath: string) {
  const nodeOptions = { createConnection: () => connect(socketPath) };
  return createGrpcTransport({ baseUrl: "http://signer", nodeOptions, idleConnectionTimeoutMs: 1_000 });
}
