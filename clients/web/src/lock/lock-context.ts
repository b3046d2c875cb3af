import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import type { Relay } from "../relays/relay.ts";
import type { RelayList } from "../relays/relay-list.ts";
import type { Vault } from "../vault/vault-client.ts";
import type { WalletEvent } from "../wallet/wallet-events.ts";
import type { LockClient } from "./lock-client.ts";
import type { RelayKeys } from "./relay-keys.ts";

/** What the server lock works with on a page. */
export interface LockContext {
  readonly tenant: string;
  /** In lower case. */
  readonly rpId: string;
  /** Of new envelopes. Its number is the suite's byte. */
  readonly suite: LockSuite;
  /** Of each call, in milliseconds. */
  readonly timeoutMs: number;
  readonly vault: Vault;
  readonly relays: RelayList;
  readonly all: readonly Relay[];
  readonly clientOf: (relay: Relay) => LockClient;
  readonly keys: RelayKeys;
  readonly tell: (event: WalletEvent) => void;
}
