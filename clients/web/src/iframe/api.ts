// What an application and the wallet that it embeds say to each other. Plain values alone: amounts are decimal strings,
// bytes are base64 (RFC 4648, section 4), EVM's bytes are hexadecimal with 0x.
import type { EmbeddedWalletError } from "./embedded-wallet-error.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Hex = `0x${string}`;

/** An account that the user lets this application see. */
export interface ConnectedAccount {
  /** The NEAR account, and the wallet's name of the user's keys. */
  readonly accountId: string;
  /** "ed25519:…", the public key of the account's access key; absent when the wallet has none for it. */
  readonly publicKey?: string;
  /** The checksummed address; absent when the wallet has no EVM key for the account. */
  readonly evmAddress?: string;
}

/** What an access key may do. Allowance in yoctoNEAR, null for no bound. */
export type NearPermission =
  | { readonly kind: "FullAccess" }
  | {
      readonly kind: "FunctionCall";
      readonly allowance: string | null;
      readonly receiverId: string;
      readonly methodNames: readonly string[];
    };

/** A call's arguments: a JSON value, which is sent as UTF-8, or bytes. */
export type NearArgs = { readonly json: Json } | { readonly base64: string };

/** NEAR's actions. Deposits and stakes in yoctoNEAR, gas in units of gas. */
export type NearAction =
  | { readonly kind: "CreateAccount" }
  | { readonly kind: "DeployContract"; readonly code: string }
  | {
      readonly kind: "FunctionCall";
      readonly methodName: string;
      readonly args: NearArgs;
      readonly gas: string;
      readonly deposit: string;
    }
  | { readonly kind: "Transfer"; readonly deposit: string }
  | { readonly kind: "Stake"; readonly stake: string; readonly publicKey: string }
  | { readonly kind: "AddKey"; readonly publicKey: string; readonly permission: NearPermission }
  | { readonly kind: "DeleteKey"; readonly publicKey: string }
  | { readonly kind: "DeleteAccount"; readonly beneficiaryId: string };

/** 1 to 100 actions that one receiver gets together. */
export interface NearBatch {
  readonly receiverId: string;
  readonly actions: readonly NearAction[];
}

/** How a relayed batch ended. */
export interface RelayOutcome {
  readonly submissionId: string;
  /** "SUCCEEDED", "FAILED", "REJECTED" or "EXPIRED": states of a submission, as `SubmissionState` explains them. */
  readonly state: string;
  /** Base58; absent when nothing reached the chain. */
  readonly transactionHash?: string;
  /** Why it did not succeed: a name of `ErrorReason`, and a message. */
  readonly failure?: { readonly reason: string; readonly message: string };
}

/** A message that is not for the chain (NEP-413). */
export interface NearMessage {
  readonly message: string;
  /** 32 bytes that the recipient chose. */
  readonly nonce: string;
  /** Whom it is for, as a rule the application's host name. The wallet warns of any other. */
  readonly recipient: string;
}

export interface NearSignedMessage {
  readonly accountId: string;
  readonly publicKey: string;
  /** 64 bytes. */
  readonly signature: string;
}

/**
 * A transaction of an EVM chain, complete: the wallet fills in nothing. Values in wei. With `gasPrice` it is a legacy
 * transaction, or EIP-2930 with an access list; with `maxFeePerGas` and `maxPriorityFeePerGas` EIP-1559.
 */
export interface EvmTransaction {
  readonly chainId: number;
  readonly nonce: number;
  /** Absent to create a contract. */
  readonly to?: Hex;
  /** 0 if absent. */
  readonly value?: string;
  readonly data?: Hex;
  readonly gas: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
  readonly accessList?: readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[];
}

/** Typed data of EIP-712. Integers of more than 53 bits are decimal strings. */
export interface EvmTypedData {
  readonly domain: { readonly [name: string]: Json };
  readonly types: { readonly [name: string]: readonly { readonly name: string; readonly type: string }[] };
  readonly primaryType: string;
  readonly message: { readonly [name: string]: Json };
}

/** What happens with a request until it is answered. */
export type WalletProgress =
  /** The user has another request to look at first. */
  | { readonly stage: "queued" }
  /** The user looks at it. */
  | { readonly stage: "confirming" }
  /** The user agreed. */
  | { readonly stage: "signing" }
  /** The relay has it; `state` is a name of `SubmissionState`. */
  | { readonly stage: "relaying"; readonly submissionId: string; readonly state: string };

export interface EmbeddedCall {
  /** Ends the request, and takes it from the user's screen. What was sent to a chain goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: WalletProgress) => void;
}

/** What the wallet can do, as it says when it is connected. */
export interface WalletCapabilities {
  /** The NEAR network, for example "testnet". */
  readonly network: string;
  readonly evm: boolean;
}

/**
 * The wallet of another origin, in a frame of this page. All methods reject with `EmbeddedWalletError`. Every request is shown
 * to the user by the wallet; each names an account that `connect` gave, else its reason is NOT_CONNECTED.
 */
export interface EmbeddedWallet {
  readonly capabilities: WalletCapabilities;
  /** Settles when the wallet is gone: the frame went elsewhere or was removed, or `close` was called. Never rejects. */
  readonly closed: Promise<EmbeddedWalletError>;

  /** Which accounts this application may see. The user is asked once for each origin; the wallet remembers the answer. */
  connect(call?: EmbeddedCall): Promise<readonly ConnectedAccount[]>;
  /** The wallet forgets that answer. */
  disconnect(call?: EmbeddedCall): Promise<void>;

  /** Signs a delegate (NEP-366), has the relayer pay for it, and follows it to its end. */
  relay(of: { accountId: string } & NearBatch, call?: EmbeddedCall): Promise<RelayOutcome>;
  /** Signs 1 to 16 transactions, which the account pays for. Gives their borsh bytes, and sends nothing. */
  signNearTransactions(
    of: { accountId: string; transactions: readonly NearBatch[] },
    call?: EmbeddedCall,
  ): Promise<readonly string[]>;
  signNearMessage(of: { accountId: string } & NearMessage, call?: EmbeddedCall): Promise<NearSignedMessage>;

  /** Gives the signed transaction as it is sent to the chain, and sends nothing. */
  signEvmTransaction(
    of: { accountId: string; transaction: EvmTransaction },
    call?: EmbeddedCall,
  ): Promise<Hex>;
  /** A message of ERC-191: a text, or bytes. */
  signEvmMessage(
    of: { accountId: string; message: string | { raw: Hex } },
    call?: EmbeddedCall,
  ): Promise<Hex>;
  signEvmTypedData(of: { accountId: string; typedData: EvmTypedData }, call?: EmbeddedCall): Promise<Hex>;

  /** Removes the frame. Requests that run reject with CLOSED. */
  close(): void;
}
