import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { reasonName } from "@countersign/service-kit";
import type { Failure, LaneId, LaneWork, TerminalItem } from "../ledger/ledger.ts";
import type { Outcome } from "../near/outcome.ts";
import type { BlockView } from "../near/views.ts";
import type { Registrar } from "../rules/account-rules.ts";
import { accountIntent, delegateIntent, type Intent, intentDeposit, keyChangeIntent } from "../tx/payload.ts";
import type { Attempt } from "./delivery.ts";
import type { LaneKey } from "./sign-batch.ts";

/** A submission in the lane's hands, with what its payload asks for. */
export interface Work extends LaneWork {
  readonly intent: Intent;
  /** Whether a transaction of it was ever signed: then only a proof can end it as EXPIRED. */
  readonly wasSigned: boolean;
  /**
   * The block that the transaction names which the signer was asked for under this nonce: its journal may hold that one.
   * Null when it was not asked for any.
   */
  readonly block: BlockView | null;
  /** How often in a row the signer did not sign it. */
  readonly refusals: number;
}

/** How a submission ends: what the ledger is told besides its id and the time. */
export type End = Omit<TerminalItem, "submissionId" | "at" | "sentAt">;

/** Longest chain error that is kept, in characters. The contract promises it. */
const MAX_CHAIN_ERROR = 4096;

/** Reads a stored submission. */
export function readWork(stored: LaneWork, registrar: Registrar | undefined): Work {
  return {
    ...stored,
    intent: intentOf(stored, registrar),
    wasSigned: stored.attempt !== null,
    block: null,
    refusals: 0,
  };
}

function intentOf({ kind, accountId, payload }: LaneWork, registrar: Registrar | undefined): Intent {
  switch (kind) {
    case "DELEGATE":
      return delegateIntent(payload);
    case "CREATE_ACCOUNT":
      return accountIntent(payload, registrar);
    case "KEY_CHANGE":
      return keyChangeIntent(accountId, payload);
  }
}

/**
 * The transaction of this lane's that a submission stands with; null when none was signed. One of another lane's, which
 * handed the submission on, can never land.
 */
export function attemptOf(work: Work, laneId: LaneId, key: LaneKey): Attempt | null {
  if (work.attempt?.laneId !== laneId) return null;
  const { nonce, transactionHash, signedTransaction, blockHashHeight } = work.attempt;
  return {
    submissionId: work.submissionId,
    hash: transactionHash,
    signed: signedTransaction,
    isDelegate: work.kind === "DELEGATE",
    relayerId: key.accountId,
    relayerPublicKey: key.publicKey,
    nonce,
    blockHashHeight,
  };
}

/** The end of a transaction that is final on the chain. */
export function finalEnd(work: Work, outcome: Outcome, blockHash: string | undefined): End {
  const refusedByRegistrar =
    work.kind === "CREATE_ACCOUNT" && work.intent.isCall && Buffer.from(outcome.value).toString() === "false";
  const cost = {
    gasBurnt: outcome.gasBurnt,
    tokensBurnt: outcome.tokensBurnt,
    // A registrar that answers false gives the deposit back (near/core-contracts, linkdrop and root accounts).
    deposit: outcome.depositLeft && !refusedByRegistrar ? intentDeposit(work.intent) : 0n,
  };
  if (outcome.succeeded && !refusedByRegistrar) return { to: "SUCCEEDED", blockHash, cost };
  const message = refusedByRegistrar
    ? "the registrar did not create the account"
    : "the transaction failed on the chain";
  return { to: "FAILED", blockHash, cost, failure: failure("EXECUTION_FAILED", message, outcome.error) };
}

/**
 * Blocks from the final head to the one that executes what is signed now: two until the newest block, one that
 * includes it, one that executes the delegate, and one to spare.
 */
const BLOCKS_TO_EXECUTE = 5n;

/** Whether a submission's time would be over before what is signed now can execute. */
export function isExpired({ expiresAtHeight }: Work, finalHead: bigint): boolean {
  return expiresAtHeight !== null && expiresAtHeight < finalHead + BLOCKS_TO_EXECUTE;
}

/** More blocks than a chain makes while a head is still used. */
const BLOCKS_BEHIND = 20n;

/** Whether a submission has little time left: only the newest head says if it is over. */
export function expiresSoon(work: Work, knownHead: bigint): boolean {
  return isExpired(work, knownHead + BLOCKS_BEHIND);
}

/** The end of a submission whose time has passed: nothing was spent. */
export function expiredEnd(work: Work): End {
  return neverLanded(work, failure("SUBMISSION_EXPIRED", "its time passed before it could land"));
}

/** The end of a submission that the signer refused. */
export function refusedBySigner(work: Work, reason: string, message: string): End {
  return neverLanded(work, failure("SIGNER_REFUSED", `the signer refused: ${reason}: ${message}`));
}

/** The end of a transaction whose bytes the chain can never execute. */
export function refusedByChain(error: unknown): End {
  return {
    to: "EXPIRED",
    failure: failure("TRANSACTION_REFUSED", "the chain refuses the transaction for good", error),
  };
}

function neverLanded(work: Work, why: Failure): End {
  return { to: work.wasSigned ? "EXPIRED" : "REJECTED", failure: why };
}

function failure(reason: keyof typeof ErrorReason, message: string, chainError?: unknown): Failure {
  return {
    reason: reasonName(ErrorReason[reason]),
    message,
    chainError: chainError === undefined ? "" : JSON.stringify(chainError).slice(0, MAX_CHAIN_ERROR),
  };
}

/** Lower nonces first. */
export function byNonce(a: Work, b: Work): number {
  return a.nonce < b.nonce ? -1 : 1;
}
