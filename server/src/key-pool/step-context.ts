import type { HeldKey } from "../lanes/lane-pool.ts";
import type { KeyOperationStore } from "../ledger/ledger.ts";
import type { ChainKeys } from "./chain-keys.ts";
import type { KeyChanges, PoolSigner } from "./ports.ts";

/** What the steps work with. */
export interface StepContext {
  readonly signer: PoolSigner;
  /** All keys that the signer holds. Throws SIGNER_UNAVAILABLE. */
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  readonly changes: KeyChanges;
  readonly chain: ChainKeys;
  readonly ledger: Pick<KeyOperationStore, "openByKey" | "openKeyChange">;
  /** Has the lanes follow what the signer's list shows now, not only when they look next. */
  readonly refreshLanes: () => Promise<void>;
  readonly now: () => Date;
}
