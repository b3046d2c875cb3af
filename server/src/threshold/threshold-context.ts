import type { Caller } from "../access/caller.ts";
import type { Refusal } from "../rules/rule.ts";
import type { SignInSettings, Users } from "../session/ports.ts";
import type { ThresholdSigner } from "../signer-client/threshold-signer.ts";

/** What the handlers of threshold signing work with. */
export interface ThresholdContext {
  /** Whether this relay has threshold keys at all. */
  readonly enabled: boolean;
  readonly network: string;
  /** Endings of account names that belong to another network. */
  readonly foreignSuffixes: readonly string[];
  readonly signer: ThresholdSigner;
  /** The longest that the signer is waited for, in milliseconds. */
  readonly signerTimeoutMs: number;
  /** The users who sign in at this relay; undefined when nobody does, and end users are only names. */
  readonly users: Pick<Users, "mergedUsers" | "passkey"> | undefined;
  readonly signIn: (tenant: string) => SignInSettings | undefined;
  /** Why a caller that was let in may have nothing done any more; undefined when it may. */
  readonly withdrawal: (caller: Caller, method: string) => Refusal | undefined;
}
