import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";

/** What one master secret, and no other, is for. */
export interface SecretName {
  readonly scheme: string;
  readonly network: string;
  /** From 1. */
  readonly epoch: number;
}

/** "testnet epoch 1", for messages; a scheme other than Ed25519's is named too. */
export function secretName({ scheme, network, epoch }: SecretName): string {
  return `${network} epoch ${epoch}${scheme === ED25519_SCHEME ? "" : ` of ${scheme}`}`;
}

/** The same in one word: "testnet-1" with the separator "-". */
export function secretWord({ scheme, network, epoch }: SecretName, separator: string): string {
  const word = `${network}${separator}${epoch}`;
  return scheme === ED25519_SCHEME ? word : `${word}${separator}${scheme}`;
}

export function isSameName(a: SecretName, b: SecretName): boolean {
  return a.scheme === b.scheme && a.network === b.network && a.epoch === b.epoch;
}
