import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { PublicKey } from "near-api-js";
import { signerClient, unixTransport } from "../../signer/support/signer-client.ts";
import { RELAYER, transactionBytes } from "../../signer/support/transactions.ts";
import { type ThresholdClient, thresholdSettings } from "../../signer/threshold/support/threshold-signer.ts";
import { createDatabase } from "../../support/postgres.ts";
import { relayerKey, startTestSigner, type TestSigner } from "../../support/test-signer.ts";
import { type AdminGrantOf, adminGrants } from "./admin-grants.ts";
import { LedgerGate } from "./ledger-gate.ts";

/** A signer with the key "a", whose PostgreSQL can be taken away. */
export interface SignerPostgresWorld {
  readonly client: Client<typeof RelayerSignerService>;
  readonly threshold: ThresholdClient;
  readonly lock: Client<typeof LockSignerService>;
  readonly pools: Client<typeof KeyPoolSignerService>;
  readonly admin: TestSigner["admin"];
  readonly gate: LedgerGate;
  /** One that the key signs. */
  readonly transaction: Uint8Array;
  readonly grantOf: AdminGrantOf;
  stop(): Promise<void>;
}

export async function startSignerOnPostgres(): Promise<SignerPostgresWorld> {
  const database = await createDatabase();
  const gate = await LedgerGate.before(database.url);
  const folder = await mkdtemp(join(tmpdir(), "store-url-"));
  const urlFile = join(folder, "url");
  await writeFile(urlFile, gate.url, { mode: 0o600 });
  const [sealing, master] = [join(folder, "sealing"), join(folder, "master")];
  for (const file of [sealing, master]) {
    await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  }
  const { adminKey, grantOf } = adminGrants("test-signer");
  const key = await relayerKey("a", RELAYER);
  const signer = await startTestSigner("testnet", [key], undefined, {
    store: { url: `file:${urlFile}` },
    admin_keys: [adminKey],
    threshold: thresholdSettings({
      sealing_keys: [`file:${sealing}`],
      master_secrets: [{ network: "testnet", epoch: 1, secret: `file:${master}` }],
    }),
    lock: { sealing_keys: [`file:${sealing}`] },
  });
  const transport = unixTransport(`unix:${signer.socketPath}`);
  return {
    client: signerClient(transport),
    threshold: createClient(ThresholdSignerService, transport),
    lock: createClient(LockSignerService, transport),
    pools: createClient(KeyPoolSignerService, transport),
    admin: signer.admin,
    gate,
    transaction: transactionBytes(PublicKey.from(key.publicKey)),
    grantOf,
    async stop() {
      await gate.open();
      await signer.stop();
      await gate.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
