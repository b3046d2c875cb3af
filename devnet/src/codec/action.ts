/** NEAR's actions, decoded (nearcore core/primitives/src/action/mod.rs). Amounts in yocto, gas in gas units. */

export type Permission =
  | { readonly kind: "FullAccess" }
  | {
      readonly kind: "FunctionCall";
      readonly allowance: bigint | undefined;
      readonly receiverId: string;
      readonly methodNames: readonly string[];
    };

export interface AccessKey {
  readonly nonce: bigint;
  readonly permission: Permission;
}

export interface Signature {
  readonly keyType: number;
  readonly data: Uint8Array;
}

export interface FunctionCallAction {
  readonly kind: "FunctionCall";
  readonly methodName: string;
  readonly args: Uint8Array;
  readonly gas: bigint;
  readonly deposit: bigint;
}

export interface DelegateAction {
  readonly senderId: string;
  readonly receiverId: string;
  readonly actions: readonly Action[];
  readonly nonce: bigint;
  readonly maxBlockHeight: bigint;
  readonly publicKey: string;
}

export interface SignedDelegateAction {
  readonly kind: "Delegate";
  readonly delegate: DelegateAction;
  readonly signature: Signature;
  /** The NEP-461 hash that the signature is over. */
  readonly signedHash: Uint8Array;
}

export type Action =
  | { readonly kind: "CreateAccount" }
  | { readonly kind: "DeployContract"; readonly code: Uint8Array }
  | FunctionCallAction
  | { readonly kind: "Transfer"; readonly deposit: bigint }
  | { readonly kind: "Stake"; readonly stake: bigint; readonly publicKey: string }
  | { readonly kind: "AddKey"; readonly publicKey: string; readonly accessKey: AccessKey }
  | { readonly kind: "DeleteKey"; readonly publicKey: string }
  | { readonly kind: "DeleteAccount"; readonly beneficiaryId: string }
  | SignedDelegateAction
  | { readonly kind: "DeployGlobalContract" }
  | { readonly kind: "UseGlobalContract" };

export interface SignedTransaction {
  /** SHA-256 of the unsigned transaction's bytes, base58: the transaction's id. */
  readonly hash: string;
  readonly hashBytes: Uint8Array;
  /** Length of the signed transaction in bytes. */
  readonly size: number;
  readonly signerId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly receiverId: string;
  readonly blockHash: string;
  readonly actions: readonly Action[];
  readonly signature: Signature;
}
