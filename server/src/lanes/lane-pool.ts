import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@countersign/service-kit";
import type { Lane, LaneId, LaneKey as LedgerLaneKey } from "../ledger/ledger.ts";
import { LaneKeeper, type LaneKeeperOptions } from "./lane-keeper.ts";
import {
  configuredKeys,
  type HeldKey,
  isRetired,
  type KeyUse,
  keyUse,
  laneKeys,
  type Relayer,
} from "./lane-keys.ts";
import type { LaneReport, LaneState } from "./lane-state.ts";
import type { LaneWorkerOptions } from "./lane-worker.ts";
import { LowBalances } from "./low-balances.ts";
import { RunningLanes } from "./running-lanes.ts";
import type { Holds } from "./unsigned-work.ts";
import { WorkDealer } from "./work-dealer.ts";

export type { HeldKey, Relayer } from "./lane-keys.ts";

export interface LanePoolOptions extends Omit<LaneKeeperOptions, "lane" | "worker"> {
  readonly network: string;
  readonly relayers: readonly Relayer[];
  /** The keys that the signer holds. */
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  /** Told when the keys cannot be had, or their lanes; it is tried again. */
  readonly onKeysFailed: (error: unknown) => void;
  /** Told when the signer signs with a key no more, or again. */
  readonly onKeyChanged: (change: { accountId: string; keyId: string; signs: boolean }) => void;
  /** Told when a lane does something else, or waits for something else. */
  readonly onLaneState: (change: LaneStateChange) => void;
  /** Told when the queue could not be looked at; it is looked at again. */
  readonly onQueueUnseen: (error: unknown) => void;
  readonly worker: Omit<
    LaneWorkerOptions,
    "token" | "key" | "network" | "holds" | "keyUse" | "lowBalances" | "onRoom"
  >;
  /** Tenants whose submissions stay unclaimed for now. */
  readonly heldTenants: () => readonly string[];
  /** What an operator wants left alone for now, as the lane of a public key sees it. */
  readonly holdsOf: (publicKey: string) => Holds;
}

/** A lane that does something else, or waits for something else. */
export interface LaneStateChange extends Pick<LaneReport, "accountId" | "keyId"> {
  readonly from: LaneState;
  readonly to: LaneState;
}

/** How often it is looked what the lanes do, in milliseconds. */
const REPORT_MS = 250;
/** Pause before the signer is asked again for its keys, in milliseconds: while one of them does not sign, */
const ASK_MS = 1_000;
/** and, while all do, so many times as long. A key that signs no more shows first when it is to sign. */
const ASK_ALL_SIGN = 5;

/**
 * All lanes of this relay: one for each configured key, and for each key with a relayer's prefix as they come and go. The
 * lane of a key with which the signer does not sign for now follows what is signed to its end, and gives back what is not;
 * one whose key is gone for good does so too, and ends when nothing of it is open on any replica.
 */
export class LanePool {
  readonly #options: LanePoolOptions;
  readonly #lanes: RunningLanes;
  readonly #dealer: WorkDealer;
  readonly #lowBalances: LowBalances;
  /** Set while it runs. */
  #running: AbortSignal | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  /** The configured keys as the signer first showed them. */
  #configured: readonly LedgerLaneKey[] | undefined;
  /** Lanes of keys that have been seen, by public key. */
  readonly #known = new Map<string, Lane>();
  #uses: ReadonlyMap<LaneId, KeyUse> = new Map();
  /** What each lane did when it was looked at last. */
  #states: ReadonlyMap<LaneId, LaneState> = new Map();

  constructor(options: LanePoolOptions) {
    const { ledger, network, heldTenants, onQueueUnseen, now } = options;
    this.#options = options;
    this.#lowBalances = new LowBalances(now);
    this.#lanes = new RunningLanes((lane) => this.#keeperOf(lane));
    this.#dealer = new WorkDealer({
      lanes: () => this.#lanes.keepers.flatMap(({ dealt }) => dealt ?? []),
      waiting: (query) => ledger.waiting({ network, heldTenants: heldTenants(), ...query }),
      onFailed: onQueueUnseen,
    });
  }

  /** The accounts that sign and pay, with the public keys that are known so far. */
  relayers(): { accountId: string; publicKeys: string[] }[] {
    const lanes = this.#lanes.all.map(({ lane }) => lane);
    return this.#options.relayers.map(({ accountId }) => ({
      accountId,
      publicKeys: lanes.filter((lane) => lane.accountId === accountId).map(({ publicKey }) => publicKey),
    }));
  }

  /** How many lanes there are, and how many of them this process holds now. */
  count(): { lanes: number; held: number } {
    const { keepers } = this.#lanes;
    return { lanes: keepers.length, held: keepers.filter(({ holds }) => holds).length };
  }

  /** How each lane does. */
  reports(): LaneReport[] {
    return this.#lanes.keepers.map(({ report }) => report);
  }

  /** Tells the lanes that a submission was accepted. */
  wake(): void {
    this.#dealer.wake();
  }

  /**
   * Asks the signer for its keys at once, and begins and ends lanes accordingly. Does nothing unless it runs. Rejects when
   * the keys, or their lanes, cannot be had.
   */
  refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#refresh());
    this.#refreshing = refreshed.catch(() => undefined);
    return refreshed;
  }

  /** Runs all lanes until `signal` aborts and their leases are given back. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = signal;
    signal.addEventListener("abort", () => void this.#lanes.stopAll(), { once: true });
    while (!signal.aborted) {
      try {
        await this.refresh();
        break;
      } catch (error) {
        if (!signal.aborted) this.#options.onKeysFailed(error);
      }
      await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all([this.#watchKeys(signal), this.#watchStates(signal), this.#dealer.run(signal)]);
    await this.#lanes.stopAll();
  }

  async #watchStates(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const states = new Map<LaneId, LaneState>();
      for (const { lane, keeper } of this.#lanes.all) {
        const { accountId, keyId, state } = keeper.report;
        const before = this.#states.get(lane.id) ?? "standby";
        if (before !== state) this.#options.onLaneState({ accountId, keyId, from: before, to: state });
        states.set(lane.id, state);
      }
      this.#states = states;
      await delay(REPORT_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #watchKeys(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (let pauses = 0; pauses === 0 || (pauses < ASK_ALL_SIGN && this.#allSign); pauses++) {
        await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
      }
      // While the signer does not answer, what it said last holds: a key that was paused shows when it is to sign.
      await this.refresh().catch((error: unknown) => {
        if (!signal.aborted && !(error instanceof DomainError)) this.#options.onKeysFailed(error);
      });
    }
  }

  /** Whether all keys sign, as the signer said and as it does. */
  get #allSign(): boolean {
    return (
      [...this.#uses.values()].every((use) => use === "signs") &&
      this.reports().every(({ state }) => state !== "waiting-signer")
    );
  }

  async #refresh(): Promise<void> {
    const { network, relayers, listKeys, ledger, onKeyChanged } = this.#options;
    const running = this.#running;
    if (running === undefined || running.aborted) return;
    const held = await listKeys(running);
    if (this.#configured === undefined) {
      this.#configured = configuredKeys(network, relayers, held);
      for (const key of this.#configured) if (isRetired(key, held)) onKeyChanged({ ...key, signs: false });
    }
    const own = await this.#lanesOf(laneKeys(network, relayers, this.#configured, held));
    const accountIds = relayers.map(({ accountId }) => accountId);
    // Also of keys that are gone: what a process left behind that has stopped is followed to its end.
    const open = await ledger.lanesWithWork(network, accountIds);
    if (running.aborted) return;
    await this.#setLanes(own, open, held);
  }

  async #lanesOf(keys: readonly LedgerLaneKey[]): Promise<Lane[]> {
    const fresh = keys.filter(({ publicKey, keyId }) => this.#known.get(publicKey)?.keyId !== keyId);
    for (const lane of await this.#options.ledger.ensureLanes(fresh)) this.#known.set(lane.publicKey, lane);
    return keys.flatMap(({ publicKey }) => this.#known.get(publicKey) ?? []);
  }

  async #setLanes(own: readonly Lane[], open: readonly Lane[], held: readonly HeldKey[]): Promise<void> {
    const ids = new Set(own.map(({ id }) => id));
    const lanes = new Map([...open, ...own].map((lane) => [lane.id, lane]));
    // Also one whose key has another name at the signer by now: it begins anew the next time.
    const over = this.#lanes.all
      .map(({ lane }) => lane)
      .filter(({ id, keyId }) => lanes.get(id)?.keyId !== keyId);
    this.#noteUses(
      [...lanes.values(), ...over].map((lane) => ({ lane, use: keyUse(lane, ids.has(lane.id), held) })),
    );
    for (const lane of [...own, ...open]) this.#lanes.start(lane);
    // What one claims while it is stopped shows as open the next time.
    await Promise.all(over.map(({ id }) => this.#lanes.stop(id)));
  }

  #noteUses(uses: readonly { readonly lane: Lane; readonly use: KeyUse }[]): void {
    const before = this.#uses;
    this.#uses = new Map(uses.map(({ lane, use }) => [lane.id, use]));
    for (const { lane, use } of uses) {
      const { accountId, keyId, id } = lane;
      const was = before.get(id) ?? "signs";
      if (use === was) continue;
      const signs = use === "signs";
      if (signs !== (was === "signs")) this.#options.onKeyChanged({ accountId, keyId, signs });
      for (const keeper of this.#lanes.keepers) keeper.wake();
      this.wake();
    }
  }

  #keeperOf(lane: Lane): LaneKeeper {
    const { network, worker, holdsOf } = this.#options;
    return new LaneKeeper({
      ...this.#options,
      lane,
      worker: {
        ...worker,
        network,
        key: lane,
        holds: () => holdsOf(lane.publicKey),
        keyUse: () => this.#uses.get(lane.id) ?? "waits",
        lowBalances: this.#lowBalances,
        onRoom: () => this.#dealer.freed(),
      },
    });
  }
}
