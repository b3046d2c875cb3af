import { createClient } from "@connectrpc/connect";
import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import { type Action, createTransaction, encodeTransaction, PublicKey } from "near-api-js";
import { NETWORK, RELAYER } from "../../../support/test-relay.ts";
import { unixTransport } from "../../support/signer-client.ts";
import { grantsFor } from "../../support/signing-grants.ts";
import type { Chain } from "./relaying.ts";
import { AUDIENCE, type SignerOperator } from "./signer-operator.ts";

/** What came of a transaction: its signed bytes, or the reason's name. */
export type Outcome = { readonly signed: Uint8Array } | { readonly reason: string };

export interface Asked {
  readonly keyId: string;
  readonly transaction: Uint8Array;
  readonly purpose: Purpose;
  readonly tenant?: string;
  readonly credential?: string;
}

/** Asks the signer for one signature, with a grant of the relay's. Throws when the whole call is refused. */
export async function askToSign(operator: SignerOperator, asked: Asked): Promise<Outcome> {
  const { keyId, transaction, purpose, tenant = "", credential = "" } = asked;
  const grants = grantsFor(operator.grantKey, [{ keyId, transaction }], {
    audience: AUDIENCE,
    network: NETWORK,
    purpose,
    tenant,
  });
  const client = createClient(RelayerSignerService, unixTransport(`unix:${operator.socketPath}`));
  const { results } = await client.signTransactions({
    network: NETWORK,
    transactions: [{ keyId, transaction, callerCredential: credential }],
    grants: grants.bytes,
    grantsSignature: { keyId: grants.keyId, signature: grants.signature },
  });
  const result = results[0]?.result;
  if (result?.case === "signed") return { signed: result.value.signedTransaction };
  return { reason: reasonName(result?.case === "refusal" ? result.value.reason : 0) };
}

/** Bytes of an unsigned transaction of RELAYER's to itself, or to another account, with a recent block. */
export function relayersTransaction(
  { devnet: { chain } }: Chain,
  publicKey: string,
  nonce: bigint,
  actions: Action[],
  receiverId: string = RELAYER,
): Uint8Array {
  return encodeTransaction(
    createTransaction(
      RELAYER,
      PublicKey.from(publicKey),
      receiverId,
      nonce,
      actions,
      base58.decode(chain.head.hash),
    ),
  );
}

/** Has the signer sign a change of RELAYER's keys with a key, the next nonce on the chain, and sends it. */
export async function changeKeys(
  chain: Chain,
  operator: SignerOperator,
  by: { readonly keyId: string; readonly publicKey: string },
  action: Action,
): Promise<string> {
  const nonce = (chain.devnet.chain.stateAt().accessKey(RELAYER, by.publicKey)?.nonce ?? 0n) + 1n;
  const transaction = relayersTransaction(chain, by.publicKey, nonce, [action]);
  const outcome = await askToSign(operator, {
    keyId: by.keyId,
    transaction,
    purpose: Purpose.KEY_MANAGEMENT,
  });
  return "reason" in outcome ? outcome.reason : sendTransaction(chain, outcome.signed);
}

/** Sends a signed transaction and waits until it is final; "accepted", or what the chain says. */
async function sendTransaction({ url }: Chain, signed: Uint8Array): Promise<string> {
  const params = { signed_tx_base64: Buffer.from(signed).toString("base64"), wait_until: "FINAL" };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: "test", method: "send_tx", params }),
  });
  const { result, error } = (await response.json()) as { result?: { status: object }; error?: object };
  return result !== undefined && "SuccessValue" in result.status
    ? "accepted"
    : JSON.stringify(error ?? result?.status);
}
