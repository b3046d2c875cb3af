import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { actions, createTransaction, encodeTransaction, PublicKey } from "near-api-js";
import { openPolicy, type SignerSettings } from "../../../support/signer-settings.ts";
import { askToSign, type Outcome } from "./key-changes.ts";
import { keystorePlace } from "./places.ts";
import { NETWORK, RELAYER } from "./relaying.ts";
import type { SignerOperator } from "./signer-operator.ts";

/** Allows everything that has a purpose, transfers to alice.testnet among it. */
export const POLICY = openPolicy(NETWORK, RELAYER);

/** A signer that runs with one active key, "first", of a keystore; its nonce on the chain is taken to be 0. */
export async function startWithOneKey(
  settings: SignerSettings = {},
  environment: Record<string, string> = {},
): Promise<SignerOperator> {
  const operator = await keystorePlace("first");
  operator.configure({ policies: { first: POLICY }, ...settings });
  await operator.start(environment);
  await operator.openKey("first", 0n);
  return operator;
}

/** Bytes of a transfer to alice.testnet; every amount makes another payload. */
export function transfer(publicKey: string, nonce: bigint, amount = 1n): Uint8Array {
  const { transfer: send } = actions;
  const hash = new Uint8Array(32).fill(7);
  const key = PublicKey.from(publicKey);
  return encodeTransaction(createTransaction(RELAYER, key, "alice.testnet", nonce, [send(amount)], hash));
}

/** Asks for a transfer's signature with the key "first". */
export async function signTransfer(
  operator: SignerOperator,
  publicKey: string,
  nonce: bigint,
  amount = 1n,
): Promise<Outcome> {
  const transaction = transfer(publicKey, nonce, amount);
  return askToSign(operator, { keyId: "first", transaction, purpose: Purpose.TRANSFER });
}

/** As `signTransfer`: "signed", or the reason. */
export async function tryTransfer(...asked: Parameters<typeof signTransfer>): Promise<string> {
  const outcome = await signTransfer(...asked);
  return "reason" in outcome ? outcome.reason : "signed";
}
