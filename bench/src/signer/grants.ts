import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Purpose,
  SigningGrantsSchema,
  type SignTransactionsRequestSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { formatPublicKey, transactionHash } from "@countersign/near";
import { inDomain } from "@countersign/signer-service/grants/signing-domain.ts";
import { AUDIENCE, GRANT_KEY_ID } from "./signer-process.ts";

/** Calls are made ready before the clock starts; signers take grants for five minutes at most. */
const VALID_MS = 240_000;
/** How many bytes of an Ed25519 key's DER forms stand before the key itself (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;
const PKCS8_PREFIX_BYTES = 16;

/** The key that signs grants, which only the relay has. */
export interface GrantKey {
  readonly privateKey: KeyObject;
  /** The same, as the relay's configuration takes it: 32 bytes in base64. */
  readonly seed: string;
  /** In NEAR's text. */
  readonly publicKey: string;
}

export function makeGrantKey(): GrantKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const data = publicKey.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX_BYTES);
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(PKCS8_PREFIX_BYTES);
  return { privateKey, seed: seed.toString("base64"), publicKey: formatPublicKey({ type: "ed25519", data }) };
}

/** What the grants of one call are for. */
export interface Granted {
  readonly network: string;
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly transactions: readonly Uint8Array[];
}

/** The grants of one call, signed together as the relay does it. */
export function signGrants(
  key: GrantKey,
  { network, keyId, purpose, transactions }: Granted,
): Pick<MessageInitShape<typeof SignTransactionsRequestSchema>, "grants" | "grantsSignature"> {
  const grants = toBinary(
    SigningGrantsSchema,
    create(SigningGrantsSchema, {
      audience: AUDIENCE,
      network,
      expiresAt: timestampFromMs(Date.now() + VALID_MS),
      grants: transactions.map((transaction, i) => ({
        id: randomBytes(16),
        keyId,
        tenant: "bench",
        submissionId: `submission-${i}`,
        purpose,
        payloadHash: transactionHash(transaction),
      })),
    }),
  );
  const signature = sign(null, inDomain("countersign signing grants v1", grants), key.privateKey);
  return { grants, grantsSignature: { keyId: GRANT_KEY_ID, signature } };
}
