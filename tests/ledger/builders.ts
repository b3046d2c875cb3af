import { createHash } from "node:crypto";
import type {
  AcceptInput,
  AuditEvent,
  BudgetAmounts,
  BudgetReservation,
  Lane,
  LaneToken,
  LaneWork,
  Ledger,
  SignedItem,
  TerminalItem,
} from "@countersign/server/ledger/ledger.ts";

export const NETWORK = "testnet";
const T0 = new Date("2026-11-01T12:00:00.000Z");
export const TTL_MS = 5_000;
export const TGAS = 10n ** 12n;

/** A time, in milliseconds after the start. */
export function at(ms: number): Date {
  return new Date(T0.getTime() + ms);
}

export function sha256(text: string): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(text).digest());
}

/** A delegate's submission. Everything that must be unique follows from the name. */
export function delegate(name: string, changes: Partial<AcceptInput> = {}): AcceptInput {
  const hash = `hash-${name}`;
  return {
    tenant: "default",
    caller: "wallet",
    method: "SubmitDelegate",
    idempotencyKey: `key-${name}`,
    bodyHash: sha256(name),
    submission: {
      id: `sub_${name}`,
      kind: "DELEGATE",
      network: NETWORK,
      accountId: "alice.testnet",
      receiverId: "app.testnet",
      delegateHash: hash,
      payload: sha256(`payload of ${name}`),
      requiredRelayer: null,
      expiresAtHeight: 1_000n,
    },
    replayMark: {
      senderId: "alice.testnet",
      publicKey: `ed25519:${name}`,
      nonce: 7n,
      delegateHash: hash,
      maxBlockHeight: 1_000n,
    },
    maxOpen: 1_000,
    budget: reservation(),
    audit: event({ kind: "submission.accepted", detail: { submission: `sub_${name}` } }),
    at: T0,
    ...changes,
  };
}

/** A reservation of 30 Tgas for Alice, with no bounds. */
export function reservation(
  limits: Partial<BudgetReservation["limits"]> = {},
  amounts: Partial<BudgetAmounts> = {},
  user = "user:alice",
): BudgetReservation {
  return {
    user,
    amounts: { accounts: 0n, gas: 30n * TGAS, deposit: 0n, ...amounts },
    limits: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {}, ...limits },
  };
}

export function event(changes: Partial<AuditEvent> = {}): AuditEvent {
  return { tenant: "default", kind: "test.event", actor: "key:1", at: T0, detail: {}, ...changes };
}

/** The creation of an account, which nothing marks against replay. */
export function creation(name: string, changes: Partial<AcceptInput["submission"]> = {}): AcceptInput {
  const { submission, ...rest } = delegate(name);
  return {
    ...rest,
    method: "CreateAccount",
    submission: {
      ...submission,
      kind: "CREATE_ACCOUNT",
      delegateHash: null,
      expiresAtHeight: null,
      ...changes,
    },
    replayMark: null,
  };
}

export function laneKey(name: string) {
  return {
    network: NETWORK,
    accountId: "relayer.testnet",
    publicKey: `ed25519:relayer-${name}`,
    keyId: `key-${name}`,
  };
}

/** A lane that is held by `owner` from the start. */
export async function heldLane(ledger: Ledger, name = "1", owner = "relay-1"): Promise<Lane & LaneToken> {
  const [lane] = await ledger.ensureLanes([laneKey(name)]);
  if (lane === undefined) throw new Error("no lane");
  const lease = await ledger.acquireLane(lane.id, owner, T0, TTL_MS);
  if (lease === null) throw new Error("the lane is held by somebody else");
  return { ...lane, laneId: lane.id, epoch: lease.epoch };
}

/** Accepts submissions of these names and claims them, with nonces from 101. */
export async function claimed(ledger: Ledger, lane: LaneToken, ...names: string[]): Promise<LaneWork[]> {
  for (const [i, name] of names.entries()) await ledger.accept(delegate(name, { at: at(i) }));
  return ledger.claim({ ...lane, limit: names.length, nonceFloor: 101n });
}

/** What a signer made of it. */
export function signed({ submissionId, nonce }: { submissionId: string; nonce: bigint }): SignedItem {
  return {
    submissionId,
    nonce,
    transactionHash: `tx-${submissionId}-${nonce}`,
    signedTransaction: sha256(`${submissionId} ${nonce}`),
    blockHashHeight: 500n,
    at: at(1_000),
  };
}

export function succeeded(submissionId: string): TerminalItem {
  return {
    submissionId,
    to: "SUCCEEDED",
    blockHash: "block-510",
    cost: { gasBurnt: 2_428_000_000_000n, tokensBurnt: 242_800_000_000_000_000_000n, deposit: 10n ** 24n },
    at: at(2_000),
  };
}

export function failed(
  submissionId: string,
  to: "FAILED" | "REJECTED" | "EXPIRED",
  reason = "DELEGATE_EXPIRED",
): TerminalItem {
  return {
    submissionId,
    to,
    failure: { reason, message: "the delegate expired", chainError: "" },
    at: at(2_000),
  };
}
