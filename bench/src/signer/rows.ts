import type { EngineName } from "../shared/ledgers.ts";
import type { Kind } from "./calls.ts";

/** Where the key is that signs. */
export type Place = "keystore" | "pkcs11";

/** One row of the table: what is asked of the signer, and how. */
export interface Row {
  readonly store: EngineName;
  readonly place: Place;
  readonly kind: Kind;
  /** Transactions of a call. */
  readonly size: number;
  /** Calls at a time. */
  readonly inFlight: number;
  /** Calls of one round. */
  readonly calls: number;
}

/** Of a call, the most that the contract takes. */
const BATCH = { size: 64, inFlight: 8, calls: 160 };
const SINGLE = { size: 1, inFlight: 128, calls: 4_000 };
const ONE_BY_ONE = { size: 1, inFlight: 1, calls: 1_000 };

export const BATCHED: Row = { store: "sqlite", place: "keystore", kind: "transfers", ...BATCH };
export const UNBATCHED: Row = { store: "sqlite", place: "keystore", kind: "transfers", ...SINGLE };
export const TOKEN_BATCHED: Row = { store: "sqlite", place: "pkcs11", kind: "transfers", ...BATCH };

export const ROWS: readonly Row[] = [
  BATCHED,
  UNBATCHED,
  { store: "sqlite", place: "keystore", kind: "transfers", ...ONE_BY_ONE },
  { store: "sqlite", place: "keystore", kind: "delegates", ...BATCH },
  { store: "sqlite", place: "keystore", kind: "delegates", ...SINGLE },
  TOKEN_BATCHED,
  { store: "sqlite", place: "pkcs11", kind: "transfers", ...SINGLE },
  { store: "postgres", place: "keystore", kind: "transfers", ...BATCH },
  { store: "postgres", place: "keystore", kind: "transfers", ...SINGLE },
];
