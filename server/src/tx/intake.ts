import { createHash } from "node:crypto";
import type { Secret } from "@countersign/service-kit";
import type { Caller } from "../access/caller.ts";
import type {
  AuditEvent,
  BudgetLevel,
  BudgetLimits,
  BudgetScope,
  Ledger,
  Submission,
} from "../ledger/ledger.ts";
import type { AccountCreation, AccountSubject } from "../rules/account-rules.ts";
import type { Asker } from "../rules/asker.ts";
import { type DelegateSubject, delegateSubject } from "../rules/delegate-subject.ts";
import { firstRefusal, type Refusal, type Rule } from "../rules/rule.ts";
import { keyReused, notAccepted, refused, whileChainAnswers } from "./intake-errors.ts";
import { accountPayload, accountUndertaking, delegateUndertaking, type Undertaking } from "./undertaking.ts";

/** What every request says besides what it asks for. */
interface RequestIdentity {
  /** Empty for the hash of the body. */
  readonly idempotencyKey: string;
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

/** What a tenant may do at the moment of a call. */
export interface Entitlement {
  /** Another one whenever anything here may have changed. */
  readonly revision: bigint;
  readonly asker: Asker;
  /** 0 for a tenant without a policy. */
  readonly policyVersion: bigint;
  readonly budgets: Readonly<Record<BudgetScope, BudgetLimits>>;
}

export interface IntakeOptions {
  readonly network: string;
  readonly ledger: Ledger;
  readonly delegateRules: readonly Rule<DelegateSubject>[];
  readonly accountRules: readonly Rule<AccountSubject>[];
  readonly accountCreation: AccountCreation | undefined;
  readonly entitlementOf: (caller: Caller) => Entitlement;
  /** Why a caller that was let in may have nothing taken on any more; undefined when it may. */
  readonly withdrawal: (caller: Caller, method: string) => Refusal | undefined;
  /** Those of the rules above that look at the asker. They are asked again if it has changed meanwhile. */
  readonly delegateAskerRules: readonly Rule<DelegateSubject>[];
  readonly accountAskerRules: readonly Rule<AccountSubject>[];
  /** Tenants whose accepted submissions wait for an operator. */
  readonly heldTenants: () => readonly string[];
  /** Most submissions that are not terminal. */
  readonly maxOpen: number;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Told of each submission that is accepted for the first time, with its bounded budgets after it. */
  readonly onAccepted: (submission: Submission, caller: Caller, budget: readonly BudgetLevel[]) => void;
  /** Told of each submission that did not fit into a budget. */
  readonly onExhausted: (caller: Caller, level: BudgetLevel) => void;
}

/** One request on its way to be taken on. */
interface Request extends RequestIdentity {
  readonly method: string;
  readonly body: readonly Uint8Array[];
  readonly refusal: () => Promise<Refusal | undefined>;
  /** Asks again, for the same request, what the asker may do. */
  readonly askerRefusal: (asker: Asker) => Promise<Refusal | undefined>;
  readonly undertaking: () => Undertaking;
  /** Aborts when nobody waits for the answer any more: then nothing is taken on. */
  readonly signal: AbortSignal;
}

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
    const entitlement = this.#options.entitlementOf(caller);
    const subject = delegateSubject(entitlement.asker, request.network, request.signedDelegate);
    return this.#once(caller, entitlement, {
      ...request,
      method: "SubmitDelegate",
      body: [Buffer.from(request.network), request.signedDelegate],
      refusal: () => firstRefusal(this.#options.delegateRules, subject),
      askerRefusal: (asker) => firstRefusal(this.#options.delegateAskerRules, { ...subject, asker }),
      undertaking: () => delegateUndertaking(subject),
      signal,
    });
  }

  /** Takes on the creation of an account. A repeated call gives the first call's submission. */
  createAccount(caller: Caller, request: AccountRequest, signal: AbortSignal): Promise<Submission> {
    const { accountRules, accountAskerRules, accountCreation } = this.#options;
    const entitlement = this.#options.entitlementOf(caller);
    const payload = accountPayload(request);
    return this.#once(caller, entitlement, {
      ...request,
      method: "CreateAccount",
      body: [Buffer.from(request.network), payload],
      refusal: () => firstRefusal(accountRules, { ...request, asker: entitlement.asker }),
      askerRefusal: (asker) => firstRefusal(accountAskerRules, { ...request, asker }),
      undertaking: () => accountUndertaking(request, payload, accountCreation),
      signal,
    });
  }

  /**
   * The record of an earlier acceptance comes before the rules, which that acceptance itself may have made
   * fail; and it is looked for again when they refuse, because the first call may be running beside this one.
   */
  async #once(caller: Caller, entitlement: Entitlement, request: Request): Promise<Submission> {
    const { ledger, network, maxOpen, heldTenants, now, newId, onAccepted, onExhausted } = this.#options;
    const { method, idempotencyKey: givenKey, callerCredential, signal } = request;
    const bodyHash = hashOf(method, request.body);
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
    const unlessBeside = async (refusal: Refusal) => {
      const beside = await earlier();
      if (beside !== undefined) return beside;
      throw refused(refusal);
    };
    const refusal = await whileChainAnswers(request.refusal);
    if (refusal !== undefined) return unlessBeside(refusal);

    const latest = await this.#stillEntitled(caller, entitlement, request);
    if ("reason" in latest) return unlessBeside(latest);
    signal.throwIfAborted();
    const undertaking = request.undertaking();
    const { submission, replayMark, exclusiveAccount, cost } = undertaking;
    const id = newId();
    const at = now();
    const result = await ledger.accept({
      tenant: caller.tenant,
      caller: caller.id,
      method,
      idempotencyKey,
      bodyHash,
      submission: { ...submission, id, network },
      callerCredential,
      replayMark,
      exclusiveAccount,
      maxOpen,
      heldTenants: heldTenants(),
      budget: { user: caller.budgetUser, amounts: cost, limits: latest.budgets },
      audit: acceptedEvent(caller, latest, request, undertaking, id, at),
      at,
    });
    if (result.outcome === "accepted") onAccepted(result.submission, caller, result.budget);
    if (result.outcome === "accepted" || result.outcome === "repeated") return result.submission;
    if (result.outcome === "budget-exhausted") onExhausted(caller, result.level);
    throw notAccepted(result, at);
  }

  /**
   * What the caller may do now, or why it may not. Its body may have come slowly and the chain may have answered late: what an operator
   * changed meanwhile holds for this call too.
   */
  async #stillEntitled(
    caller: Caller,
    before: Entitlement,
    request: Request,
  ): Promise<Entitlement | Refusal> {
    const { entitlementOf, withdrawal } = this.#options;
    let current = before;
    for (;;) {
      const withdrawn = withdrawal(caller, request.method);
      if (withdrawn !== undefined) return withdrawn;
      const latest = entitlementOf(caller);
      if (latest.revision === current.revision) return latest;
      const refusal = await request.askerRefusal(latest.asker);
      if (refusal !== undefined) return refusal;
      current = latest;
    }
  }
}

function acceptedEvent(
  caller: Caller,
  { policyVersion }: Entitlement,
  { method, requestId }: Request,
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
      method,
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
