import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Running, run, start } from "./processes.ts";

const CLI = "signer-service/src/cli.ts";
const KEY_ID = "relayer-1";
const PASSPHRASE = "the demo's keystore is thrown away";
const PIN = "271828";
const ROOT = join(import.meta.dirname, "../..");
/** 10,000 NEAR, in yoctoNEAR. */
const LIMIT = `10000${"0".repeat(24)}`;

/** 100,000 Tgas: 10 NEAR at the least gas price. */
const GAS_PER_DAY = `100000${"0".repeat(12)}`;

/** Where the relayer's key is kept. */
export type Custody = "keystore" | "pkcs11";

/** How the relay proves itself to the signer. */
interface RelayIdentity {
  /** The secret of signed requests, and the public half of the key that signs grants. */
  readonly requestSecret: string;
  readonly grantPublicKey: string;
}

export interface SignerOptions {
  readonly custody: Custody;
  /** For the signer's files; the certificates are in "certs" there. */
  readonly folder: string;
  readonly network: string;
  readonly relayer: string;
  readonly relay: RelayIdentity;
  /** What the signer serves besides: threshold keys, locks. */
  readonly more?: Sections | undefined;
}

/** More sections of a configuration, and the environment variables that they refer to. */
export interface Sections {
  readonly config: object;
  readonly env: Readonly<Record<string, string>>;
}

/** The name under which the relay addresses the signer, and that of the relay and its keys there. */
export const SIGNER_NAMES = {
  audience: "demo-signer",
  service: "demo-relay",
  requestKeyId: "requests-1",
  grantKeyId: "grants-1",
};

/** A signer that serves and whose key cannot sign yet: nobody has told it where the key stands on the chain. */
export interface DemoSigner {
  readonly running: Running;
  /** The relayer's access key. */
  readonly publicKey: string;
  /** The operators' address. */
  readonly admin: string;
  /** Reads the key's nonce from the chain and lets the key sign. */
  open(rpcUrl: string): Promise<void>;
}

/** Starts a signer with a fresh key, in a keystore file or in a token of SoftHSM. */
export function startSigner(options: SignerOptions): Promise<DemoSigner> {
  return options.custody === "keystore" ? startWithKeystore(options) : startWithToken(options);
}

/** The key is made before the signer starts, by its command line. */
async function startWithKeystore(options: SignerOptions): Promise<DemoSigner> {
  const { folder, network, relayer } = options;
  const file = join(folder, "keystore.json");
  const env = { DEMO_PASSPHRASE: PASSPHRASE };
  const where = ["keys", "generate", "--keystore", file, "--passphrase", "env:DEMO_PASSPHRASE"];
  const names = ["--key-id", KEY_ID, "--network", network, "--account", relayer, "--json"];
  const made = JSON.parse(await run(CLI, [...where, ...names], env)) as { public_key: string };
  const backend = { type: "keystore", name: "keystore", file, passphrase: "env:DEMO_PASSPHRASE" };
  const running = await serve(options, { ...common(options), backends: [backend], ...policy(options) }, env);
  const admin = adminOf(folder);
  return {
    running,
    admin,
    publicKey: made.public_key,
    open: async (rpcUrl) => void (await run(CLI, ["floors", "--admin", admin, "--rpc", rpcUrl, "--yes"])),
  };
}

/** The key is made in the token by the running signer, and gets its policy with a reload. */
async function startWithToken(options: SignerOptions): Promise<DemoSigner> {
  const { folder, network, relayer } = options;
  const { module, env } = await makeToken(folder);
  const backend = { type: "pkcs11", name: "hsm-1", module, token_label: "demo", pin: "env:DEMO_PIN" };
  const config = { ...common(options), backends: [backend] };
  const running = await serve(options, config, env);
  const admin = adminOf(folder);
  const names = ["--backend", "hsm-1", "--key-id", KEY_ID, "--network", network, "--account", relayer];
  const made = JSON.parse(await run(CLI, ["key", "generate", "--admin", admin, ...names, "--json"])) as {
    key: { key: { public_key: string } };
  };
  await writeConfig(folder, { ...config, ...policy(options) });
  await run(CLI, ["reload", "--admin", admin]);
  return {
    running,
    admin,
    publicKey: made.key.key.public_key,
    open: async (rpcUrl) =>
      void (await run(CLI, ["key", "activate", "--admin", admin, "--key-id", KEY_ID, "--rpc", rpcUrl])),
  };
}

/** A fresh token of SoftHSM, with the tool that operators have for it. */
async function makeToken(folder: string): Promise<{ module: string; env: Record<string, string> }> {
  const tokens = join(folder, "tokens");
  await mkdir(tokens);
  const conf = join(folder, "softhsm2.conf");
  await writeFile(conf, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
  const exec = promisify(execFile);
  const { stdout } = await exec(join(ROOT, "scripts/services.sh"), ["softhsm"]);
  const env = { SOFTHSM2_CONF: conf, DEMO_PIN: PIN };
  const pins = ["--pin", PIN, "--so-pin", PIN];
  await exec("softhsm2-util", ["--init-token", "--free", "--label", "demo", ...pins], {
    env: { ...process.env, ...env },
  });
  return { module: stdout.trim(), env };
}

const adminOf = (folder: string) => `unix:${join(folder, "signer-admin.sock")}`;
const configFile = (folder: string) => join(folder, "signer.yaml");

/** Everything but where keys are and what they may sign. */
function common({ folder, relay, more }: SignerOptions) {
  const certs = join(folder, "certs");
  const tls = {
    ca_file: join(certs, "ca.pem"),
    cert_file: join(certs, "server.pem"),
    key_file: join(certs, "server.key"),
  };
  const { audience, service, requestKeyId, grantKeyId } = SIGNER_NAMES;
  return {
    audience,
    listen: { host: "127.0.0.1", port: 0, tls },
    admin: { listen: { unix: join(folder, "signer-admin.sock") } },
    operations: { port: 0 },
    auth: {
      mtls: { identities: ["spiffe://countersign.example/relay"] },
      signed_requests: { keys: [{ id: requestKeyId, service, secret: "env:DEMO_REQUEST_SECRET" }] },
    },
    store: { url: `sqlite:${join(folder, "signer.db")}` },
    grants: { keys: [{ id: grantKeyId, public_key: relay.grantPublicKey }] },
    ...more?.config,
  };
}

/** What the demo's relay does, and nothing else. */
function policy({ network, relayer }: SignerOptions) {
  const receivers = [
    { account: "guest-book.test", methods: ["*"] },
    { account: `*.${relayer}`, methods: ["*"] },
  ];
  const rules = {
    network,
    account_id: relayer,
    deposit_per_day: LIMIT,
    gas_per_day: GAS_PER_DAY,
    delegates: {
      max_gas: "300000000000000",
      max_deposit: LIMIT,
      receivers,
      actions: ["FunctionCall", "Transfer"],
    },
    account_creation: { suffixes: [`.${relayer}`], max_deposit: LIMIT },
  };
  return { policies: { [KEY_ID]: rules } };
}

/** JSON is YAML. */
function writeConfig(folder: string, config: object): Promise<void> {
  return writeFile(configFile(folder), JSON.stringify(config, undefined, 2));
}

async function serve(
  { folder, relay, more }: SignerOptions,
  config: object,
  env: Record<string, string>,
): Promise<Running> {
  await writeConfig(folder, config);
  return start(CLI, ["run", "--config", configFile(folder)], {
    env: { ...env, ...more?.env, DEMO_REQUEST_SECRET: relay.requestSecret },
    logFile: join(folder, "signer.log"),
    isReady: (line) => line.msg === "listening",
  });
}
