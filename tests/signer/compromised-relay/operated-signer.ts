import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { PublicKey } from "near-api-js";
import { makeDevCerts } from "../../../scripts/dev-certs.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { inOneFile } from "../../support/one-file.ts";
import { Authority } from "../support/authority.ts";
import { runCli } from "../support/signer-cli.ts";
import { KEY_IDS, KEYS, type KeyId, networkOf, POLICIES } from "./relayer-keys.ts";
import type { SignerHome } from "./signer-homes.ts";

const CLI = new URL("../../../signer-service/src/cli.ts", import.meta.url);
export const AUDIENCE = "signer-1";
/** Who the relay is by its certificate (scripts/dev-certs), and by its request key too. */
export const RELAY_CERTIFICATE = "spiffe://countersign.example/relay";
export const RELAY_PEER = `${RELAY_CERTIFICATE}, service relay-1`;

/** All that a relay holds, and so whoever has taken it over. */
export interface RelaySecrets {
  readonly tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
  readonly requestKey: { readonly id: string; readonly service: string; readonly secret: string };
  readonly grantKey: { readonly id: string; readonly key: KeyObject };
}

interface Running {
  readonly child: ChildProcess;
  readonly address: string;
  readonly admin: string;
  readonly operations: string;
}

/** A signer in a process of its own, set up by its operator with the keys of `KEYS`, each as its name says. */
export class OperatedSigner {
  readonly secrets: RelaySecrets;
  /** What no relay holds: it signs admin grants. */
  readonly adminKey: KeyObject;
  readonly publicKeys = {} as Record<KeyId, PublicKey>;
  /** Signatures that the backend made in the lives of this signer that have ended. */
  #signedBefore = 0;
  #running: Running | undefined;
  readonly #home: SignerHome;
  readonly #environment: Record<string, string>;
  readonly #settings: { readonly [section: string]: unknown };
  readonly #operatorTls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  private constructor(home: SignerHome) {
    this.#home = home;
    const certs = makeDevCerts(join(home.folder, "tls"));
    const operator = new Authority();
    const pair = operator.issue(
      { name: "operator" },
      { caFile: this.#file("ops-ca.pem"), certFile: this.#file("ops.pem"), keyFile: this.#file("ops.key") },
    );
    const bothAuthorities = this.#file("both-ca.pem");
    writeFileSync(bothAuthorities, `${readFileSync(certs.ca, "utf8")}${operator.pem}`);
    const ca = readFileSync(certs.ca);
    this.#operatorTls = { ca, cert: readFileSync(pair.certFile), key: readFileSync(pair.keyFile) };
    const grants = generateKeyPairSync("ed25519");
    const admin = generateKeyPairSync("ed25519");
    this.adminKey = admin.privateKey;
    this.secrets = {
      tls: { ca, cert: readFileSync(certs.clientCert), key: readFileSync(certs.clientKey) },
      requestKey: { id: "k1", service: "relay-1", secret: randomBytes(32).toString("hex") },
      grantKey: { id: "relay-1", key: grants.privateKey },
    };
    this.#environment = { ...home.environment, REQUEST_KEY: this.secrets.requestKey.secret };
    const listenOn = (caFile: string) => ({
      host: "localhost",
      port: 0,
      tls: { ca_file: caFile, cert_file: certs.serverCert, key_file: certs.serverKey },
    });
    this.#settings = {
      audience: AUDIENCE,
      listen: listenOn(certs.ca),
      // The relay's certificate is good there too, so that the list alone keeps the relay out.
      admin: { listen: listenOn(bothAuthorities), identities: ["CN=operator"] },
      operations: { port: 0 },
      auth: {
        mtls: { identities: [RELAY_CERTIFICATE] },
        signed_requests: { keys: [{ id: "k1", service: "relay-1", secret: "env:REQUEST_KEY" }] },
      },
      grants: { required: true, keys: [{ id: "relay-1", public_key: textOf(grants.privateKey) }] },
      admin_keys: [{ id: "ops", public_key: textOf(admin.privateKey) }],
      log: { level: "warn" },
      ...home.sections,
    };
  }

  static async start(home: SignerHome): Promise<OperatedSigner> {
    const signer = new OperatedSigner(home);
    signer.#configure({});
    await signer.resume();
    await signer.#setUp();
    return signer;
  }

  get address(): string {
    return this.#now.address;
  }

  get adminAddress(): string {
    return this.#now.admin;
  }

  /** The operator's side. */
  get admin(): Client<typeof SignerAdminService> {
    const transport = createGrpcTransport({ baseUrl: this.#now.admin, nodeOptions: this.#operatorTls });
    return createClient(SignerAdminService, transport);
  }

  /** Starts the process; its store and its keys are as they were. */
  async resume(): Promise<void> {
    const env = { ...COMPILE_CACHE, ...this.#environment, SIGNER_LOG__LEVEL: "info" };
    const cli = fileURLToPath(await inOneFile(CLI));
    const child = spawn(process.execPath, [cli, "run", "--config", this.#config], { env });
    let output = "";
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const listening = new Promise<Running>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        output += `${line}\n`;
        const { msg, address, admin, operations } = JSON.parse(line);
        if (msg === "listening") resolve({ child, address, admin, operations });
      });
    });
    const exited = once(child, "exit").then(() => {
      throw new Error(`the signer ended: ${output}`);
    });
    exited.catch(() => undefined);
    this.#running = await Promise.race([listening, exited]);
  }

  /** Ends the process as its operator does; all refusals are written then. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    const { child } = this.#running;
    this.#signedBefore = await this.backendSignatures();
    this.#running = undefined;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }

  /** How often a backend has signed, by the signer's own count. */
  async backendSignatures(): Promise<number> {
    if (this.#running === undefined) return this.#signedBefore;
    const metrics = await (await fetch(`${this.#running.operations}/metrics`)).text();
    const count = /^countersign_signer_backend_seconds_count\{.*\} (\d+)$/m.exec(metrics)?.[1] ?? "0";
    return this.#signedBefore + Number(count);
  }

  /** The entries of an export that verifies, of the audit or the journal. */
  async exported(what: "audit" | "journal"): Promise<Record<string, unknown>[]> {
    const file = this.#file(`${what}-${randomBytes(4).toString("hex")}.jsonl`);
    for (const args of [
      ["export", "--config", this.#config, "--out", file],
      ["verify", file],
    ]) {
      const { code, stderr } = await runCli([what, ...args], this.#environment);
      if (code !== 0) throw new Error(`signer ${what} ${args[0]}: ${stderr}`);
    }
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "entry");
  }

  /** Kills what still runs, and deletes everything. */
  async remove(): Promise<void> {
    this.#running?.child.kill("SIGKILL");
    await this.#home.remove();
  }

  async #setUp(): Promise<void> {
    const { admin } = this;
    for (const keyId of KEY_IDS) {
      const names = { keyId, network: networkOf(keyId), accountId: KEYS[keyId].account };
      if (keyId !== "locked") await admin.generateKey({ ...names, backend: "keys" });
    }
    this.#configure(POLICIES);
    await admin.reload({});
    for (const keyId of KEY_IDS) {
      if (!["locked", "pending", "retired"].includes(keyId))
        await admin.activateKey({ keyId, nonceFloor: 0n });
    }
    await admin.pauseKey({ keyId: "paused", reason: "incident" });
    await admin.drainKey({ keyId: "drained" });
    await admin.retireKey({ keyId: "retired" });
    for (const { key } of (await admin.getStatus({})).keys) {
      if (key !== undefined) this.publicKeys[key.keyId as KeyId] = PublicKey.from(key.publicKey);
    }
  }

  #configure(policies: object): void {
    writeFileSync(this.#config, JSON.stringify({ ...this.#settings, policies }));
  }

  get #now(): Running {
    if (this.#running === undefined) throw new Error("the signer does not run");
    return this.#running;
  }

  get #config(): string {
    return this.#file("signer.yaml");
  }

  #file(name: string): string {
    return join(this.#home.folder, name);
  }
}

const textOf = (key: KeyObject) => formatPublicKey(publicKeyOf(key));
