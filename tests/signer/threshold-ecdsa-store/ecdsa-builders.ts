import { createHash, randomUUID } from "node:crypto";
import type {
  EcdsaStore,
  NewEcdsaSigning,
  NewPresign,
  PoolEntry,
  PresignBudget,
  PresignStep,
} from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import type { SigningRequestRecord } from "@countersign/signer-service/threshold/threshold-store.ts";
import { at, KEY_ID, keyRecord, OWNER, session } from "../threshold-store/threshold-builders.ts";
import type { ThresholdHome } from "../threshold-store/threshold-homes.ts";

export const EPOCH = 1;
/** More than a test takes, where it is not about budgets. */
export const BUDGET: PresignBudget = { perSession: 1_000, perUserDay: 1_000, capacity: 1_000 };
/** Thirty seconds: when reserved presignatures are destroyed. */
export const SIGNING_EXPIRY = at(30_000);

export const hash = (text: string) => Uint8Array.from(createHash("sha256").update(text).digest());

export function presign(change: Partial<NewPresign> = {}): NewPresign {
  return {
    id: randomUUID(),
    owner: OWNER,
    keyId: KEY_ID,
    epoch: EPOCH,
    tokenHash: session().tokenHash,
    expiresAt: at(60_000),
    ...change,
  };
}

export function step(change: Partial<PresignStep> = {}): PresignStep {
  const text = change.stage ?? "triples";
  return {
    stage: "triples",
    flightHash: hash(`flight of ${text}`),
    answer: Uint8Array.from(Buffer.from(`answer of ${text}`)),
    state: Uint8Array.from(Buffer.from(`state of ${text}`)),
    ...change,
  };
}

/** A step without its state: what a call for the version before reads of it. */
export const answered = (kept: PresignStep): PresignStep => ({ ...kept, state: new Uint8Array() });

/** A step without its answer: what a call reads that goes on from it. */
export const goneOnFrom = (kept: PresignStep): PresignStep => ({ ...kept, answer: new Uint8Array() });

/** The last step. */
export const LAST = step({ stage: "done", state: new Uint8Array() });

export function entry(name: string): PoolEntry {
  return { id: hash(name), state: Uint8Array.from(Buffer.from(`secrets of ${name}`)) };
}

export function signing(
  { id: requestId, owner, keyId, digest }: SigningRequestRecord,
  presignatureId: Uint8Array,
  change: Partial<NewEcdsaSigning> = {},
): NewEcdsaSigning {
  const id = randomUUID();
  return {
    ...{ id, requestId, owner, keyId, digest, presignatureId },
    clientEntropyHash: hash("client"),
    relayerEntropy: hash(id),
    expiresAt: SIGNING_EXPIRY,
    ...change,
  };
}

/** A key and a session, for which presignatures can be made. */
export async function prepare({ signers: [{ store }] }: ThresholdHome): Promise<void> {
  await store.insertKey(keyRecord());
  await store.putSession(session());
}

/** Presignatures in the pool, made one after another: their ids. */
export async function fill(
  store: EcdsaStore,
  names: readonly string[],
  change: Partial<NewPresign> = {},
): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  for (const [i, name] of names.entries()) {
    const begun = presign(change);
    await store.openPresign(begun, step(), BUDGET, at(i));
    if (!(await store.finishPresign(begun, 1, LAST, entry(name), at(i)))) throw new Error("not made");
    made.push(entry(name).id);
  }
  return made;
}
