import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { formatPublicKey } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import type { KeptAdminGrant } from "@countersign/signer-service/grants/admin-grants.ts";
import type {
  JournalAnswer,
  JournalRequest,
  MadeSignature,
} from "@countersign/signer-service/journal/journal.ts";
import type { NewKeyRecord } from "@countersign/signer-service/keys/key-records.ts";
import type { SignerStore } from "@countersign/signer-service/store/signer-store.ts";
import { adminKey, trust } from "./admin-key.ts";
import { at } from "./stores.ts";

/** A relayer's key with its secret half. */
export interface TestKey {
  readonly record: NewKeyRecord;
  readonly privateKey: KeyObject;
}

export function newKey(keyId: string): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const data = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const record = {
    keyId,
    network: "testnet",
    accountId: "relayer.testnet",
    publicKey: formatPublicKey({ type: "ed25519", data }),
    backend: "keystore",
    reference: keyId,
    state: "PENDING" as const,
  };
  return { record, privateKey };
}

/** Keys of the store that are active, with a floor of 100. */
export async function activeKeys<const Ids extends string[]>(
  store: SignerStore,
  ...keyIds: Ids
): Promise<{ [I in keyof Ids]: TestKey }> {
  const keys = keyIds.map(newKey);
  await store.keyRecords.enter(
    keys.map(({ record }) => record),
    "test",
  );
  for (const keyId of keyIds) await store.keyRecords.move(keyId, "ACTIVE", 100n, "test");
  return keys as { [I in keyof Ids]: TestKey };
}

/** The hash of a payload that goes by a name. */
function hashOf(payload: string): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(payload).digest());
}

/** A request for a payload that goes by a name; with a grant of its own. */
export function request(
  key: TestKey,
  nonce: bigint,
  payload: string,
  change: Partial<JournalRequest> = {},
): JournalRequest {
  const { keyId, network, accountId, publicKey } = key.record;
  return {
    keyId,
    network,
    accountId,
    publicKey,
    nonce,
    payloadHash: hashOf(payload),
    purpose: "DELEGATE",
    grant: { id: randomBytes(16), expiresAt: at(60_000), tenant: "acme", submissionId: `sub_${payload}` },
    deposit: 0n,
    depositPerDay: 10n ** 30n,
    gas: 1n,
    gasPerDay: 10n ** 30n,
    requestId: "request-1",
    peer: "spiffe://countersign/relay",
    ...change,
  };
}

/** "reserved", "signed", or the name of the reason. */
export function told(answers: readonly JournalAnswer[]): string[] {
  return answers.map((answer) => (answer.kind === "refused" ? reasonName(answer.reason) : answer.kind));
}

/** The key's signature over the payload of a request. */
export function signed(key: TestKey, { publicKey, nonce, payloadHash }: JournalRequest): MadeSignature {
  const signature = Uint8Array.from(sign(null, payloadHash, key.privateKey));
  return { publicKey, nonce, payloadHash, signature };
}

/** An admin grant that lets another payload take the place of `payload`; as it is installed. */
export function repairGrant(
  key: TestKey,
  nonce: bigint,
  payload: string,
  change: Partial<KeptAdminGrant["grant"]> = {},
): Omit<KeptAdminGrant, "revoked" | "used"> {
  const { network, accountId, publicKey } = key.record;
  const allows = {
    kind: "journal_repair" as const,
    network,
    accountId,
    publicKey,
    nonce,
    oldPayloadHash: hashOf(payload),
  };
  const grant = {
    id: "repair-1",
    audience: trust.audience,
    notBefore: at(0),
    expiresAt: at(60_000),
    allows,
    ...change,
  };
  return { grant, ...signAdminGrant(grant, "admin-1", adminKey) };
}
