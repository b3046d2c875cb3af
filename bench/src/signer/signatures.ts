import type { SignTransactionsResponse } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { attachSignature, type PublicKey, transactionHash } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { ReadyCall } from "./calls.ts";

/** Ed25519. */
const SIGNATURE_BYTES = 64;

/** How many transactions came back with a signature of the key over their own bytes. */
export function countVerified(
  calls: readonly ReadyCall[],
  responses: readonly SignTransactionsResponse[],
  publicKey: PublicKey,
): number {
  let count = 0;
  for (const [i, { transactions }] of calls.entries()) {
    for (const [j, transaction] of transactions.entries()) {
      const result = responses[i]?.results[j]?.result;
      if (result?.case === "signed" && isSigned(transaction, result.value, publicKey)) count++;
    }
  }
  return count;
}

function isSigned(
  transaction: Uint8Array,
  { signedTransaction, hash }: { readonly signedTransaction: Uint8Array; readonly hash: Uint8Array },
  publicKey: PublicKey,
): boolean {
  const signature = { type: publicKey.type, data: signedTransaction.subarray(-SIGNATURE_BYTES) };
  const own = transactionHash(transaction);
  return (
    Buffer.compare(attachSignature(transaction, signature), signedTransaction) === 0 &&
    Buffer.compare(own, hash) === 0 &&
    verifySignature(publicKey, own, signature)
  );
}

/** What was not signed, by reason and message, for whoever looks for the cause. */
export function refusalsOf(responses: readonly SignTransactionsResponse[]): string[] {
  const refusals = responses.flatMap(({ results }) =>
    results.flatMap(({ result }) => (result.case === "refusal" ? [result.value.message] : [])),
  );
  return [...new Set(refusals)];
}
