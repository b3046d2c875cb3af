import { randomBytes, randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { relayerShare } from "@countersign/crypto/derive.ts";
import {
  aggregate,
  CLIENT_ID,
  commit,
  groupKey,
  keyId,
  RELAYER_ID,
  type SigningPackage,
  signShare,
  verifyingShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { sealTo } from "@countersign/crypto/hpke.ts";
import { type PossessionContext, proveEd25519, verifyEd25519 } from "@countersign/crypto/possession.ts";
import type {
  AuthorizeRequest,
  AuthorizeResponseSchema,
  SignFinalizeRequest,
  SignFinalizeResponseSchema,
  SignInitRequest,
  SignInitResponseSchema,
} from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import type {
  BeginKeyRequest,
  BeginKeyResponseSchema,
  ExportShareRequest,
  ExportShareResponseSchema,
  FinishKeyRequest,
  FinishKeyResponseSchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { decodeDelegateAction, delegateHash, nep413Hash, transactionHash } from "@countersign/near";
import { TENANT, USER } from "./wallet-relay.ts";

export const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const MASTER = random(32);

interface MadeKey {
  readonly share: Uint8Array;
  readonly publicShare: Uint8Array;
  readonly group: Uint8Array;
}

/** What a signer answers, with the signer's arithmetic and none of its checks. */
export function relayersHalf() {
  let begun: (BeginKeyRequest & { challenge: Uint8Array }) | undefined;
  let key: MadeKey | undefined;
  const signings = new Map<string, { nonces: Uint8Array; signing: SigningPackage }>();
  const made = (): MadeKey => {
    if (key === undefined) throw new Error("there is no key yet");
    return key;
  };
  return {
    beginKey(request: BeginKeyRequest): MessageInitShape<typeof BeginKeyResponseSchema> {
      begun = Object.assign(request, { challenge: random(32) });
      return { challenge: begun.challenge, epoch: 1, tenant: TENANT, user: USER };
    },

    finishKey(request: FinishKeyRequest): MessageInitShape<typeof FinishKeyResponseSchema> {
      if (begun === undefined) throw new Error("no key was begun");
      const { network, accountId, rpId, schemeId, challenge } = begun;
      const { clientVerifyingShare, clientProof } = request;
      const context: PossessionContext = {
        ...{ schemeId, network, accountId, rpId, challenge, tenant: TENANT, user: USER },
        ...{ role: "client", ownShare: clientVerifyingShare, peerShare: new Uint8Array() },
      };
      if (!verifyEd25519(clientProof, context)) throw new Error("the client's proof does not hold");
      const share = relayerShare(MASTER, clientVerifyingShare, accountId, rpId);
      const publicShare = verifyingShare(share);
      const group = groupKey(clientVerifyingShare, publicShare);
      key = { share, publicShare, group };
      const shares = { ownShare: publicShare, peerShare: clientVerifyingShare };
      return {
        key: {
          ...{ keyId: keyId(group), schemeId, network, accountId, rpId, epoch: 1 },
          ...{ clientVerifyingShare, relayerVerifyingShare: publicShare },
        },
        relayerProof: proveEd25519(share, { ...context, ...shares, role: "relayer" }, random),
        clientId: CLIENT_ID,
        relayerId: RELAYER_ID,
      };
    },

    authorize({ payload }: AuthorizeRequest): MessageInitShape<typeof AuthorizeResponseSchema> {
      return { requests: digestsOf(payload).map((digest) => ({ requestId: randomUUID(), digest })) };
    },

    signInit(request: SignInitRequest): MessageInitShape<typeof SignInitResponseSchema> {
      const { share, publicShare, group } = made();
      const { hiding, binding } = request.clientCommitments ?? { hiding: random(0), binding: random(0) };
      const { nonces, commitments } = commit(share, random);
      const signing = {
        ...{ groupKey: group, message: request.digest, relayerCommitments: commitments },
        clientCommitments: { hiding, binding },
      };
      const signingSessionId = randomUUID();
      signings.set(signingSessionId, { nonces, signing });
      return { signingSessionId, relayerCommitments: commitments, relayerVerifyingShare: publicShare };
    },

    signFinalize(request: SignFinalizeRequest): MessageInitShape<typeof SignFinalizeResponseSchema> {
      const found = signings.get(request.signingSessionId);
      if (found === undefined) throw new Error("there is no such signing session");
      const { nonces, signing } = found;
      // A copy: the nonces are erased, and a repeated call gets the same answer here.
      const relayerSignatureShare = signShare("relayer", made().share, nonces.slice(), signing);
      const signature = aggregate(signing, request.clientSignatureShare, relayerSignatureShare);
      return { relayerSignatureShare, signature };
    },

    exportShare: (request: ExportShareRequest) => sealShare(request, made().share),
  };
}

/** What ExportShare answers. */
export async function sealShare(
  { keyId: name, nonce, recipientPublicKey }: ExportShareRequest,
  share: Uint8Array,
): Promise<MessageInitShape<typeof ExportShareResponseSchema>> {
  const info = exportChallenge({ tenant: TENANT, keyId: name, recipientPublicKey, nonce });
  const { encapsulatedKey, sealed } = await sealTo(recipientPublicKey, info, share);
  return { encapsulatedKey, sealedShare: sealed };
}

function digestsOf(of: AuthorizeRequest["payload"]): Uint8Array[] {
  const payload = of?.payload;
  switch (payload?.case) {
    case "nearTransactions":
      return payload.value.transactions.map(transactionHash);
    case "nearDelegate":
      return [delegateHash(decodeDelegateAction(payload.value.delegateAction))];
    case "nep413Message":
      return [nep413Hash(payload.value)];
    default:
      throw new Error("there is no payload");
  }
}
