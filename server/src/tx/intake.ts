import { createHash } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { parentAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { AcceptInput, Ledger, Submission } from "../ledger/ledger.ts";
import { ChainError } from "../near/chain-error.ts";
import type { AccountCreation, AccountSubject } from "../rules/account-rules.ts";
import { type DelegateSubject, delegateSubject } from "../rules/delegate-subject.ts";
import { firstRefusal, type Refusal, type Rule } from "../rules/rule.ts";
import { encodeAccountPayload } from "./payload.ts";

/** Who asks. Idempotency keys and submissions of one caller are invisible to another tenant. */
export interface Caller {
  readonly tenant: string;
  readonly id: string;
}

export interface DelegateRequest {
  readonly network: string;
  readonly signedDelegate: Uint8Array;
  /** Empty for the hash of the body. */
  readonly idempotencyKey: string;
}

export interface AccountRequest extends AccountSubject {
  /** Empty for the hash of the body. */
  readonly idempotencyKey: string;
}

export interface IntakeOptions {
  readonly network: string;
  readonly ledger: Ledger;
  readonly delegateRules: readonly Rule<DelegateSubject>[];
  readonly accountRules: readonly Rule<AccountSubject>[];
  readonly accountCreation: AccountCreation | undefined;
  /** Most submissions that are not terminal. */
  readonly maxOpen: number;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Told of each submission that is accepted for the first time. */
  readonly onAccepted: (submission: Submission) => void;
}

/** When a caller that came at a bad moment may try again, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/**
 * Takes on work: asks the rules, then makes the submission durable. When it answers, the submission will
 * reach a terminal state whatever process dies. Refusals are DomainErrors and store nothing.
 */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Takes on a signed delegate (NEP-366). A repeated call gives the first call's submission. */
  submitDelegate(caller: Caller, request: DelegateRequest, signal: AbortSignal): Promise<Submission> {
    const subject = delegateSubject(request.network, request.signedDelegate);
    const body = [Buffer.from(request.network), request.signedDelegate];
    return this.#once(caller, "SubmitDelegate", request.idempotencyKey, body, {
      refusal: () => firstRefusal(this.#options.delegateRules, subject),
      accepted: () => this.#acceptedDelegate(subject),
      signal,
    });
  }

  /** Takes on the creation of an account. A repeated call gives the first call's submission. */
  createAccount(caller: Caller, request: AccountRequest, signal: AbortSignal): Promise<Submission> {
    const { network, accountId, publicKey, initialBalance, registrationArgs } = request;
    const payload = encodeAccountPayload({
      accountId,
      publicKey,
      initialBalance: initialBalance.toString(),
      registrationArgs,
    });
    return this.#once(caller, "CreateAccount", request.idempotencyKey, [Buffer.from(network), payload], {
      refusal: () => firstRefusal(this.#options.accountRules, request),
      accepted: () => ({
        submission: {
          kind: "CREATE_ACCOUNT",
          accountId,
          receiverId: accountId,
          delegateHash: null,
          payload,
          requiredRelayer: this.#parentThatSigns(accountId),
          expiresAtHeight: null,
        },
        replayMark: null,
        exclusiveAccount: true,
      }),
      signal,
    });
  }

  /** A sub-account is created by its parent alone; a registrar can be called by any relayer. */
  #parentThatSigns(accountId: string): string | null {
    return this.#options.accountCreation?.registrar === undefined ? parentAccountId(accountId) : null;
  }

  #acceptedDelegate({ decoded, bytes }: DelegateSubject): Accepted {
    if (typeof decoded === "string") throw new Error("a delegate that cannot be read passed the rules");
    const { action, publicKey, hashText } = decoded;
    return {
      submission: {
        kind: "DELEGATE",
        accountId: action.senderId,
        receiverId: action.receiverId,
        delegateHash: hashText,
        payload: bytes,
        requiredRelayer: null,
        expiresAtHeight: action.maxBlockHeight,
      },
      replayMark: {
        senderId: action.senderId,
        publicKey,
        nonce: action.nonce,
        delegateHash: hashText,
        maxBlockHeight: action.maxBlockHeight,
      },
      exclusiveAccount: false,
    };
  }

  /**
   * The record of an earlier acceptance comes before the rules, which that acceptance itself may have made
   * fail; and it is looked for again when they refuse, because the first call may be running beside this one.
   */
  async #once(
    caller: Caller,
    method: string,
    givenKey: string,
    body: readonly Uint8Array[],
    work: {
      readonly refusal: () => Promise<Refusal | undefined>;
      readonly accepted: () => Accepted;
      /** Aborts when nobody waits for the answer any more: then nothing is taken on. */
      readonly signal: AbortSignal;
    },
  ): Promise<Submission> {
    const { ledger, network, maxOpen, now, newId, onAccepted } = this.#options;
    const bodyHash = hashOf(method, body);
    // The slash keeps derived keys apart from given ones, which cannot hold it.
    const idempotencyKey = givenKey === "" ? `body/${bodyHash.toString("hex")}` : givenKey;
    const claim = { tenant: caller.tenant, caller: caller.id, method, key: idempotencyKey };
    const earlier = async () => {
      const found = await ledger.findIdempotent(claim);
      if (found === undefined) return undefined;
      if (!bodyHash.equals(found.bodyHash)) throw keyReused();
      return found.submission;
    };

    const first = await earlier();
    if (first !== undefined) return first;
    const refusal = await whileChainAnswers(work.refusal);
    if (refusal !== undefined) {
      const beside = await earlier();
      if (beside !== undefined) return beside;
      throw new DomainError(refusal.reason, refusal.message);
    }

    work.signal.throwIfAborted();
    const { submission, replayMark, exclusiveAccount } = work.accepted();
    const result = await ledger.accept({
      tenant: caller.tenant,
      caller: caller.id,
      method,
      idempotencyKey,
      bodyHash,
      submission: { ...submission, id: newId(), network },
      replayMark,
      exclusiveAccount,
      maxOpen,
      at: now(),
    });
    switch (result.outcome) {
      case "accepted":
        onAccepted(result.submission);
        return result.submission;
      case "repeated":
        return result.submission;
      case "key-reused":
        throw keyReused();
      case "replayed":
        throw new DomainError(
          ErrorReason.DELEGATE_REPLAYED,
          "a delegate with this key and nonce was accepted before",
        );
      case "nonce-passed":
        throw new DomainError(
          ErrorReason.DELEGATE_NONCE_TOO_LOW,
          "a delegate of this key with a higher nonce was accepted before",
        );
      case "account-busy":
        throw new DomainError(ErrorReason.ACCOUNT_EXISTS, "this account is being created");
      case "queue-full":
        throw new DomainError(ErrorReason.QUEUE_FULL, "too much unfinished work is queued", {
          retryAfterMs: RETRY_AFTER_MS,
        });
    }
  }
}

type Accepted = {
  submission: Omit<AcceptInput["submission"], "id" | "network">;
  replayMark: AcceptInput["replayMark"];
  exclusiveAccount: boolean;
};

function keyReused(): DomainError {
  return new DomainError(
    ErrorReason.IDEMPOTENCY_KEY_REUSED,
    "this idempotency key was used before with another body",
  );
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

/** Turns a chain that gave no usable answer into a refusal that a caller can act on. */
export async function whileChainAnswers<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    throw new DomainError(ErrorReason.CHAIN_UNAVAILABLE, "no NEAR endpoint gave a usable answer", {
      cause: error,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}
