import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Availability } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import type { Secret } from "@countersign/service-kit";
import type { Caller } from "../access/caller.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { NearTransactions } from "../near/transactions.ts";
import type { AccountCreation } from "../rules/account-rules.ts";
import type { DelegateLimits } from "../rules/delegate-byte-rules.ts";
import type { ExpiryWindow } from "../rules/delegate-chain-rules.ts";
import type { DelegateSubject } from "../rules/delegate-subject.ts";
import type { Refusal, Rule } from "../rules/rule.ts";
import type { Changes } from "../tx/changes.ts";
import type { Entitlement, Intake } from "../tx/intake.ts";

/** What the handlers of RelayService work with. */
export interface RelayContext {
  readonly network: string;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly changes: Changes;
  readonly transactions: NearTransactions;
  readonly delegateRules: readonly Rule<DelegateSubject>[];
  readonly entitlementOf: (caller: Caller) => Entitlement;
  /** Why an operator's pause refuses a method to a tenant; undefined when none does. */
  readonly pauseRefusal: (tenant: string, method: string) => Refusal | undefined;
  readonly availability: () => Availability;
  /** The caller's token, where the signer is to get it; null where not. */
  readonly callerCredential: (headers: Headers) => Secret<string> | null;
  /** Told of each delegate that a call of several was refused. */
  readonly onRefusedDelegate: (
    caller: Caller,
    method: string,
    reason: ErrorReason,
    requestId: string,
  ) => void;
  readonly now: () => Date;
  readonly limits: RelayLimits;
  readonly accountCreation: AccountCreation | undefined;
  /** The accounts that sign and pay, with the public keys of their lanes. */
  readonly relayers: () => readonly { accountId: string; publicKeys: string[] }[];
}

/** The limits that GetRelayInfo tells of. */
export interface RelayLimits extends DelegateLimits, ExpiryWindow {
  readonly defaultDeadlineMs: number;
  readonly maxDeadlineMs: number;
}
