import { generateKeyPairSync, sign } from "node:crypto";
import {
  type Action,
  type DelegateAction,
  delegateHash,
  encodeTransaction,
  formatPublicKey,
  type PublicKey,
  type Transaction,
} from "@countersign/near";
import { DomainError, reasonName } from "@countersign/service-kit";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { KeyRecord } from "@countersign/signer-service/keys/key-records.ts";
import type { CheckedTransaction, PolicyCheck } from "@countersign/signer-service/policy/check-policy.ts";
import { checkTransaction } from "@countersign/signer-service/policy/check-policy.ts";
import type { KeyPolicy } from "@countersign/signer-service/policy/policy.ts";
import { policiesSection } from "@countersign/signer-service/policy/policy-schema.ts";

export const RELAYER = "relay.testnet";

function newPublicKey(): PublicKey {
  return publicKeyOf(generateKeyPairSync("ed25519").privateKey);
}

/** The key that every test signs with. */
export const KEY = {
  keyId: "relayer-1",
  network: "testnet",
  accountId: RELAYER,
  publicKey: newPublicKey(),
} as const;

/** Someone else's key. */
export const OTHER_KEY = newPublicKey();

/** A key's policy as the configuration's YAML has it. */
export function policyFrom(fields: object): KeyPolicy {
  const { policy } = policiesSection.parse({
    policy: { network: "testnet", account_id: RELAYER, gas_per_day: "1000", ...fields },
  });
  if (policy === undefined) throw new Error("no policy");
  return policy;
}

/** The borsh bytes of the relayer's unsigned transaction: one yoctoNEAR to alice, unless told otherwise. */
export function transaction(fields: Partial<Transaction> = {}): Uint8Array {
  return encodeTransaction({
    signerId: RELAYER,
    publicKey: KEY.publicKey,
    nonce: 42n,
    receiverId: "alice.testnet",
    blockHash: new Uint8Array(32).fill(7),
    actions: [{ kind: "Transfer", deposit: 1n }],
    ...fields,
  });
}

/** A contract call, without gas and deposit unless told otherwise. */
export function call(fields: Partial<Extract<Action, { kind: "FunctionCall" }>> = {}) {
  const base = { methodName: "vote", args: new Uint8Array(), gas: 0n, deposit: 0n };
  return { kind: "FunctionCall" as const, ...base, ...fields };
}

/** A Delegate action of alice.testnet to guest-book.testnet that her key signed. */
export function delegate(fields: Partial<DelegateAction> = {}): Extract<Action, { kind: "Delegate" }> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const delegateAction: DelegateAction = {
    senderId: "alice.testnet",
    receiverId: "guest-book.testnet",
    actions: [call()],
    nonce: 8n,
    maxBlockHeight: 1_000n,
    publicKey: publicKeyOf(privateKey),
    ...fields,
  };
  const data = Uint8Array.from(sign(null, delegateHash(delegateAction), privateKey));
  return {
    kind: "Delegate",
    signedDelegate: { delegateAction, signature: { type: "ed25519", data } },
  };
}

/** The record of a pending key of the relayer's account. */
export function record(publicKey: PublicKey, fields: Partial<KeyRecord> = {}): KeyRecord {
  return {
    keyId: "relayer-2",
    network: "testnet",
    accountId: RELAYER,
    publicKey: formatPublicKey(publicKey),
    backend: "keystore",
    reference: "relayer-2",
    state: "PENDING",
    pauseReason: null,
    nonceFloor: null,
    highestNonce: null,
    ...fields,
  };
}

/** Checks the bytes under KEY, for its network, without grants. */
export function check(
  bytes: Uint8Array,
  policy: KeyPolicy | undefined,
  fields: Partial<PolicyCheck> = {},
): Promise<CheckedTransaction> {
  return checkTransaction(bytes, {
    network: "testnet",
    key: KEY,
    policy,
    grantedPurpose: null,
    keyManagementFacts: async () => {
      throw new Error("nobody should ask");
    },
    ...fields,
  });
}

/** What `check` finds: the purpose, or the name of the reason for which it refuses. Nothing else may be thrown. */
export async function outcome(...args: Parameters<typeof check>): Promise<string> {
  try {
    return (await check(...args)).purpose;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  }
}
