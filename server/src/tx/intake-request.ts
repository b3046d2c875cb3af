import { createHash } from "node:crypto";
import type { Secret } from "@countersign/service-kit";
import type { Caller } from "../access/caller.ts";
import type { AuditEvent, IdempotencyClaim } from "../ledger/ledger.ts";
import type { AccountSubject } from "../rules/account-rules.ts";
import type { Asker } from "../rules/asker.ts";
import type { Refusal } from "../rules/rule.ts";
import type { Undertaking } from "./undertaking.ts";

/** What every request says besides what it asks for. */
interface RequestIdentity {
  /** Empty for the hash of the body. */
  readonly idempotencyKey: string;
  /** Of the tenant; empty for the order that the request has by itself. */
  readonly orderingKey: string;
  /** For the audit log. */
  readonly requestId: string;
  /** The caller's token, where the signer is to get it. */
  readonly callerCredential: Secret<string> | null;
}

export interface DelegateRequest extends RequestIdentity {
  readonly network: string;
  readonly signedDelegate: Uint8Array;
}

export interface AccountRequest extends RequestIdentity, Omit<AccountSubject, "asker"> {}

/** One request on its way to be taken on. */
export interface IntakeRequest extends RequestIdentity {
  /** The RPC that it came with. */
  readonly rpc: string;
  readonly mark: RequestMark;
  readonly refusal: () => Promise<Refusal | undefined>;
  /** Asks again, for the same request, what the asker may do. */
  readonly askerRefusal: (asker: Asker) => Promise<Refusal | undefined>;
  readonly undertaking: () => Undertaking;
  /** Aborts when nobody waits for the answer any more: then nothing is taken on. */
  readonly signal: AbortSignal;
}

/** What makes a repeated request the same one. Its claim's method is that of which it is a request. */
export interface RequestMark {
  readonly claim: IdempotencyClaim;
  /** 32 bytes. */
  readonly bodyHash: Buffer;
}

/** The mark of a request with this body. One without an idempotency key has one that its body gives it. */
export function markOf(
  caller: Caller,
  method: string,
  { idempotencyKey, orderingKey }: RequestIdentity,
  body: readonly Uint8Array[],
): RequestMark {
  const order = orderingKey === "" ? [] : [Buffer.from(orderingKey)];
  const bodyHash = hashOf(method, [...body, ...order]);
  // The slash keeps derived keys apart from given ones, which cannot hold it.
  const key = idempotencyKey === "" ? `body/${bodyHash.toString("hex")}` : idempotencyKey;
  return { claim: { tenant: caller.tenant, caller: caller.id, method, key }, bodyHash };
}

/** What the audit log says of a submission that is accepted. */
export function acceptedEvent(
  caller: Caller,
  policyVersion: bigint,
  { rpc, requestId }: IntakeRequest,
  { submission, cost }: Undertaking,
  id: string,
  at: Date,
): AuditEvent {
  const { accountId, receiverId, delegateHash } = submission;
  return {
    tenant: caller.tenant,
    kind: "submission.accepted",
    actor: caller.actor,
    at,
    detail: {
      submission: id,
      method: rpc,
      user: caller.budgetUser,
      account: accountId,
      receiver: receiverId,
      ...(delegateHash === null ? {} : { delegate_hash: delegateHash }),
      reserved_gas: cost.gas.toString(),
      reserved_deposit: cost.deposit.toString(),
      policy_version: policyVersion.toString(),
      request: requestId,
    },
  };
}

/** SHA-256 over the method and the parts, each with its length, so that no two bodies read the same. */
function hashOf(method: string, parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of [Buffer.from(method), ...parts]) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest();
}
