/** Where a signer can be killed with kill -9, in the order in which calls pass them, and where a relay can. */
export const ATTACK_POINTS = [
  "before takeUses commits",
  "after takeUses committed",
  "before openSigning",
  "before openSigning commits",
  "after openSigning committed",
  "after openSigning",
  "before finishSigning",
  "before finishSigning commits",
  "after finishSigning committed",
  "after finishSigning",
  "before burnSigning commits",
  "after burnSigning committed",
  "while it answers",
  "from outside, while calls run",
  "from outside, while it starts",
  "the relay, while it answers",
  "the relay, while calls run",
] as const;
export type AttackPoint = (typeof ATTACK_POINTS)[number];

/** The signer's rounds, or ones that are broken in a way that the checks must find. */
export type RoundsKind = "real" | "repeats nonces" | "forgets what is finished" | "answers to burnt runs";

/** What a signer in its own process is told at its start. */
export interface SignerPlan {
  readonly config: string;
  /** A `RoundsKind`, or what else its program knows. */
  readonly rounds: string;
}

/** What a relay in its own process is told at its start. */
export interface RelayPlan {
  /** Its settings by path. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** What a process tells when it takes calls. */
export interface Serves {
  readonly serves: string;
}
