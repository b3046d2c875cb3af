import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { type Relay, relaysAt } from "../relays/relay.ts";
import { RelayList } from "../relays/relay-list.ts";
import type { TextStore } from "../wallet/text-store.ts";
import type { UnlockedShare } from "../wallet/unlocked-shares.ts";
import type { LockOptions, WalletOptions } from "../wallet/wallet.ts";
import type { WalletContext } from "../wallet/wallet-context.ts";
import type { WalletEvent } from "../wallet/wallet-events.ts";
import { type LockClient, lockClient } from "./lock-client.ts";
import type { LockContext } from "./lock-context.ts";
import { openByRelay } from "./open-by-relay.ts";
import { refreshEnvelopes } from "./refresh-envelopes.ts";
import { RelayKeys } from "./relay-keys.ts";

/** How long a relay has to answer, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 1_500;

const SUITES = {
  ristretto255: LockSuite.RISTRETTO255_V1,
  ffdhe3072: LockSuite.FFDHE3072_V1,
} as const;

export interface ServerLockParts {
  readonly options: Pick<WalletOptions, "relay" | "peers"> & { readonly lock: LockOptions };
  readonly context: Pick<WalletContext, "tenant" | "rpId" | "vault" | "clock">;
  /** Of the relay that answered last. */
  readonly store: TextStore;
  readonly name: string;
  readonly wallTime: () => number;
  readonly tell: (event: WalletEvent) => void;
}

/** Opens an account's shares with a federation's relays, and keeps envelopes for all of them. */
export class ServerLock {
  readonly #context: LockContext;
  #work = new AbortController();
  /** The accounts whose envelopes are being made. */
  #refreshing = new Set<string>();

  constructor({ options, context, store, name, wallTime, tell }: ServerLockParts) {
    const { relay, peers = [], lock } = options;
    const { timeoutMs = DEFAULT_TIMEOUT_MS, hedgeAfterMs, suite = "ristretto255" } = lock;
    const { clock, tenant, rpId, vault } = context;
    const all = relaysAt([relay.baseUrl, ...(lock.relays ?? peers)]);
    const clients = new Map<Relay, LockClient>(all.map((one) => [one, lockClient(relay, one.baseUrl)]));
    this.#context = {
      ...{ tenant, rpId, vault, timeoutMs, tell, all },
      suite: SUITES[suite],
      relays: new RelayList({ relays: all, store, name, hedgeAfterMs, clock, wallTime, tell }),
      clientOf: (one) => clients.get(one) ?? lockClient(relay, one.baseUrl),
      keys: new RelayKeys(),
    };
  }

  /** As `openByRelay`. */
  open(
    accountId: string,
    passkey: Uint8Array | undefined,
    opened: (share: UnlockedShare) => void,
    signal: AbortSignal,
  ): Promise<string> {
    return openByRelay(this.#context, accountId, passkey, opened, signal);
  }

  /** As `refreshEnvelopes`, in the background. */
  refresh(accountId: string, share: UnlockedShare): void {
    const refreshing = this.#refreshing;
    if (refreshing.has(accountId)) return;
    refreshing.add(accountId);
    refreshEnvelopes(this.#context, accountId, share, this.#work.signal)
      .catch(() => undefined)
      .finally(() => refreshing.delete(accountId));
  }

  /** Ends what is going on in the background. */
  stop(): void {
    this.#work.abort();
    this.#work = new AbortController();
    this.#refreshing = new Set();
  }
}
