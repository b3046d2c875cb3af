import { randomBytes } from "node:crypto";
import type { FundingState } from "../balance/balance-breaker.ts";
import type { RelayConfig } from "../config/config.ts";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { LaneReport } from "../lanes/lane-state.ts";
import type { ChainReads } from "../lanes/never-lands.ts";
import type { KeyOperation, Ledger } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import type { Directory } from "../tenant/directory.ts";
import { heldTenants } from "../tenant/pauses.ts";
import { beginOperation, type OperationRequest } from "./begin-operation.ts";
import { chainKeys } from "./chain-keys.ts";
import { type KeyPoolDesk, keyPoolDesk } from "./key-pool-desk.ts";
import { OperationRunner } from "./operation-runner.ts";
import type { PoolAccount } from "./pool-settings.ts";
import { PoolSizer } from "./pool-sizer.ts";
import type { KeyChanges, PoolSigner } from "./ports.ts";

export interface KeyPoolsOptions {
  readonly config: Pick<RelayConfig, "network" | "relayers" | "lanes">;
  readonly ledger: Ledger;
  readonly signer: PoolSigner;
  /** All keys that the signer holds. Throws SIGNER_UNAVAILABLE. */
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  readonly changes: KeyChanges;
  readonly chain: Pick<ChainReads, "views" | "endpointCount">;
  readonly lanes: { reports(): readonly LaneReport[]; refresh(): Promise<void> };
  /** Rejects while the chain stands still or does not answer: only whoever looks sees it. */
  readonly head: { get(): Promise<unknown> };
  readonly balance: { readonly state: FundingState };
  readonly directory: Pick<Directory, "pauses">;
  readonly events: Events;
  readonly now: () => Date;
}

/** Making and giving up the relayers' keys while the relay runs. */
export interface KeyPools {
  readonly desk: KeyPoolDesk;
  /** What the gauges show. */
  readonly gauges: {
    /** Keys of the relayers' accounts, as the signer showed them last; undefined while it gives no answer. */
    keys(): readonly HeldKey[] | undefined;
    openOperations(): Promise<KeyOperation[]>;
  };
  /** Drives operations, and begins them where pools are sized by themselves, until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<unknown>;
}

export function openKeyPools(options: KeyPoolsOptions): KeyPools {
  const { config, ledger, lanes, chain, head, balance, directory } = options;
  const { network } = config;
  const accounts = config.relayers.map(poolAccount);
  const runner = new OperationRunner({
    ...options,
    network,
    chain: chainKeys(chain),
    refreshLanes: () => lanes.refresh(),
  });
  const shared = { ...options, network, accounts, laneReports: () => lanes.reports() };
  const beginning = { ...shared, randomBytes, onStarted: () => runner.wake() };
  const desk = keyPoolDesk(beginning);
  const sizer = new PoolSizer({
    ...shared,
    window: config.lanes.window,
    isHindered: async () =>
      balance.state !== "OPEN" ||
      directory.pauses.some(({ level }) => level === "RELAY") ||
      head.get().then(
        () => false,
        () => true,
      ),
    heldTenants: () => heldTenants(directory.pauses),
    begin: (request: OperationRequest, signal) => beginOperation(beginning, request, signal),
    cancel: desk.cancel,
  });
  return {
    desk,
    gauges: {
      keys: () =>
        sizer.held?.filter(
          (key) => key.network === network && accounts.some(({ accountId }) => accountId === key.accountId),
        ),
      openOperations: () => ledger.openKeyOperations(network),
    },
    run: (signal) => Promise.all([runner.run(signal), sizer.run(signal)]),
  };
}

function poolAccount({ accountId, pool }: RelayConfig["relayers"][number]): PoolAccount {
  if (pool === undefined) return { accountId, pool };
  const { keyIdPrefix, minKeys, maxKeys, growAfterMs, shrinkAfterMs } = pool;
  const sizing =
    minKeys === undefined || maxKeys === undefined
      ? undefined
      : { minKeys, maxKeys, growAfterMs, shrinkAfterMs };
  return { accountId, pool: { keyIdPrefix, sizing } };
}
