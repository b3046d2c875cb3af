import { createHash, randomBytes } from "node:crypto";
import type {
  AcceptInput,
  AuditEvent,
  KeyOperation,
  LaneWork,
  SignedItem,
  TerminalItem,
} from "@countersign/server/ledger/ledger.ts";
import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { BEGIN } from "./bench-ledger.ts";
import { ACCOUNT, CALLER, PUBLIC_KEY, TENANT } from "./names.ts";

/** Submissions of a round. */
export const BATCH = 16;
/** Milliseconds between the beginnings of two rounds, by the ledger's clock. */
const ROUND_MS = 1_000;
/** Above all that a ledger is filled with. */
const FIRST_NONCE = 1_000_000_000n;
/** Below all that a ledger is filled with: the marks of one round after another expire. */
const FIRST_HEIGHT = 1_000n;

/** Everything that one round writes. Its names are in no other round. */
export function roundItems(round: number) {
  const at = (ms: number) => new Date(BEGIN.getTime() + round * ROUND_MS + ms);
  const event = (kind: string, detail: AuditEvent["detail"] = {}): AuditEvent => ({
    ...{ tenant: TENANT, kind, actor: "relay", at: at(0), detail },
  });
  const height = FIRST_HEIGHT + BigInt(round);
  return {
    at,
    event,
    /** The marks of this round's delegates, and of those before, are below it. */
    finalHeight: height + 1n,
    inputs: Array.from({ length: BATCH }, (_, i) => input(round * BATCH + i, at(0), height)),
    operation: operation(round, at(0)),
  };
}

function input(number: number, at: Date, maxBlockHeight: bigint): AcceptInput {
  const delegateHash = randomName();
  const id = `sub_z${number.toString().padStart(25, "0")}`;
  return {
    ...{ tenant: TENANT, caller: CALLER, method: "SubmitDelegate", idempotencyKey: randomName() },
    bodyHash: Uint8Array.from(createHash("sha256").update(id).digest()),
    submission: {
      ...{ id, kind: "DELEGATE", network: NETWORK, accountId: ACCOUNT, receiverId: "receiver.test" },
      ...{
        delegateHash,
        payload: new Uint8Array(300),
        requiredRelayer: null,
        expiresAtHeight: maxBlockHeight,
      },
    },
    orderingGroup: null,
    replayMark: {
      ...{ senderId: ACCOUNT, publicKey: PUBLIC_KEY, delegateHash, maxBlockHeight },
      nonce: FIRST_NONCE + BigInt(number),
    },
    maxOpen: 1_000_000,
    budget: {
      user: "user:alice",
      amounts: { accounts: 0n, gas: 30n * 10n ** 12n, deposit: 1n },
      limits: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} },
    },
    audit: {
      ...{ tenant: TENANT, kind: "submission.accepted", actor: CALLER, at },
      detail: { submission: id, receiver: "receiver.test" },
    },
    at,
  };
}

export const nonceFloor = FIRST_NONCE;

export function signedItem({ submissionId, nonce }: LaneWork, at: Date): SignedItem {
  return {
    ...{ submissionId, nonce, transactionHash: randomName(), blockHashHeight: 1_000n, at },
    signedTransaction: new Uint8Array(450),
  };
}

/** The place of the one that is never signed. */
export const REJECTED = 2;

/** Two of a round fail on the chain, one is rejected and one expires; the others succeed. */
export function endOf(submissionId: string, place: number, at: Date): TerminalItem {
  const failure = { reason: "EXECUTION_FAILED", message: "it failed", chainError: "{}" };
  const cost = { gasBurnt: 2_428_000_000_000n, tokensBurnt: 242_800_000_000_000_000_000n, deposit: 1n };
  const blockHash = "block";
  if (place < 2) return { submissionId, to: "FAILED", blockHash, cost, failure, at };
  if (place === REJECTED) return { submissionId, to: "REJECTED", failure, at };
  if (place === 3) return { submissionId, to: "EXPIRED", failure, at };
  return { submissionId, to: "SUCCEEDED", blockHash, cost, at };
}

function operation(round: number, at: Date): KeyOperation {
  return {
    ...{ id: `operation-z${round}`, network: NETWORK, accountId: RELAYER, kind: "ADD", step: "GENERATING" },
    ...{ newKeyId: `new-${round}`, newPublicKey: "", oldKeyId: "", oldPublicKey: "", submissionId: "" },
    ...{ failedSubmissions: 0, tries: 0, problem: "", tryAt: at, actor: "admin:bench", reason: "bench" },
    ...{ createdAt: at, stepAt: at, endedAt: null, version: 1 },
  };
}

/** As long as a hash in base58. */
function randomName(): string {
  return randomBytes(22).toString("hex");
}
