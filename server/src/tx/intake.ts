import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Caller } from "../access/caller.ts";
import { LedgerUnavailableError } from "../ledger/errors.ts";
import type { BudgetLevel, BudgetLimits, BudgetScope, Ledger, Submission } from "../ledger/ledger.ts";
import type { AccountCreation, AccountSubject } from "../rules/account-rules.ts";
import type { Asker } from "../rules/asker.ts";
import { type DelegateSubject, delegateSubject } from "../rules/delegate-subject.ts";
import { refused } from "../rules/refused.ts";
import { firstRefusal, type Refusal, type Rule } from "../rules/rule.ts";
import { keyReused, notAccepted, whileChainAnswers } from "./intake-errors.ts";
import {
  type AccountRequest,
  acceptedEvent,
  type DelegateRequest,
  type IntakeRequest,
  markOf,
  type RequestMark,
} from "./intake-request.ts";
import { accountPayload, accountUndertaking, delegateUndertaking } from "./undertaking.ts";

/** How long the rules, and the acceptance, may take before an earlier one is looked for, in milliseconds. */
const LATE_MS = 250;

/** A submission that was taken on, or why nothing was. */
export type Taken = Submission | DomainError;

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
    return this.#once(
      caller,
      entitlement,
      this.#delegate(caller, entitlement, request, "SubmitDelegate", signal),
    );
  }

  /**
   * Takes on several signed delegates, each on its own and as submitDelegate would, in this order. Answers in the same
   * order. Throws what is no refusal: then some of them may have been taken on, and repeating the call is harmless.
   */
  async submitDelegates(
    caller: Caller,
    delegates: readonly DelegateRequest[],
    signal: AbortSignal,
  ): Promise<Taken[]> {
    const entitlement = this.#options.entitlementOf(caller);
    const requests = delegates.map((one) =>
      this.#delegate(caller, entitlement, one, "SubmitDelegates", signal),
    );
    const judged = await Promise.allSettled(requests.map((request) => this.#judge(request)));
    // Some were judged a while ago. From here to the ledger nothing outside of this process is waited for, so that they
    // come there together and in order.
    const entitled = await Promise.all(
      requests.map((request) => this.#stillEntitled(caller, entitlement, request)),
    );
    const taken = await Promise.allSettled(
      requests.map(async (request, i) => {
        const earlier = fulfilled(judged[i]);
        return earlier ?? this.#accept(caller, entitled[i] ?? entitlement, request);
      }),
    );
    return taken.map((result) => {
      if (result.status === "fulfilled") return result.value;
      if (result.reason instanceof DomainError) return result.reason;
      throw result.reason;
    });
  }

  /** Takes on the creation of an account. A repeated call gives the first call's submission. */
  createAccount(caller: Caller, request: AccountRequest, signal: AbortSignal): Promise<Submission> {
    const { accountRules, accountAskerRules, accountCreation } = this.#options;
    const entitlement = this.#options.entitlementOf(caller);
    const payload = accountPayload(request);
    return this.#once(caller, entitlement, {
      ...request,
      rpc: "CreateAccount",
      mark: markOf(caller, "CreateAccount", request, [Buffer.from(request.network), payload]),
      refusal: () => firstRefusal(accountRules, { ...request, asker: entitlement.asker }),
      askerRefusal: (asker) => firstRefusal(accountAskerRules, { ...request, asker }),
      undertaking: () => accountUndertaking(request, payload, accountCreation),
      signal,
    });
  }

  #delegate(
    caller: Caller,
    { asker }: Entitlement,
    request: DelegateRequest,
    rpc: string,
    signal: AbortSignal,
  ): IntakeRequest {
    const { delegateRules, delegateAskerRules } = this.#options;
    const subject = delegateSubject(asker, request.network, request.signedDelegate);
    const body = [Buffer.from(request.network), request.signedDelegate];
    return {
      ...request,
      rpc,
      mark: markOf(caller, "SubmitDelegate", request, body),
      refusal: () => firstRefusal(delegateRules, subject),
      askerRefusal: (other) => firstRefusal(delegateAskerRules, { ...subject, asker: other }),
      undertaking: () => delegateUndertaking(subject),
      signal,
    };
  }

  async #once(caller: Caller, before: Entitlement, request: IntakeRequest): Promise<Submission> {
    const earlier = await this.#judge(request);
    return earlier ?? this.#accept(caller, await this.#stillEntitled(caller, before, request), request);
  }

  /**
   * The submission of an earlier request like this one, where the rules fail; undefined where they hold: then the ledger
   * tells whether the request is new. The record of an earlier acceptance comes before the rules, which that acceptance
   * itself may have made fail; the usual call is spared the read.
   */
  #judge({ mark, refusal: ask }: IntakeRequest): Promise<Submission | undefined> {
    const judging = async () => {
      const refusal = await whileChainAnswers(ask);
      return refusal === undefined ? undefined : this.#unlessBefore(mark, refusal);
    };
    return this.#orEarlier(mark, judging());
  }

  /**
   * As it comes out, or the submission of an earlier request like this one, where that is there, and this takes long or
   * something is away: whoever repeats a call whose answer was lost does not wait for what hangs.
   */
  async #orEarlier<T>(mark: RequestMark, outcome: Promise<T>): Promise<T | Submission> {
    const settling = Promise.allSettled([outcome]);
    if (await isLate(settling)) {
      const earlier = await this.#earlier(mark).catch((error: unknown) => {
        if (error instanceof DomainError) throw error;
      });
      if (earlier !== undefined) return earlier;
    }
    const [settled] = await settling;
    if (settled.status === "fulfilled") return settled.value;
    const earlier = isOutage(settled.reason) ? await this.#earlier(mark) : undefined;
    if (earlier !== undefined) return earlier;
    throw settled.reason;
  }

  async #earlier({ claim, bodyHash }: RequestMark): Promise<Submission | undefined> {
    const found = await this.#options.ledger.findIdempotent(claim);
    if (found === undefined) return undefined;
    if (!bodyHash.equals(found.bodyHash)) throw keyReused();
    return found.submission;
  }

  /** Refuses, unless the first of equal requests, which may run beside this one, was accepted. */
  async #unlessBefore(mark: RequestMark, refusal: Refusal): Promise<Submission> {
    const earlier = await this.#earlier(mark);
    if (earlier !== undefined) return earlier;
    throw refused(refusal);
  }

  /**
   * What the caller may do now, or why it may not. Its body may have come slowly and the chain may have answered late: what
   * an operator changed meanwhile holds for this call too.
   */
  async #stillEntitled(
    caller: Caller,
    before: Entitlement,
    { mark, rpc, askerRefusal }: IntakeRequest,
  ): Promise<Entitlement | Refusal> {
    const { entitlementOf, withdrawal } = this.#options;
    let current = before;
    for (;;) {
      const withdrawn =
        withdrawal(caller, mark.claim.method) ??
        (rpc === mark.claim.method ? undefined : withdrawal(caller, rpc));
      const latest = entitlementOf(caller);
      if (withdrawn === undefined && latest.revision === current.revision) return latest;
      const refusal = withdrawn ?? (await askerRefusal(latest.asker));
      if (refusal !== undefined) return refusal;
      current = latest;
    }
  }

  #accept(caller: Caller, entitlement: Entitlement | Refusal, request: IntakeRequest): Promise<Submission> {
    return this.#orEarlier(request.mark, this.#decided(caller, entitlement, request));
  }

  /** Comes to the ledger before it waits for anything: requests that are accepted in one go keep their order there. */
  async #decided(
    caller: Caller,
    entitlement: Entitlement | Refusal,
    request: IntakeRequest,
  ): Promise<Submission> {
    if ("reason" in entitlement) return this.#unlessBefore(request.mark, entitlement);
    const { ledger, network, maxOpen, heldTenants, now, newId, onAccepted, onExhausted } = this.#options;
    request.signal.throwIfAborted();
    const { orderingKey, callerCredential, mark } = request;
    const { claim, bodyHash } = mark;
    const undertaking = request.undertaking();
    const { submission, replayMark, orderingGroup, exclusiveAccount, cost } = undertaking;
    const id = newId();
    const at = now();
    const result = await ledger.accept({
      ...claim,
      idempotencyKey: claim.key,
      bodyHash,
      submission: { ...submission, id, network },
      callerCredential,
      replayMark,
      orderingGroup: orderingKey === "" ? orderingGroup : `given/${caller.tenant}/${orderingKey}`,
      exclusiveAccount,
      maxOpen,
      heldTenants: heldTenants(),
      budget: { user: caller.budgetUser, amounts: cost, limits: entitlement.budgets },
      audit: acceptedEvent(caller, entitlement.policyVersion, request, undertaking, id, at),
      at,
    });
    if (result.outcome === "accepted") onAccepted(result.submission, caller, result.budget);
    if (result.outcome === "accepted" || result.outcome === "repeated") return result.submission;
    if (result.outcome === "budget-exhausted") onExhausted(caller, result.level);
    throw notAccepted(result, at);
  }
}

/** Whether a promise that does not reject takes its time. */
function isLate(promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LATE_MS, true);
    void promise.then(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function isOutage(error: unknown): boolean {
  if (error instanceof DomainError) return error.reason === ErrorReason.CHAIN_UNAVAILABLE;
  return error instanceof LedgerUnavailableError;
}

/** What a settled promise was fulfilled with; throws what it was rejected with. */
function fulfilled<T>(result: PromiseSettledResult<T> | undefined): T {
  if (result?.status === "fulfilled") return result.value;
  throw result?.reason;
}
