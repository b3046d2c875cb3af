import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseEncode, KeyPair } from "near-api-js";
import { openPolicy, signerSettings } from "../../../support/signer-settings.ts";
import { NEAR, NETWORK, RELAYER } from "../../../support/test-relay.ts";
import { seedTenants } from "../../../support/test-tenant.ts";
import { TestWallet } from "../../../support/test-wallet.ts";
import { runCli } from "../../support/signer-cli.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type Custody, KEY_ID } from "./custody.ts";
import type { Needle } from "./needles.ts";
import { type Program, startProgram } from "./program.ts";
import { textEncodings } from "./secret-forms.ts";

const AUDIENCE = "test-signer";
const CLI = "signer-service/src/cli.ts";
/** More than this is refused by the signer, not by the relay. In yoctoNEAR. */
const SIGNER_MAX_DEPOSIT = NEAR;

/** A relay, its signer and a chain, each in a process of its own as operators run them. */
export interface Stack {
  /** Has all files but those of the custody. */
  readonly folder: string;
  readonly rpcUrl: string;
  readonly wallets: readonly TestWallet[];
  /** A full-access key of the relayer's account that the signer does not hold. */
  readonly owner: KeyPair;
  /** What the relay's own memory must hold, or it was not searched: it signs grants with it. */
  readonly relaySecret: readonly Needle[];
  readonly relayEnv: Readonly<Record<string, string>>;
  readonly relayConfig: string;
  readonly signerConfig: string;
  startRelay(keyIds: readonly string[]): Promise<Program>;
  startSigner(env?: Readonly<Record<string, string>>): Promise<Program>;
  /** What the signer's configuration says from now on: the keys that have a policy. */
  writeSignerConfig(keyIds: readonly string[]): void;
  /** Runs one of the signer's commands for operators and gives what it printed; throws what it complained about. */
  signerCommand(...args: readonly string[]): Promise<string>;
}

/** Starts the chain; the caller starts the rest. */
export async function prepareStack(custody: Custody): Promise<Stack> {
  const folder = temporaryDirectory();
  const file = (name: string) => join(folder, name);
  const wallets = Array.from({ length: 24 }, (_, i) => new TestWallet(`wallet-${i}.test`));
  const owner = KeyPair.fromRandom("ed25519");
  const rpcUrl = await startChain(file("genesis.json"), custody, wallets, owner);
  const grants = randomBytes(32);
  const requestSecret = randomBytes(32).toString("base64url");
  const relayEnv = { GRANT_SEED: grants.toString("hex"), REQUEST_SECRET: requestSecret };
  const grantKey = KeyPair.fromString(`ed25519:${baseEncode(grants)}`)
    .getPublicKey()
    .toString();
  const signerEnv = { REQUEST_SECRET: requestSecret };
  const ledger = `sqlite:${file("relay.db")}`;
  await seedTenants(ledger);
  const stack: Stack = {
    folder,
    rpcUrl,
    wallets,
    owner,
    relaySecret: textEncodings("the relay's grant seed", relayEnv.GRANT_SEED).slice(0, 1),
    relayEnv,
    relayConfig: file("relay.yaml"),
    signerConfig: file("signer.yaml"),
    startRelay(keyIds) {
      writeFileSync(stack.relayConfig, JSON.stringify(relaySettings(file("s"), ledger, rpcUrl, keyIds)));
      const isReady = (line: Record<string, unknown>) => line.msg === "relay serves";
      return startProgram("server/src/cli.ts", ["relay", "--config", stack.relayConfig], {
        env: relayEnv,
        isReady,
      });
    },
    startSigner(env = custody.env) {
      const isReady = (line: Record<string, unknown>) => line.msg === "listening";
      return startProgram(CLI, ["run", "--config", stack.signerConfig], {
        env: { ...signerEnv, ...env },
        isReady,
      });
    },
    writeSignerConfig(keyIds) {
      const policies = Object.fromEntries(keyIds.map((keyId) => [keyId, policy()]));
      const settings = signerSettings(folder, {
        ...custody.settings,
        policies,
        auth: { signed_requests: { keys: [{ id: "r1", service: "relay", secret: "env:REQUEST_SECRET" }] } },
        grants: { keys: [{ id: "g1", public_key: grantKey }] },
        log: { level: "trace" },
      });
      writeFileSync(stack.signerConfig, JSON.stringify(settings));
    },
    async signerCommand(...args) {
      const env = { ...signerEnv, ...custody.env };
      const { code, stdout, stderr } = await runCli(args, env);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
  };
  stack.writeSignerConfig([KEY_ID]);
  return stack;
}

async function startChain(
  file: string,
  { publicKey }: Custody,
  wallets: readonly TestWallet[],
  owner: KeyPair,
): Promise<string> {
  const balance = (1_000n * NEAR).toString();
  const accounts = [
    { id: RELAYER, balance, keys: [publicKey, owner.getPublicKey().toString()] },
    { id: "guest-book.test", balance, contract: "guest-book" },
    ...wallets.map((wallet) => ({ id: wallet.accountId, balance, keys: [wallet.publicKey] })),
  ];
  writeFileSync(file, JSON.stringify({ accounts }));
  const args = ["--network", NETWORK, "--genesis", file, "--block-time-ms", "0"];
  const chain = await startProgram("devnet/src/main.ts", args, { isReady: (line) => "rpc_urls" in line });
  return (chain.ready.rpc_urls as string[])[0] ?? "";
}

function policy() {
  const open = openPolicy(NETWORK, RELAYER);
  const account_creation = { ...open.account_creation, max_deposit: SIGNER_MAX_DEPOSIT.toString() };
  return { ...open, account_creation };
}

function relaySettings(socket: string, ledger: string, rpcUrl: string, keyIds: readonly string[]) {
  return {
    network: NETWORK,
    listen: { port: 0 },
    operations: { port: 0 },
    ledger: { url: ledger },
    signer: {
      url: `unix:${socket}`,
      audience: AUDIENCE,
      signed_requests: { service: "relay", key_id: "r1", secret: "env:REQUEST_SECRET" },
      grants: { key_id: "g1", seed: "env:GRANT_SEED" },
    },
    near: { endpoints: [{ url: rpcUrl }] },
    relayers: [{ account_id: RELAYER, key_ids: keyIds }],
    delegates: { max_deposit: NEAR.toString() },
    account_creation: {
      mode: "sub_account",
      suffixes: [`.${RELAYER}`],
      initial_balance: {
        min: "0",
        max: (2n * SIGNER_MAX_DEPOSIT).toString(),
        default: (NEAR / 10n).toString(),
      },
    },
    log: { level: "trace" },
  };
}
