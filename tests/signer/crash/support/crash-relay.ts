import { randomBytes, sign } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Purpose,
  SigningGrantsSchema,
  type SignTransactionsRequestSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { encodeTransaction, transactionHash } from "@countersign/near";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { ACCOUNT, AUDIENCE, type CrashWorld, GRANT_KEY, NETWORK } from "./crash-world.ts";
import { History, type Payload } from "./history.ts";
import type { SignerClient } from "./signer-process.ts";

/** As long as a grant may hold, less what clocks and starts take. */
const GRANT_MS = 290_000;

/** A call as it goes over the wire, to be sent again to the byte. */
export interface Call {
  readonly payloads: readonly Payload[];
  readonly request: MessageInitShape<typeof SignTransactionsRequestSchema>;
}

/** What came of a payload: "SIGNED", a reason, or "LOST" when the call had no answer. */
export type Outcome = string;

/** A relay that asks for whatever it likes, and remembers all that it is given. */
export class CrashRelay {
  readonly history = new History();
  readonly #world: CrashWorld;
  #nonce = 0n;

  constructor(world: CrashWorld) {
    this.#world = world;
  }

  /** A transfer with a nonce that no other has. */
  fresh(keyId: string): Payload {
    this.#nonce += 1n;
    return this.#payload(keyId, this.#nonce);
  }

  /** Another transaction with the same nonce. */
  rival({ keyId, nonce }: Payload): Payload {
    return this.#payload(keyId, nonce);
  }

  #payload(keyId: string, nonce: bigint): Payload {
    const publicKey = this.#world.keys.get(keyId);
    if (publicKey === undefined) throw new Error(`there is no key ${keyId}`);
    const bytes = encodeTransaction({
      signerId: ACCOUNT,
      publicKey,
      nonce,
      receiverId: "alice.testnet",
      blockHash: randomBytes(32),
      actions: [{ kind: "Transfer", deposit: 1n }],
    });
    const hash = Buffer.from(transactionHash(bytes)).toString("hex");
    const payload = { keyId, publicKey, nonce, bytes, hash };
    this.history.payloads.set(hash, payload);
    return payload;
  }

  /** A call for signatures, with grants of its own. */
  call(...payloads: Payload[]): Call {
    const grants = toBinary(
      SigningGrantsSchema,
      create(SigningGrantsSchema, {
        audience: AUDIENCE,
        network: NETWORK,
        expiresAt: timestampFromMs(Date.now() + GRANT_MS),
        grants: payloads.map(({ keyId, hash }) => ({
          id: randomBytes(16),
          keyId,
          tenant: "acme",
          submissionId: hash.slice(0, 16),
          purpose: Purpose.TRANSFER,
          payloadHash: Buffer.from(hash, "hex"),
        })),
      }),
    );
    const domain = Buffer.from("countersign signing grants v1\0");
    const signature = sign(null, Buffer.concat([domain, grants]), this.#world.grantKey);
    const transactions = payloads.map(({ keyId, bytes }) => ({ keyId, transaction: bytes }));
    const grantsSignature = { keyId: GRANT_KEY, signature };
    return { payloads, request: { network: NETWORK, transactions, grants, grantsSignature } };
  }

  /** One outcome for each payload of the call. */
  async send(client: SignerClient, { payloads, request }: Call): Promise<Outcome[]> {
    try {
      const { results } = await client.signTransactions(request);
      return payloads.map(({ bytes, hash }, i): Outcome => {
        const result = results[i]?.result;
        if (result?.case === "refusal") return reasonName(result.value.reason);
        if (result?.case !== "signed") return "NO RESULT";
        // What follows the transaction is a byte for the curve, and the signature.
        const signature = result.value.signedTransaction.subarray(bytes.length + 1);
        this.history.releases.push({ hash, signature: Buffer.from(signature).toString("hex") });
        return "SIGNED";
      });
    } catch (error) {
      const { reason } = errorFromConnect(error);
      return payloads.map(() => (reason === undefined ? "LOST" : reasonName(reason)));
    }
  }
}
