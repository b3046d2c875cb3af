import { type KeyObject, sign } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type GrantSignatureSchema,
  Purpose,
  SigningGrantsSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { transactionHash } from "@countersign/near";
import type { Secret } from "@countersign/service-kit";
import type { SigningItem, SigningPurpose } from "../lanes/sign-batch.ts";
import { seedKey } from "../signing-seed.ts";

/** How long grants hold, in milliseconds: a call and the clocks' differences fit in, a recorded call soon does not. */
const VALID_MS = 60_000;
const ID_BYTES = 16;
/** Keeps these signatures apart from whatever else the key may sign (relayer_signer.proto, GrantSignature). */
const DOMAIN = Buffer.from("countersign signing grants v1\0");

const PURPOSES = {
  DELEGATE: Purpose.DELEGATE,
  ACCOUNT_CREATION: Purpose.ACCOUNT_CREATION,
  KEY_MANAGEMENT: Purpose.KEY_MANAGEMENT,
} as const satisfies Record<SigningPurpose, Purpose>;

export interface GrantSignerOptions {
  /** The signer that the grants are for: 1 to 128 characters. */
  readonly audience: string;
  /** The name under which the signer knows the key: 1 to 128 characters. */
  readonly keyId: string;
  /** Of the Ed25519 key: 32 bytes, as seedKey takes them. */
  readonly seed: Secret<string>;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What a call carries: a serialized SigningGrants, and the signature over it. */
export interface SignedGrants {
  readonly grants: Uint8Array;
  readonly grantsSignature: MessageInitShape<typeof GrantSignatureSchema>;
}

/** Says for whom and for what each transaction of a call is to be signed, under the relay's grant key. */
export class GrantSigner {
  readonly #options: GrantSignerOptions;
  readonly #key: KeyObject;

  /** Throws TypeError for what is no seed. */
  constructor(options: GrantSignerOptions) {
    this.#options = options;
    this.#key = seedKey(options.seed);
  }

  /** Grants for one call, in the transactions' order. Each is used once: ask again before the call is made again. */
  sign(network: string, items: readonly SigningItem[]): SignedGrants {
    const { audience, keyId, now, randomBytes } = this.#options;
    const message = create(SigningGrantsSchema, {
      audience,
      network,
      expiresAt: timestampFromDate(new Date(now().getTime() + VALID_MS)),
      grants: items.map(({ keyId, tenant, submissionId, purpose, transaction }) => ({
        id: randomBytes(ID_BYTES),
        keyId,
        tenant,
        submissionId,
        purpose: PURPOSES[purpose],
        payloadHash: transactionHash(transaction),
      })),
    });
    const grants = toBinary(SigningGrantsSchema, message);
    const signature = sign(null, Buffer.concat([DOMAIN, grants]), this.#key);
    return { grants, grantsSignature: { keyId, signature } };
  }
}
