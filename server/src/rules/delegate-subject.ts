import {
  attachedDeposit,
  attachedGas,
  type DelegateAction,
  decodeSignedDelegate,
  delegateHash,
  formatPublicKey,
  NestedDelegateError,
  type SignedDelegate,
  UnsupportedActionError,
} from "@countersign/near";
import { base58 } from "@scure/base";
import type { AccessKeyView } from "../near/views.ts";
import type { Asker } from "./asker.ts";

/** A delegate that was read from its bytes, with what the rules and the ledger need of it. */
export interface DecodedDelegate {
  readonly signed: SignedDelegate;
  readonly action: DelegateAction;
  /** The NEP-461 hash, 32 bytes. */
  readonly hash: Uint8Array;
  /** The NEP-461 hash in base58. */
  readonly hashText: string;
  readonly publicKey: string;
  /** Gas that the actions attach, in all. */
  readonly gas: bigint;
  /** yoctoNEAR that the actions move, in all. */
  readonly deposit: bigint;
}

/** Why bytes are not a delegate that can be relayed. */
export type DecodeFailure = "malformed" | "unsupported" | "nested";

/** A delegate on its way through the rules. Later rules build on what earlier ones found out. */
export interface DelegateSubject {
  readonly asker: Asker;
  readonly network: string;
  readonly bytes: Uint8Array;
  readonly decoded: DecodedDelegate | DecodeFailure;
  /** The sender's access key, once the chain was asked and has it. */
  accessKey?: AccessKeyView;
}

/** Reads the bytes; never throws for bad ones. */
export function delegateSubject(asker: Asker, network: string, bytes: Uint8Array): DelegateSubject {
  return { asker, network, bytes, decoded: decode(bytes) };
}

function decode(bytes: Uint8Array): DecodedDelegate | DecodeFailure {
  let signed: SignedDelegate;
  try {
    signed = decodeSignedDelegate(bytes);
  } catch (error) {
    if (error instanceof NestedDelegateError) return "nested";
    if (error instanceof UnsupportedActionError) return "unsupported";
    return "malformed";
  }
  const action = signed.delegateAction;
  const hash = delegateHash(action);
  return {
    signed,
    action,
    hash,
    hashText: base58.encode(hash),
    publicKey: formatPublicKey(action.publicKey),
    gas: attachedGas(action.actions),
    deposit: attachedDeposit(action.actions),
  };
}
