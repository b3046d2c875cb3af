/** Where a signer can be killed with kill -9, in the order in which calls pass them, and where a relay can. */
export const ECDSA_POINTS = [
  "before openPresign commits",
  "after openPresign committed",
  "before stepPresign commits",
  "after stepPresign committed",
  "after stepPresign",
  "before finishPresign commits",
  "after finishPresign committed",
  "after finishPresign",
  "before abortPresign commits",
  "after abortPresign committed",
  "before reserve commits",
  "after reserve committed",
  "after reserve",
  "before finishEcdsaSigning",
  "before finishEcdsaSigning commits",
  "after finishEcdsaSigning committed",
  "after finishEcdsaSigning",
  "while it answers",
  "from outside, while calls run",
  "from outside, while it starts",
  "the relay, while it answers",
] as const;
export type EcdsaPoint = (typeof ECDSA_POINTS)[number];

/** The signer's store, or one that is broken in a way that the checks must find. */
export type EcdsaRounds = "real" | "reserves twice";
