import type { Message } from "./framing.ts";

/** This side's parts of both factors, 32 bytes each. */
export interface Factors {
  readonly e: Uint8Array;
  readonly f: Uint8Array;
}

interface Ongoing {
  /** The triple's. */
  readonly index: number;
  readonly factors: Factors;
}

/** What the extension's sender has while it waits for what `step` names. */
type SenderState =
  | (Ongoing & { readonly step: "base point" })
  | (Ongoing & {
      readonly step: "corrections";
      /** 128 bits. */
      readonly delta: Uint8Array;
      /** 128 keys. */
      readonly keys: Uint8Array;
    })
  | (Ongoing & {
      readonly step: "check";
      readonly delta: Uint8Array;
      /** A matrix of 1,024 rows and 128 columns, as t below. */
      readonly q: Uint8Array;
      readonly seed: Uint8Array;
    })
  | (Ongoing & {
      readonly step: "replies";
      /** 384 scalars for each product. */
      readonly masks: readonly [Uint8Array, Uint8Array];
    });

/** What the extension's receiver has. */
type ReceiverState =
  | (Ongoing & { readonly step: "base answers"; readonly y: Uint8Array; readonly basePoint: Uint8Array })
  | (Ongoing & {
      readonly step: "seed";
      /** 1,024 bits. */
      readonly choices: Uint8Array;
      readonly t: Uint8Array;
    })
  | (Ongoing & { readonly step: "offers"; readonly choices: Uint8Array; readonly t: Uint8Array });

/** Plain data, and secret. */
export type MultiplicationState =
  | SenderState
  | ReceiverState
  | {
      readonly step: "done";
      /** This side's share of e₁f₂ + e₂f₁, 32 bytes. */
      readonly product: Uint8Array;
    };

/** The state that comes next, and what goes to the peer now. The state before it is used up. */
export interface MultiplicationStep {
  readonly state: MultiplicationState;
  readonly messages: Message[];
}

/** The state of that name. */
export type Awaiting<Name extends MultiplicationState["step"]> = Extract<
  MultiplicationState,
  { readonly step: Name }
>;
