import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { SoftwarePasskey } from "../../../support/software-passkey.ts";
import { evmSettings } from "../../threshold-ecdsa/support/evm-signer.ts";
import {
  ORIGIN,
  RP_ID,
  startThresholdSigner,
  type ThresholdSigner,
  type ThresholdSignerOptions,
} from "./threshold-signer.ts";
import { ThresholdWallet, type WalletOptions } from "./threshold-wallet.ts";

/** Something that was changed on its way, and what comes of it. */
export interface Tampering {
  readonly method: DescMethod;
  /** The method that notices, if it is a later one. */
  readonly noticedBy?: DescMethod;
  /** The field's path, as in the contract's files: "request.assertion.signature". */
  readonly field: string;
  readonly what: string;
  /** The reason's name, or "answered" for what can do no harm. */
  readonly outcome: string;
  readonly run: (world: TamperedWorld) => Promise<unknown>;
}

/** A signer and wallets; `tamper` is the call that is changed. */
export interface TamperedWorld {
  readonly signer: ThresholdSigner;
  /** A wallet of user-1 with a key. */
  wallet(options?: WalletOptions): Promise<ThresholdWallet>;
  /** A wallet without one. */
  newWallet(options?: WalletOptions): ThresholdWallet;
}

export async function tamperedWorld(options?: ThresholdSignerOptions): Promise<TamperedWorld> {
  const signer = await startThresholdSigner({ threshold: evmSettings(), ...options });
  return {
    signer,
    wallet: (options) => ThresholdWallet.withKey(signer.client, options),
    newWallet: (options) => new ThresholdWallet(signer.client, options),
  };
}

/** Other bytes of the same size: one bit is another. */
export function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const other = Uint8Array.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

/** A passkey of the same relying party that no key admits. */
export function foreignPasskey(): SoftwarePasskey {
  return new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN });
}

/** The paths of all fields that hold a value, those of messages in messages too. */
export function fieldsOf(message: DescMessage, prefix = ""): string[] {
  return message.fields.flatMap((field) => {
    const path = `${prefix}${field.name}`;
    return field.fieldKind === "message" ? fieldsOf(field.message, `${path}.`) : [path];
  });
}
