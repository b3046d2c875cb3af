import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { freePorts } from "../shared/free-port.ts";
import { type Running, start } from "../shared/processes.ts";

/** The name that the bench's grants address the signer by, and that of their key. */
export const AUDIENCE = "bench-signer";
export const GRANT_KEY_ID = "bench-1";
const READY_TIMEOUT_MS = 30_000;

/** How a signer of the bench is configured. */
export interface SignerOptions {
  /** For its files and sockets. */
  readonly folder: string;
  readonly storeUrl: string;
  readonly backends: readonly object[];
  readonly keys: readonly object[];
  /** By key id: the keys whose nonces on the chain are told to it. All of them begin at 0. */
  readonly policies: Readonly<Record<string, object>>;
  /** More sections of its configuration. */
  readonly sections?: object;
  /** Of the key that signs grants, in NEAR's text. */
  readonly grantKey: string;
  readonly logLevel: string;
  /** What it reads secrets from. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it leaves a CPU profile when it ends. */
  readonly profileFolder: string | undefined;
  /** More arguments for node itself. */
  readonly nodeArgs?: readonly string[];
}

/** A signer in a process of its own, that signs. */
export interface BenchSigner {
  readonly running: Running;
  /** Where relays reach it: a Unix socket's path. */
  readonly socket: string;
  readonly metricsUrl: string;
}

/** Starts a signer that asks for grants, and tells it the keys' nonces. */
export async function startSigner(options: SignerOptions): Promise<BenchSigner> {
  const { folder, env, profileFolder, nodeArgs = [] } = options;
  const socket = join(folder, "signer.sock");
  const adminSocket = join(folder, "signer-admin.sock");
  const [port = 0] = await freePorts(1);
  // JSON is YAML.
  const config = {
    audience: AUDIENCE,
    listen: { unix: socket },
    admin: { listen: { unix: adminSocket } },
    operations: { port },
    store: { url: options.storeUrl },
    backends: options.backends,
    keys: options.keys,
    policies: options.policies,
    grants: { keys: [{ id: GRANT_KEY_ID, public_key: options.grantKey }] },
    log: { level: options.logLevel },
    ...options.sections,
  };
  const file = join(folder, "signer.yaml");
  await writeFile(file, JSON.stringify(config));
  const running = start("signer-service/src/cli.ts", ["run", "--config", file], {
    logFile: join(folder, "signer.log"),
    env,
    nodeArgs:
      profileFolder === undefined ? nodeArgs : [...nodeArgs, "--cpu-prof", `--cpu-prof-dir=${profileFolder}`],
  });
  try {
    const floors = Object.keys(options.policies).map((keyId) => ({ keyId, nonce: 0n }));
    const admin = adminOf(adminSocket);
    await Promise.race([untilServing(admin), running.ended]);
    if (floors.length > 0) await admin.setNonceFloors({ floors });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { running, socket, metricsUrl: `http://127.0.0.1:${port}/metrics` };
}

function adminOf(socketPath: string): Client<typeof SignerAdminService> {
  const nodeOptions = { createConnection: () => connect(socketPath) };
  return createClient(
    SignerAdminService,
    createGrpcTransport({ baseUrl: "http://signer-admin", nodeOptions, idleConnectionTimeoutMs: 1_000 }),
  );
}

async function untilServing(admin: Client<typeof SignerAdminService>): Promise<void> {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    const status = await admin.getStatus({}).catch(() => undefined);
    if (status !== undefined) return;
    await delay(100);
  }
  throw new Error(`the signer does not serve after ${READY_TIMEOUT_MS} ms`);
}
