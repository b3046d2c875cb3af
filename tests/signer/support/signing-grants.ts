import { type KeyObject, randomBytes, sign } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Purpose, SigningGrantsSchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { transactionHash } from "@countersign/near";
import { inDomain } from "@countersign/signer-service/grants/signing-domain.ts";
import type { GrantsAsSent } from "@countersign/signer-service/relayer-signer/signing-call.ts";

export interface GrantsFor {
  readonly audience: string;
  readonly network?: string;
  readonly expiresAt?: Date;
  /** What all of the transactions are said to be for. */
  readonly purpose?: Purpose;
  readonly tenant?: string;
}

/** A relay's grants for transactions in their order, signed with its grant key "relay": they hold for a minute. */
export function grantsFor(
  relayKey: KeyObject,
  items: readonly { readonly keyId: string; readonly transaction: Uint8Array }[],
  {
    audience,
    network = "testnet",
    expiresAt = new Date(Date.now() + 60_000),
    purpose = Purpose.TRANSFER,
    tenant = "acme",
  }: GrantsFor,
): GrantsAsSent {
  const grants = items.map(({ keyId, transaction }) => ({
    id: randomBytes(16),
    keyId,
    tenant,
    submissionId: "sub-1",
    purpose,
    payloadHash: transactionHash(transaction),
  }));
  const message = create(SigningGrantsSchema, {
    audience,
    network,
    expiresAt: timestampFromDate(expiresAt),
    grants,
  });
  const bytes = toBinary(SigningGrantsSchema, message);
  const signature = sign(null, inDomain("countersign signing grants v1", bytes), relayKey);
  return { bytes, keyId: "relay", signature };
}
