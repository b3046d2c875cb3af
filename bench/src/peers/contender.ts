import type { DevnetAdmin } from "../relay/devnet-admin.ts";
import type { PreSigned } from "../relay/wallets.ts";

/** What a relay said of a delegate in the end: that it was executed, that it failed, or that it does not know yet. */
export type Answer =
  | { readonly kind: "succeeded" | "unknown" }
  | { readonly kind: "failed"; readonly why: string };

/** A relay under measurement, with a devnet of its own. */
export interface Contender {
  readonly admin: DevnetAdmin;
  /** Of all its processes, its devnet's too. */
  pids(): readonly number[];
  /** Submits a delegate and waits for the relay's last word. Throws what `signal` is aborted with. */
  submit(delegate: PreSigned, signal: AbortSignal): Promise<Answer>;
  /** Nothing is under way any more when this is done: finished, or given up for good. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface ContenderOptions {
  /** An existing one, for its files alone. */
  readonly folder: string;
  readonly wallets: readonly PreSigned[];
  readonly endpoints: number;
  /** Of the chain when it is measured. */
  readonly latencyMs: number;
  readonly logLevel: string;
}

/** By the name that the table shows. */
export interface NamedContender {
  readonly name: string;
  start(options: ContenderOptions): Promise<Contender>;
}
