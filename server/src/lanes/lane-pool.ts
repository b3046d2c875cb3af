import { setTimeout as delay } from "node:timers/promises";
import type { LaneKey as LedgerLaneKey } from "../ledger/ledger.ts";
import { LaneKeeper, type LaneKeeperOptions } from "./lane-keeper.ts";
import type { LaneReport, LaneState } from "./lane-state.ts";
import type { LaneWorkerOptions } from "./lane-worker.ts";
import { LowBalances } from "./low-balances.ts";
import type { Holds } from "./unsigned-work.ts";
import { WorkDealer } from "./work-dealer.ts";

/** A relayer's account and the signer's ids of the keys that it may use. */
export interface Relayer {
  readonly accountId: string;
  readonly keyIds: readonly string[];
}

/** A key that the signer holds. */
export interface HeldKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  /** Whether the signer signs with it now. */
  readonly signs: boolean;
}

export interface LanePoolOptions extends Omit<LaneKeeperOptions, "lane" | "worker"> {
  readonly network: string;
  readonly relayers: readonly Relayer[];
  /** The keys that the signer holds. */
  readonly listKeys: (signal: AbortSignal) => Promise<readonly HeldKey[]>;
  /** Told when the keys cannot be had; it is tried again. */
  readonly onKeysFailed: (error: unknown) => void;
  /** Told when the signer signs with a key no more, or again. */
  readonly onKeyChanged: (change: { accountId: string; keyId: string; signs: boolean }) => void;
  /** Told when a lane does something else, or waits for something else. */
  readonly onLaneState: (change: LaneStateChange) => void;
  /** Told when the queue could not be looked at; it is looked at again. */
  readonly onQueueUnseen: (error: unknown) => void;
  readonly worker: Omit<
    LaneWorkerOptions,
    "token" | "key" | "network" | "holds" | "keySigns" | "lowBalances" | "onRoom"
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
/** and while all do. A key that signs no more shows first when it is to sign. */
const ASK_ALL_SIGN_MS = 5_000;

/** A configured key that the signer does not hold, or holds for another account or network. */
export class RelayerKeyError extends Error {
  override readonly name = "RelayerKeyError";
}

/**
 * All lanes of this relay: one for each configured key. The lane of a key with which the signer does not sign for now
 * follows what is signed to its end, and gives back what is not.
 */
export class LanePool {
  readonly #options: LanePoolOptions;
  #keepers: LaneKeeper[] = [];
  #keys: readonly LedgerLaneKey[] = [];
  /** Ids of the keys with which the signer signs, once it was asked. */
  #signing: ReadonlySet<string> | undefined;
  readonly #dealer: WorkDealer;
  readonly #lowBalances: LowBalances;
  /** What each lane did when it was looked at last, in their order. */
  #states: readonly LaneState[] = [];

  constructor(options: LanePoolOptions) {
    const { ledger, network, heldTenants, onQueueUnseen, now } = options;
    this.#options = options;
    this.#lowBalances = new LowBalances(now);
    this.#dealer = new WorkDealer({
      lanes: () => this.#keepers.flatMap(({ dealt }) => dealt ?? []),
      waiting: ({ limit }) => ledger.waiting({ network, heldTenants: heldTenants(), limit }),
      onFailed: onQueueUnseen,
    });
  }

  /** The accounts that sign and pay, with the public keys that are known so far. */
  relayers(): { accountId: string; publicKeys: string[] }[] {
    return this.#options.relayers.map(({ accountId }) => ({
      accountId,
      publicKeys: this.#keys.filter((key) => key.accountId === accountId).map((key) => key.publicKey),
    }));
  }

  /** How many lanes there are, and how many of them this process holds now. */
  count(): { lanes: number; held: number } {
    return { lanes: this.#keepers.length, held: this.#keepers.filter((keeper) => keeper.holds).length };
  }

  /** How each lane does. */
  reports(): LaneReport[] {
    return this.#keepers.map(({ report }) => report);
  }

  /** Tells the lanes that a submission was accepted. */
  wake(): void {
    this.#dealer.wake();
  }

  /** Runs all lanes until `signal` aborts and their leases are given back. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#start(signal);
        break;
      } catch (error) {
        if (!signal.aborted) this.#options.onKeysFailed(error);
      }
      await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all([
      this.#watchKeys(signal),
      this.#watchStates(signal),
      this.#dealer.run(signal),
      ...this.#keepers.map((keeper) => keeper.run(signal)),
    ]);
  }

  async #watchStates(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reports = this.reports();
      for (const [i, { accountId, keyId, state }] of reports.entries()) {
        const before = this.#states[i] ?? "standby";
        if (before !== state) this.#options.onLaneState({ accountId, keyId, from: before, to: state });
      }
      this.#states = reports.map(({ state }) => state);
      await delay(REPORT_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #watchKeys(signal: AbortSignal): Promise<void> {
    for (;;) {
      const allSign = this.#keys.every(({ keyId }) => this.#signing?.has(keyId));
      await delay(allSign ? ASK_ALL_SIGN_MS : ASK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // While the signer does not answer, what it said last holds: a key that was paused shows when it is to sign.
      const held = await this.#options.listKeys(signal).catch(() => undefined);
      if (held !== undefined) this.#noteSigning(held);
    }
  }

  #noteSigning(held: readonly HeldKey[]): void {
    const before = this.#signing;
    const signing = this.#keys.filter((key) => held.some((one) => one.signs && isSameKey(key, one)));
    this.#signing = new Set(signing.map(({ keyId }) => keyId));
    for (const { accountId, keyId } of this.#keys) {
      const signs = this.#signing.has(keyId);
      if (signs === (before?.has(keyId) ?? true)) continue;
      this.#options.onKeyChanged({ accountId, keyId, signs });
      for (const keeper of this.#keepers) keeper.wake();
      this.wake();
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { network, relayers, listKeys, ledger, worker, holdsOf } = this.#options;
    const held = await listKeys(signal);
    const keys = configuredKeys(network, relayers, held);
    const lanes = await ledger.ensureLanes(keys);
    this.#keys = keys;
    this.#noteSigning(held);
    this.#keepers = lanes.map((lane) => {
      const holds = () => holdsOf(lane.publicKey);
      const keySigns = () => this.#signing?.has(lane.keyId) === true;
      const onRoom = () => this.#dealer.freed();
      const lowBalances = this.#lowBalances;
      return new LaneKeeper({
        ...this.#options,
        lane,
        worker: { ...worker, network, key: lane, holds, keySigns, lowBalances, onRoom },
      });
    });
  }
}

/** Whether the signer still shows a key as what it was when its lane began. */
function isSameKey(key: LedgerLaneKey, held: HeldKey): boolean {
  const { network, accountId, keyId, publicKey } = held;
  return (
    keyId === key.keyId &&
    network === key.network &&
    accountId === key.accountId &&
    publicKey === key.publicKey
  );
}

/** The configured keys as the signer holds them. Throws RelayerKeyError for one that it does not hold. */
function configuredKeys(
  network: string,
  relayers: readonly Relayer[],
  held: readonly HeldKey[],
): LedgerLaneKey[] {
  return relayers.flatMap(({ accountId, keyIds }) =>
    keyIds.map((keyId) => {
      const key = held.find((k) => k.keyId === keyId);
      if (key === undefined) throw new RelayerKeyError(`the signer holds no key "${keyId}"`);
      if (key.network !== network || key.accountId !== accountId) {
        throw new RelayerKeyError(
          `the signer holds key "${keyId}" for ${key.accountId} on ${key.network}, not for ${accountId} on ${network}`,
        );
      }
      return { network, accountId, keyId, publicKey: key.publicKey };
    }),
  );
}
