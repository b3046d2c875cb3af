import { setTimeout as delay } from "node:timers/promises";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { LaneReport } from "../lanes/lane-state.ts";
import { LedgerUnavailableError } from "../ledger/errors.ts";
import type { KeyOperation, KeyOperationStore, Ledger } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import type { OperationRequest } from "./begin-operation.ts";
import type { KeyPoolDesk } from "./key-pool-desk.ts";
import type { PoolAccount, PoolSettings, Sizing } from "./pool-settings.ts";
import { type PoolLook, type Trend, trendAfter, wishFor } from "./sizing.ts";

/** How often pools are looked at, in milliseconds. */
const LOOK_MS = 2_000;
/** For how long nothing is begun by itself after an operation of the account was cancelled, in milliseconds. */
const AFTER_CANCEL_MS = 600_000;
/** After how long an addition of its own is given up for which the signer makes no key, in milliseconds. */
const GIVE_UP_MS = 900_000;
/** More operations than are begun on an account meanwhile. */
const RECENT = 50;
const DAY_MS = 86_400_000;
/**
 * After so many additions of its own within a day, or `maxKeys` where that is more, it has the fewest keys and does no
 * more. An HSM keeps every key, and a signer makes twice as many within a day: half of them are left to operators.
 */
const MOST_PER_DAY = 16;

export interface PoolSizerOptions {
  readonly network: string;
  readonly accounts: readonly PoolAccount[];
  readonly ledger: Pick<KeyOperationStore, "openKeyOperations" | "listKeyOperations"> &
    Pick<Ledger, "stats" | "waiting">;
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  readonly laneReports: () => readonly LaneReport[];
  /** Most transactions of one lane that may be sent and not known to stand in a block. */
  readonly window: number;
  /** Whether the chain stands still or does not answer, the relay is paused, or funds are low. */
  readonly isHindered: () => Promise<boolean>;
  /** Tenants whose submissions stay unclaimed for now. */
  readonly heldTenants: () => readonly string[];
  readonly begin: (request: OperationRequest, signal: AbortSignal) => Promise<unknown>;
  readonly cancel: KeyPoolDesk["cancel"];
  readonly events: Pick<Events, "ledgerUnavailable" | "keyPoolNotSized">;
  readonly now: () => Date;
}

/**
 * Adds and drains the relay's own keys between the bounds of the configuration. It goes by what all replicas see, and begins
 * nothing while an operation runs, so that of several replicas one begins.
 */
export class PoolSizer {
  readonly #options: PoolSizerOptions;
  readonly #trends = new Map<string, Trend>();
  #held: readonly HeldKey[] | undefined;

  constructor(options: PoolSizerOptions) {
    this.#options = options;
  }

  /** The keys that the signer held when it was asked last; undefined when it gave no answer. */
  get held(): readonly HeldKey[] | undefined {
    return this.#held;
  }

  /** Until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Looks once at every pool. Never throws. */
  async look(signal: AbortSignal): Promise<void> {
    // Failed calls to the signer are told of where they are made.
    this.#held = await this.#options.listKeys(signal).catch(() => undefined);
    for (const { accountId, pool } of this.#options.accounts) {
      if (pool?.sizing === undefined || this.#held === undefined) continue;
      try {
        await this.#size(accountId, pool, pool.sizing, this.#held, signal);
      } catch (error) {
        this.#trends.delete(accountId);
        if (!signal.aborted) this.#tell(accountId, error);
      }
    }
  }

  async #size(
    accountId: string,
    pool: PoolSettings,
    sizing: NonNullable<PoolSettings["sizing"]>,
    held: readonly HeldKey[],
    signal: AbortSignal,
  ): Promise<void> {
    const { begin } = this.#options;
    if (await this.#mustWait(accountId)) {
      this.#trends.delete(accountId);
      return;
    }
    const look = await this.#lookAt(accountId, pool, held);
    const trend = trendAfter(this.#trends.get(accountId) ?? {}, look);
    this.#trends.set(accountId, trend);
    const wish = wishFor(sizing, look, trend);
    if (wish === undefined) return;
    this.#trends.delete(accountId);
    // Whoever makes work come and go would have keys made without end. A key less now could not be had back today.
    if (look.active >= sizing.minKeys && (await this.#hasAddedMany(accountId, sizing))) return;
    const { kind, reason } = wish;
    const oldKeyId = wish.kind === "DRAIN" ? wish.oldKeyId : "";
    await begin({ accountId, kind, oldKeyId, actor: "relay", reason }, signal);
  }

  /** While an operation runs, and for a while after one was cancelled, whatever an operator has begun since. */
  async #mustWait(accountId: string): Promise<boolean> {
    const { ledger, network, now } = this.#options;
    const last = await ledger.listKeyOperations(network, accountId, RECENT);
    const running = last.find(({ endedAt }) => endedAt === null);
    if (running !== undefined) {
      await this.#giveUp(running);
      return true;
    }
    const since = now().getTime() - AFTER_CANCEL_MS;
    return last.some(({ step, endedAt }) => step === "CANCELLED" && (endedAt?.getTime() ?? 0) > since);
  }

  /** What was begun for work that may be gone by now must not keep operators, and smaller pools, waiting for good. */
  async #giveUp({ id, kind, step, actor, problem, stepAt }: KeyOperation): Promise<void> {
    const { cancel, now } = this.#options;
    const isStuck = problem !== "" && now().getTime() - stepAt.getTime() > GIVE_UP_MS;
    if (actor !== "relay" || kind !== "ADD" || step !== "GENERATING" || !isStuck) return;
    await cancel(id, "relay", `no key was made: ${problem}`);
  }

  async #hasAddedMany(accountId: string, { maxKeys }: Sizing): Promise<boolean> {
    const { ledger, network, now } = this.#options;
    const most = Math.max(MOST_PER_DAY, maxKeys);
    const since = now().getTime() - DAY_MS;
    // Drains and what operators begin are among them.
    const last = await ledger.listKeyOperations(network, accountId, 4 * most);
    const own = last.filter(
      ({ kind, actor, createdAt }) => kind === "ADD" && actor === "relay" && createdAt.getTime() > since,
    );
    return own.length >= most;
  }

  async #lookAt(
    accountId: string,
    { keyIdPrefix }: PoolSettings,
    held: readonly HeldKey[],
  ): Promise<PoolLook> {
    const { network, ledger, laneReports, window, isHindered, heldTenants, now } = this.#options;
    const [{ openByState, oldestUnclaimedAt }, { accounts }] = await Promise.all([
      ledger.stats(),
      ledger.waiting({ network, accountIds: [accountId], heldTenants: heldTenants(), limit: 1 }),
    ]);
    const keys = held.filter((key) => key.network === network && key.accountId === accountId);
    const active = keys.filter(({ state }) => state === "ACTIVE");
    const own = active.filter(({ keyId, paused }) => !paused && keyId.startsWith(keyIdPrefix));
    const inTrouble = laneReports().some(
      (lane) =>
        lane.accountId === accountId &&
        active.some(({ keyId }) => keyId === lane.keyId) &&
        lane.state !== "active" &&
        lane.state !== "standby",
    );
    return {
      at: now().getTime(),
      active: active.length,
      pending: keys.filter(({ state }) => state === "PENDING").length,
      // Later operations name their keys so that they sort later.
      youngestOwn: own
        .map(({ keyId }) => keyId)
        .toSorted()
        .at(-1),
      claimable: accounts.some((account) => account === null || account === accountId),
      oldestUnclaimedAt: oldestUnclaimedAt?.getTime() ?? null,
      inFlight: (openByState.get("SIGNED") ?? 0) + (openByState.get("BROADCAST") ?? 0),
      window,
      explained: inTrouble || (await isHindered()),
    };
  }

  #tell(accountId: string, error: unknown): void {
    const { events } = this.#options;
    if (error instanceof LedgerUnavailableError) {
      events.ledgerUnavailable({ operation: "key-sizing", error });
    } else if (!isRunning(error)) {
      events.keyPoolNotSized({ accountId, error });
    }
  }
}

/** Somebody else began an operation at the same moment. */
function isRunning(error: unknown): boolean {
  return error instanceof DomainError && error.reason === ErrorReason.KEY_OPERATION_RUNNING;
}
