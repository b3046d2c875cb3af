import type { LaneKey } from "../ledger/ledger.ts";

/** A relayer's account and the signer's ids of the keys that it may use. */
export interface Relayer {
  readonly accountId: string;
  readonly keyIds: readonly string[];
  /** Keys of the account whose ids begin so are used too, as they come and go; undefined for none. */
  readonly keyIdPrefix?: string | undefined;
}

/** A key that the signer holds. */
export interface HeldKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly state: "PENDING" | "ACTIVE" | "DRAINED" | "RETIRED";
  /** Whether an operator has paused it at the signer. */
  readonly paused: boolean;
  /** Whether the signer signs with it now: it is active and not paused. */
  readonly signs: boolean;
}

/**
 * What a lane's key is good for: "signs"; "waits", it signs nothing for now; "over", it signs nothing new for good, and
 * what has no transaction that can land is for other lanes.
 */
export type KeyUse = "signs" | "waits" | "over";

/** A configured key that the signer does not hold, or holds for another account or network. */
export class RelayerKeyError extends Error {
  override readonly name = "RelayerKeyError";
}

/** The configured keys as the signer holds them, in whatever state. Throws RelayerKeyError for one that it does not hold. */
export function configuredKeys(
  network: string,
  relayers: readonly Relayer[],
  held: readonly HeldKey[],
): LaneKey[] {
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

/**
 * The keys that have lanes now: the configured ones, as they were at the start, until they are retired, and those with a
 * relayer's prefix that are active or drained.
 */
export function laneKeys(
  network: string,
  relayers: readonly Relayer[],
  configured: readonly LaneKey[],
  held: readonly HeldKey[],
): LaneKey[] {
  const fixed = configured.filter((key) => !isRetired(key, held));
  const pooled = relayers.flatMap(({ accountId, keyIdPrefix: prefix }) =>
    held.filter(
      (key) =>
        prefix !== undefined &&
        key.keyId.startsWith(prefix) &&
        key.network === network &&
        key.accountId === accountId &&
        (key.state === "ACTIVE" || key.state === "DRAINED") &&
        !configured.some(({ keyId }) => keyId === key.keyId),
    ),
  );
  return [
    ...fixed,
    ...pooled.map(({ accountId, keyId, publicKey }) => ({ network, accountId, keyId, publicKey })),
  ];
}

/** Whether the signer has given a key up for good. */
export function isRetired(key: LaneKey, held: readonly HeldKey[]): boolean {
  return held.some((one) => one.state === "RETIRED" && isSameKey(key, one));
}

/** What a lane's key is good for, as the signer shows it. `hasLane`: whether it is one of `laneKeys`. */
export function keyUse(key: LaneKey, hasLane: boolean, held: readonly HeldKey[]): KeyUse {
  if (!hasLane) return "over";
  const shown = held.find((one) => isSameKey(key, one));
  if (shown?.state === "DRAINED" || shown?.state === "RETIRED") return "over";
  return shown?.signs === true ? "signs" : "waits";
}

/** Whether the signer still shows a key as what it was when its lane began. */
function isSameKey(key: LaneKey, { network, accountId, keyId, publicKey }: HeldKey): boolean {
  return (
    keyId === key.keyId &&
    network === key.network &&
    accountId === key.accountId &&
    publicKey === key.publicKey
  );
}
