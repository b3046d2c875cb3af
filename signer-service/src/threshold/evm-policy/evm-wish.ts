import type { EvmCall, EvmDelegation } from "@countersign/evm";

/** One thing that a signature of an EVM account would do or say. */
export type EvmWish =
  | ({ readonly kind: "call"; readonly chainId: bigint } & EvmCall)
  | { readonly kind: "message" }
  | {
      readonly kind: "typed data";
      readonly chainId: bigint;
      /** In lower case. */
      readonly verifyingContract: string;
      readonly primaryType: string;
    }
  | ({ readonly kind: "authorisation" } & EvmDelegation)
  /** Lets another key act for the account (Tempo). */
  | { readonly kind: "key authorisation" }
  | { readonly kind: "raw digest" };
