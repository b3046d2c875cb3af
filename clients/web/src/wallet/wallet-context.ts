import type { Client } from "@connectrpc/connect";
import type { User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import type { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type { Clock } from "../clock.ts";
import type { RetryPolicy } from "../retry-policy.ts";
import type { Vault } from "../vault/vault-client.ts";
import type { AppSession } from "./app-session.ts";
import type { Passkeys } from "./passkeys.ts";
import type { UnlockedShares } from "./unlocked-shares.ts";
import type { WalletKeys } from "./wallet-key.ts";

/** What the parts of a wallet work with. */
export interface WalletContext {
  readonly tenant: string;
  readonly network: string;
  /** In lower case. */
  readonly rpId: string;
  readonly keyService: Client<typeof ThresholdKeyService>;
  /** Repeats nothing by itself. */
  readonly signing: Client<typeof Ed25519SigningService>;
  readonly session: AppSession;
  readonly passkeys: Passkeys;
  readonly vault: Vault;
  readonly shares: UnlockedShares;
  readonly keys: WalletKeys;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** Is told who is signed in now. What a user before left open on this page, and envelopes, are erased. */
  readonly signedInAs: (user: User) => void;
}
