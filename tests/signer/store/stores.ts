import { createHash, randomUUID } from "node:crypto";
import { Secret } from "@countersign/service-kit";
import { openStore } from "@countersign/signer-service/store/open-store.ts";
import type { OpenedStore } from "@countersign/signer-service/store/opened-store.ts";
import type { StoreConfig } from "@countersign/signer-service/store/store-schema.ts";
import { onTestFinished } from "vitest";

/** A store that a test has opened, and why its life began anew since then. */
export interface TestStore extends OpenedStore {
  readonly restored: readonly string[];
}

export function configOf(url: string, rest: Partial<StoreConfig> = {}): StoreConfig {
  return { url: new Secret(url), incarnationFile: null, synchronousStandby: false, ...rest };
}

/** Opens it until the test ends. */
export async function open(config: StoreConfig): Promise<TestStore> {
  const restored: string[] = [];
  const store = await openStore(config, {
    now: () => new Date(0),
    newIncarnation: randomUUID,
    events: {
      restored: (reason) => void restored.push(reason),
      witnessFailed: (error) => {
        throw error;
      },
    },
  });
  onTestFinished(() => store.engine.close());
  return { ...store, restored };
}

/** Opens it, lets `work` do something and closes it. */
export async function during(config: StoreConfig, work: (store: TestStore) => Promise<void>): Promise<void> {
  const store = await open(config);
  await work(store);
  await store.engine.close();
}

/** A key that may sign: it has a nonce floor. */
export async function addOpenKey({ engine }: OpenedStore): Promise<void> {
  const names = {
    network: "testnet",
    account_id: "relayer.testnet",
    backend: "keystore",
    reference: "key-1",
  };
  const state = {
    state: "ACTIVE",
    pause_reason: null,
    nonce_floor: "7".padStart(20, "0"),
    highest_nonce: null,
  };
  const row = { public_key: "ed25519:1", key_id: "key-1", ...names, ...state };
  await engine.write(async (trx) => void (await trx.insertInto("key_records").values(row).execute()));
}

/** Whether the key may sign. */
export async function isOpen({ engine }: OpenedStore): Promise<boolean> {
  const row = await engine.read((db) =>
    db.selectFrom("key_records").select("nonce_floor").executeTakeFirstOrThrow(),
  );
  return row.nonce_floor !== null;
}

/** What the audit says about locking. */
export async function lockings({ engine }: OpenedStore): Promise<string[]> {
  const rows = await engine.read((db) =>
    db.selectFrom("audit_entries").select("detail").where("kind", "=", "journal locked").execute(),
  );
  return rows.map(({ detail }) => JSON.parse(detail).reason);
}

/** Adds an entry to the journal, as a signer of this `name` would, and gives its place in it. */
export async function addEntry({ engine, witness }: OpenedStore, name = ""): Promise<bigint> {
  const { sequence, hash } = await engine.write(async (trx) => {
    const head = await trx
      .selectFrom("chain_heads")
      .select("sequence")
      .where("chain", "=", "journal")
      .executeTakeFirstOrThrow();
    const sequence = head.sequence + 1n;
    const hash = createHash("sha256").update(`${name}${sequence}`).digest();
    const end = { sequence, hash: hash.toString("hex") };
    await trx
      .insertInto("journal_entries")
      .values({
        ...{ ...end, at: 0n, network: "testnet", account_id: "relayer.testnet", public_key: "ed25519:1" },
        ...{ nonce: `${sequence}`.padStart(20, "0"), payload_hash: "00", purpose: "DELEGATE", grant_id: "" },
        ...{
          tenant: "",
          submission_id: "",
          deposit: "0",
          gas: "1",
          request_id: "",
          peer: "unix",
          supersedes: 0n,
        },
        ...{ signature: null, superseded_by: null },
      })
      .execute();
    await trx.updateTable("chain_heads").set(end).where("chain", "=", "journal").execute();
    return { sequence, hash };
  });
  witness.note(sequence, hash);
  return sequence;
}
