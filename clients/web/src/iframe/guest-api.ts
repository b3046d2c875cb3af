// What a wallet's page gives `serveEmbeddedWallet`, and what it is asked.
import type { WalletWithEvm } from "../evm/evm-wallet.ts";
import type { TextStore } from "../wallet/text-store.ts";
import type { Wallet } from "../wallet/wallet.ts";
import type { EvmTransaction, Hex, Json, NearPermission } from "./api.ts";
import type { EmbeddedWalletError } from "./embedded-wallet-error.ts";

/** What a user should know before they agree. "danger" means that it can cost the account or all of a token. */
export interface Warning {
  readonly level: "caution" | "danger";
  readonly code: WarningCode;
  /** A sentence for the user, in English. */
  readonly text: string;
}

export type WarningCode =
  | "FULL_ACCESS_KEY"
  | "ADDS_KEY"
  | "DELETES_KEY"
  | "DELETES_ACCOUNT"
  | "DEPLOYS_CODE"
  | "STAKES"
  | "UNKNOWN_METHOD"
  | "UNKNOWN_TYPE"
  | "UNREADABLE_DATA"
  | "MOVES_TOKENS"
  | "APPROVES_SPENDER"
  | "UNLIMITED_APPROVAL"
  | "ACTS_FOR_YOU"
  | "OTHER_RECIPIENT"
  | "CREATES_CONTRACT"
  | "HIDDEN_CHARACTERS"
  | "BLIND_DIGEST";

/**
 * Call arguments as they are sent: JSON where reading it loses nothing (no field twice, no number that is rounded), else text
 * where they are UTF-8, else the bytes.
 */
export type DecodedArgs = { readonly json: Json } | { readonly text: string } | { readonly hex: Hex };

/** An action of NEAR. Amounts in NEAR, exact, for example "0.000000000000000000000001"; gas in Tgas. */
export type DecodedAction =
  | { readonly kind: "CreateAccount" }
  /** The size of the code, and its hash. */
  | { readonly kind: "DeployContract"; readonly bytes: number; readonly sha256: Hex }
  | {
      readonly kind: "FunctionCall";
      readonly methodName: string;
      readonly args: DecodedArgs;
      readonly gas: string;
      readonly deposit: string;
    }
  | { readonly kind: "Transfer"; readonly deposit: string }
  | { readonly kind: "Stake"; readonly stake: string; readonly publicKey: string }
  /** The allowance in NEAR, like all amounts here. */
  | { readonly kind: "AddKey"; readonly publicKey: string; readonly permission: NearPermission }
  | { readonly kind: "DeleteKey"; readonly publicKey: string }
  | { readonly kind: "DeleteAccount"; readonly beneficiaryId: string };

export interface DecodedBatch {
  readonly receiverId: string;
  readonly actions: readonly DecodedAction[];
}

/** An EVM call of a well-known method: its name and arguments as text. */
export interface DecodedCall {
  /** For example "approve(address,uint256)". */
  readonly signature: string;
  readonly args: readonly { readonly name: string; readonly value: string }[];
}

/**
 * What an application asks, decoded from the very values that are signed once the user agrees. Texts come from the application
 * and may be long, or of any script: show them as text, never as markup.
 */
export type DecodedRequest = {
  readonly accountId: string;
  readonly warnings: readonly Warning[];
} & (
  | ({ readonly kind: "near-relay"; readonly network: string } & DecodedBatch)
  | {
      readonly kind: "near-transactions";
      readonly network: string;
      readonly transactions: readonly DecodedBatch[];
    }
  | {
      readonly kind: "near-message";
      readonly message: string;
      readonly recipient: string;
      /** 32 bytes in base64. */
      readonly nonce: string;
    }
  | {
      readonly kind: "evm-transaction";
      readonly address: string;
      readonly chainId: number;
      readonly nonce: number;
      /** Absent when it creates a contract. */
      readonly to?: Hex;
      /** In ether, or what the chain's coin is, exact. */
      readonly value: string;
      /** The most that its gas may cost, in the same unit. */
      readonly maxFee: string;
      readonly data: Hex;
      /** What it says beforehand that it touches (EIP-2930), which costs gas. */
      readonly accessList?: EvmTransaction["accessList"] & {};
      /** The first four bytes of `data`. */
      readonly selector?: Hex;
      /** What `data` says, where the method is well known and the data are its canonical encoding. */
      readonly call?: DecodedCall;
    }
  | {
      readonly kind: "evm-message";
      readonly address: string;
      readonly message: string | { readonly raw: Hex };
    }
  | {
      readonly kind: "evm-typed-data";
      readonly address: string;
      readonly domain: { readonly [name: string]: Json };
      readonly primaryType: string;
      /** Exactly the fields that are hashed, in the order of their types. */
      readonly message: { readonly [name: string]: Json };
    }
);

/** Who asks, and for how long. */
export interface RequestContext {
  /** The application's origin, as the browser says it: show it. */
  readonly origin: string;
  /** Aborts when the application gives up or is gone: take the request from the screen. */
  readonly signal: AbortSignal;
}

/**
 * The wallet's own screens. One method runs at a time, whoever asks, while the frame is shown. Arm buttons that agree to
 * something with `armWhenVisible`.
 */
export interface EmbeddedWalletUi {
  /**
   * Asks which accounts the application may see; an empty list for none. Signs the user in first where nobody is: passkeys need a
   * click in this page.
   */
  connect(context: RequestContext): Promise<readonly string[]>;
  /** Shows the request. True when the user agrees and is signed in. Anything else, or a rejection, declines. */
  confirm(request: DecodedRequest, context: RequestContext): Promise<boolean>;
}

export interface ServeEmbeddedWalletOptions {
  /** The origins of the applications that may embed this wallet: this tenant's, exact, never a pattern. */
  readonly allowedOrigins: readonly string[];
  /** One with `evm` signs for EVM chains, too. */
  readonly wallet: Wallet | WalletWithEvm;
  /** The wallet's NEAR network. */
  readonly network: string;
  readonly ui: EmbeddedWalletUi;
  /** Where it is remembered which accounts an origin may see: `localStorage`. With the page if absent. */
  readonly grants?: TextStore;
  /** Told of what was refused or failed, for the operator's log. Holds no secret and nothing of a request's content. */
  readonly onError?: (error: EmbeddedWalletError, origin: string) => void;
}

/** A wallet that serves the page it is embedded in. */
export interface EmbeddedWalletServer {
  /** How high the frame should be, in CSS pixels; the application's page bounds it. */
  resize(height: number): void;
  /** Ends all requests; the applications' wallets are closed. */
  close(): void;
}
