/** Where a signer can be killed with kill -9, in the order in which a call passes them. */
export const FAULT_POINTS = [
  "before reserve",
  "before reserve commits",
  "after reserve committed",
  "after reserve",
  "before the backend signs",
  "after the backend signed",
  "before record",
  "before record commits",
  "after record committed",
  "after record",
  "while it answers",
  "from outside, while calls run",
  "from outside, while it starts",
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** The signer's journal, or one that is broken in a way that the checks must find. */
export type JournalKind = "real" | "forgets at a kill" | "answers too early" | "keeps no signatures";

/** What a signer in its own process is told at its start. */
export interface Plan {
  /** Its configuration file. */
  readonly config: string;
  /** Where it writes down what it really signs. */
  readonly record: string;
  /** The key whose signatures are random: 32 bytes in hexadecimal digits. */
  readonly ecdsa: { readonly keyId: string; readonly secret: string };
  readonly network: string;
  readonly accountId: string;
  readonly journal: JournalKind;
}

/** Tells a running signer to kill itself when it passes the point for the so many-th time from now on. */
export interface ArmedFault<Point extends string = FaultPoint> {
  readonly point: Point;
  readonly passing: number;
}
