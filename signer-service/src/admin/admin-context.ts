import type { SignedAdminGrant } from "../grants/admin-grant-codec.ts";
import type { AdminGrant, AdminGrants } from "../grants/admin-grants.ts";
import type { BackendState } from "../keys/backend-health.ts";
import type { KeyOperations } from "../keys/key-operations.ts";
import type { KeyChange } from "../keys/key-ring.ts";
import type { LockKeyOperations } from "../lock/lock-key-operations.ts";
import type { SignerEvents } from "../observability/events.ts";

/** How the journal stands. */
export interface JournalState {
  readonly entries: bigint;
  /** 32 bytes; empty when there is no entry. */
  readonly headHash: Uint8Array;
  readonly incarnation: string;
}

/** What the handlers of SignerAdminService use. */
export interface AdminContext {
  readonly audience: string;
  readonly keys: KeyOperations;
  /** Takes the configuration over again; see keys/reloading.ts. */
  readonly reload: (actor: string) => Promise<KeyChange>;
  readonly backends: () => readonly BackendState[];
  /** Throws SIGNER_STORE_UNAVAILABLE. */
  readonly journal: () => Promise<JournalState>;
  readonly grants: AdminGrants;
  readonly locks: LockKeyOperations;
  /** What the bytes of a grant say, once its signature verifies. Throws ADMIN_GRANT_INVALID. */
  readonly verifyAdminGrant: (grant: SignedAdminGrant) => AdminGrant;
  readonly events: Pick<SignerEvents, "adminGrantChanged">;
}
