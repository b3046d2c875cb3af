import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@connectrpc/connect";
import type { DevnetOptions } from "@countersign/devnet";
import { TestAccount } from "@countersign/devnet/testing/test-account.ts";
import { type KeyOperation, KeyOperationKind } from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { adminClient } from "@countersign/server/cli/admin-connection.ts";
import { type Action, KeyPair } from "near-api-js";
import { onTestFinished } from "vitest";
import { keystorePlace } from "../../signer/operations/support/places.ts";
import { type Chain, openJournal, startChain } from "../../signer/operations/support/relaying.ts";
import { AUDIENCE, type SignerOperator } from "../../signer/operations/support/signer-operator.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { createDatabase } from "../../support/postgres.ts";
import { type LedgerEngine, readSqlite } from "../../support/relay-world.ts";
import { openPolicy } from "../../support/signer-settings.ts";
import { NETWORK, RELAYER, relayFlags } from "../../support/test-relay.ts";
import { seedTenants } from "../../support/test-tenant.ts";

export interface LiveWorldOptions {
  readonly wallets: number;
  readonly engine?: LedgerEngine;
  /** Of the section "pool", besides the prefix. */
  readonly sizing?: Readonly<Record<string, number>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Its blocks come as soon as there is work without. */
  readonly devnet?: DevnetOptions;
}

/** All that relays with a pool of keys need, set up as the operators' runbook says: a signer process and a chain. */
export interface LiveWorld {
  readonly operator: SignerOperator;
  readonly chain: Chain;
  /** Settings of a relay by path; the name tells apart those of one ledger. */
  flags(name?: string): Record<string, string | undefined>;
  /** An operator's client of that relay. */
  desk(name?: string): Client<typeof KeyPoolService>;
  /** Begins an operation; "b" names the relay that is asked. */
  add(name?: string): Promise<KeyOperation>;
  drain(oldKeyId: string, name?: string): Promise<KeyOperation>;
  rotate(oldKeyId: string, name?: string): Promise<KeyOperation>;
  /** Has a grant installed at the signer: "pool-…" keys, at most five. */
  installGrant(id: string): Promise<void>;
  /** Whether each of the signer's keys is on the account, by key id. */
  onChain(): Promise<Record<string, boolean>>;
  /** Has somebody who holds another key of the relayer's account do something to it. */
  ownerDoes(action: Action): Promise<void>;
  /** Reads the ledger beside the relays. */
  rows<T extends object>(sql: string): Promise<T[]>;
}

/** A signer with one active key, "keeper", which is the relayer's only one besides its owner's. It ends with the test. */
export async function startLiveWorld(options: LiveWorldOptions): Promise<LiveWorld> {
  const operator = await keystorePlace("keeper");
  await operator.makeAdminKey();
  const policy = { ...openPolicy(NETWORK, RELAYER), key_management: true };
  operator.configure({ policies: { keeper: policy, "pool-*": policy } });
  await operator.start();
  const owner = KeyPair.fromRandom("ed25519");
  const { keeper } = await operator.keys();
  const chain = await startChain(
    [keeper?.public_key ?? "", owner.getPublicKey().toString()],
    options.wallets,
    options.devnet,
  );
  await openJournal(operator, chain);
  const installGrant = (id: string) => operator.installGrant(id, ...POOL_GRANT);
  await installGrant("pool");

  const folder = temporaryDirectory();
  const database = options.engine === "postgres" ? await createDatabase() : undefined;
  onTestFinished(() => database?.drop());
  const ledgerPath = join(folder, "relay.db");
  const { d = "" } = operator.grantKey.export({ format: "jwk" });
  const secret = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return `file:${join(folder, name)}`;
  };
  const grants = { key_id: "relay", seed: secret("grants", Buffer.from(d, "base64url").toString("hex")) };
  const adminKey = secret("ops", randomBytes(32).toString("hex"));
  const pool = { key_id_prefix: "pool-", ...options.sizing };
  const settings = {
    "log.level": "error",
    "signer.audience": AUDIENCE,
    "signer.grants": JSON.stringify(grants),
    relayers: JSON.stringify([{ account_id: RELAYER, key_ids: ["keeper"], pool }]),
    "admin.keys": JSON.stringify([{ name: "ops", role: "operator", secret: adminKey }]),
    ...options.settings,
  };
  const adminSocket = (name: string) => join(folder, `${name}.sock`);
  const flags = (name = "relay") =>
    relayFlags(folder, chain.devnet, operator.socketPath, {
      ledgerUrl: database?.url ?? `sqlite:${ledgerPath}`,
      settings: { ...settings, "admin.listen": JSON.stringify({ unix: adminSocket(name) }) },
    });
  await seedTenants(flags()["ledger.url"] ?? "");
  const desk = (name = "relay") =>
    adminClient(KeyPoolService, { adminUrl: `unix:${adminSocket(name)}`, key: adminKey });
  const begin = async (kind: KeyOperationKind, oldKeyId: string, name?: string) => {
    const asked = { accountId: RELAYER, kind, oldKeyId, reason: "a test" };
    const { operation } = await desk(name).startKeyOperation(asked);
    if (operation === undefined) throw new Error("no operation");
    return operation;
  };
  return {
    ...{ operator, chain, flags, desk, installGrant },
    add: (name) => begin(KeyOperationKind.ADD, "", name),
    drain: (oldKeyId, name) => begin(KeyOperationKind.DRAIN, oldKeyId, name),
    rotate: (oldKeyId, name) => begin(KeyOperationKind.ROTATE, oldKeyId, name),
    async onChain() {
      const keys = Object.entries(await operator.keys());
      const state = chain.devnet.chain.stateAt();
      return Object.fromEntries(
        keys.map(([id, { public_key }]) => [id, state.accessKey(RELAYER, public_key) !== undefined]),
      );
    },
    async ownerDoes(action) {
      const { base64 } = await new TestAccount(chain.devnet.chain, RELAYER, owner).sign(RELAYER, [action]);
      const params = { signed_tx_base64: base64, wait_until: "FINAL" };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "send_tx", params });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(chain.url, { method: "POST", headers, body });
      const { result } = (await answer.json()) as { result?: { final_execution_status?: string } };
      if (result?.final_execution_status !== "FINAL") throw new Error("the owner's transaction did not end");
    },
    rows: async <T extends object>(sql: string) =>
      database === undefined ? readSqlite<T>(ledgerPath, sql) : database.query<T>(sql),
  };
}

const POOL_GRANT = [
  ...["sign-key-management", "--network", NETWORK, "--account", RELAYER, "--may-add", "--may-delete"],
  ...["--pool-prefix", "pool-", "--pool-backend", "keys", "--pool-max-keys", "5", "--pool-min-active", "1"],
];
