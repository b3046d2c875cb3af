/** What an admin key allows (docs/signer.md). Serialized and signed as countersign.signer.v1.AdminGrant. */
export interface AdminGrant {
  readonly id: string;
  /** The signer that it is for. */
  readonly audience: string;
  readonly notBefore: Date;
  readonly expiresAt: Date;
  readonly allows: KeyManagementGrant | JournalRepairGrant;
}

/** Standing: keys of this account may be added and deleted, as the signer's rules for that say. */
export interface KeyManagementGrant {
  readonly kind: "key_management";
  readonly network: string;
  readonly accountId: string;
  readonly mayAdd: boolean;
  readonly mayDelete: boolean;
  /** Absent where operators alone take the account's keys through their lives. */
  readonly pool?: KeyPoolGrant | undefined;
}

/** The bounds within which relays make, activate, drain and retire an account's keys. */
export interface KeyPoolGrant {
  /** How the ids of the keys begin that relays make, activate, and retire while pending. */
  readonly keyIdPrefix: string;
  /** The backend that makes them. */
  readonly backend: string;
  /** Most keys of the account that are pending or active: none is made beyond it. 1 to 256. */
  readonly maxKeys: number;
  /** Fewest active keys that can sign: none is drained below it. 1 to `maxKeys`. */
  readonly minActive: number;
}

/** Once: the journal may take another payload in place of this one. */
export interface JournalRepairGrant {
  readonly kind: "journal_repair";
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  /** 32 bytes. */
  readonly oldPayloadHash: Uint8Array;
}

/** An admin grant that the store keeps, with its signature, so that it can be verified again whenever it is used. */
export interface KeptAdminGrant {
  readonly grant: AdminGrant;
  readonly grantBytes: Uint8Array;
  readonly adminKeyId: string;
  readonly signature: Uint8Array;
  readonly revoked: boolean;
  readonly used: boolean;
}

/** Where admin grants are kept. Every change is in the audit, in the same commit. */
export interface AdminGrants {
  /** By id. */
  list(): Promise<KeptAdminGrant[]>;
  /**
   * Keeps a grant whose signature was verified; the same one again changes nothing. Throws ADMIN_GRANT_INVALID when
   * the id names another.
   */
  install(grant: Omit<KeptAdminGrant, "revoked" | "used">, actor: string): Promise<KeptAdminGrant>;
  /** Throws ADMIN_GRANT_NOT_FOUND. */
  revoke(id: string, actor: string): Promise<KeptAdminGrant>;
}
