import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { LaneReport } from "../lanes/lane-state.ts";
import type { KeyOperation, KeyOperationStore } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import { type BeginContext, beginOperation, type OperationRequest } from "./begin-operation.ts";
import { cancelledEvent } from "./operation-audit.ts";
import type { Sizing } from "./pool-settings.ts";

/** A key of a pool, as the signer, the lanes and the ledger show it. */
export interface PoolKeyView extends HeldKey {
  /** What its lane does in this process; empty without one. */
  readonly lane: string;
  /** Submissions in its hands that are not at their end, on all replicas. */
  readonly openSubmissions: number;
}

export interface KeyPoolView {
  readonly accountId: string;
  /** Whether keys can be made and given up. */
  readonly managed: boolean;
  readonly sizing: Sizing | undefined;
  /** Without those that are retired. */
  readonly keys: readonly PoolKeyView[];
  readonly operation: KeyOperation | undefined;
}

/** What operators do with pools of keys. */
export interface KeyPoolDesk {
  /** Throws SIGNER_UNAVAILABLE and LEDGER_UNAVAILABLE. */
  pools(signal: AbortSignal): Promise<KeyPoolView[]>;
  /** As beginOperation. */
  start(request: OperationRequest, signal: AbortSignal): Promise<KeyOperation>;
  /** Throws KEY_OPERATION_NOT_FOUND. */
  find(id: string): Promise<KeyOperation>;
  /** Newest first. Throws KEY_POOL_NOT_FOUND for an account that is no relayer's. */
  list(accountId: string, limit: number): Promise<KeyOperation[]>;
  /** Ends it, unless it is at its end. Throws KEY_OPERATION_NOT_FOUND. */
  cancel(id: string, actor: string, reason: string): Promise<KeyOperation>;
}

export interface KeyPoolDeskOptions extends BeginContext {
  readonly ledger: KeyOperationStore;
  readonly events: Pick<Events, "keyOperationStarted" | "keyOperationMoved">;
  readonly laneReports: () => readonly LaneReport[];
}

export function keyPoolDesk(options: KeyPoolDeskOptions): KeyPoolDesk {
  const { network, accounts, ledger, listKeys, laneReports, events, now } = options;

  async function find(id: string): Promise<KeyOperation> {
    const found = await ledger.findKeyOperation(network, id);
    if (found !== undefined) return found;
    throw new DomainError(ErrorReason.KEY_OPERATION_NOT_FOUND, `there is no operation ${id}`);
  }

  return {
    async pools(signal) {
      const [held, open] = await Promise.all([listKeys(signal), ledger.openKeyOperations(network)]);
      const lanes = laneReports();
      return Promise.all(
        accounts.map(async ({ accountId, pool }): Promise<KeyPoolView> => {
          const openByKey = await ledger.openByKey(network, accountId);
          const keys = held
            .filter(
              (key) => key.network === network && key.accountId === accountId && key.state !== "RETIRED",
            )
            .toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))
            .map((key) => ({
              ...key,
              lane:
                lanes.find((lane) => lane.accountId === accountId && lane.keyId === key.keyId)?.state ?? "",
              openSubmissions: openByKey.get(key.publicKey) ?? 0,
            }));
          const operation = open.find((one) => one.accountId === accountId);
          return { accountId, managed: pool !== undefined, sizing: pool?.sizing, keys, operation };
        }),
      );
    },

    start: (request, signal) => beginOperation(options, request, signal),
    find,

    async list(accountId, limit) {
      if (!accounts.some((account) => account.accountId === accountId)) {
        throw new DomainError(ErrorReason.KEY_POOL_NOT_FOUND, `${accountId} is no relayer's account`);
      }
      return ledger.listKeyOperations(network, accountId, limit);
    },

    async cancel(id, actor, reason) {
      for (;;) {
        const seen = await find(id);
        if (seen.endedAt !== null) return seen;
        const at = now();
        const cancelled = await ledger.changeKeyOperation(
          seen,
          { step: "CANCELLED", stepAt: at, endedAt: at },
          cancelledEvent(seen, actor, reason, at),
        );
        // Undefined when a step was done meanwhile.
        if (cancelled === undefined) continue;
        const { accountId, kind } = seen;
        events.keyOperationMoved({ operationId: id, accountId, kind, from: seen.step, to: "CANCELLED" });
        return cancelled;
      }
    },
  };
}
