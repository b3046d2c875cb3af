import { createHash, randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { relayerShare } from "@countersign/crypto/derive-secp256k1.ts";
import { groupKey, keyId, verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import {
  advancePresign,
  beginPresign,
  type Presignature,
  type PresignParty,
  type PresignRun,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { encodeSignMessage, signatureShare } from "@countersign/crypto/ot-ecdsa/sign.ts";
import type { PossessionContext } from "@countersign/crypto/possession.ts";
import { proveSecp256k1, verifySecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type AuthorizeEcdsaRequest,
  type AuthorizeEcdsaResponseSchema,
  type GetPresignaturePoolResponseSchema,
  type PresignInitRequest,
  type PresignInitResponseSchema,
  PresignStage,
  type PresignStepRequest,
  type PresignStepResponseSchema,
  type ProtocolMessage,
  ProtocolPhase,
  type SignEcdsaFinalizeRequest,
  type SignEcdsaFinalizeResponseSchema,
  type SignEcdsaInitRequest,
  type SignEcdsaInitResponseSchema,
} from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import type {
  BeginKeyRequest,
  BeginKeyResponseSchema,
  ExportShareRequest,
  FinishKeyRequest,
  FinishKeyResponseSchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { refusal } from "../../scripted-relay.ts";
import { random, sealShare } from "../../wallet/support/relayers-half.ts";
import { TENANT, USER } from "../../wallet/support/wallet-relay.ts";
import { digestOf } from "./evm-digests.ts";

const MASTER = random(32);
const PHASES = { triples: ProtocolPhase.TRIPLES, presign: ProtocolPhase.PRESIGN, sign: ProtocolPhase.SIGN };
const STAGES = {
  triples: PresignStage.TRIPLES,
  triples_done: PresignStage.TRIPLES_DONE,
  presign: PresignStage.PRESIGN,
  done: PresignStage.DONE,
};
const tools: RunTools = {
  points: libsecp256k1Points,
  random: (_, size) => random(size),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
};

interface Presigning {
  version: number;
  run: PresignRun;
  flight: string;
  answer: MessageInitShape<typeof PresignStepResponseSchema>;
}

interface Signing {
  readonly presignature: Presignature;
  readonly digest: Uint8Array;
  readonly clientEntropyHash: Uint8Array;
  readonly relayerEntropy: Uint8Array;
  answer?: MessageInitShape<typeof SignEcdsaFinalizeResponseSchema>;
}

/** What a signer answers, with the signer's arithmetic and the checks that clients have to get along with. */
export function ecdsaHalf() {
  let begun: (BeginKeyRequest & { challenge: Uint8Array }) | undefined;
  let party: PresignParty | undefined;
  const presignings = new Map<string, Presigning>();
  const signings = new Map<string, Signing>();
  /** Which signing a request began with which call. */
  const inits = new Map<string, string>();
  const half = {
    /** What the signer holds, by id in base64url, oldest first. */
    pool: new Map<string, Presignature>(),
    capacity: 2,
    refillBelow: 1,
    /** Every s_i that left: the presignature that it was made of. */
    released: [] as string[],
    key: () => {
      if (party === undefined) throw new Error("there is no key yet");
      return party;
    },

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
      if (!verifySecp256k1(clientProof, context)) throw new Error("the client's proof does not hold");
      const share = relayerShare(MASTER, clientVerifyingShare, accountId, rpId);
      const publicShare = verifyingShare(share);
      const publicKey = groupKey(clientVerifyingShare, publicShare);
      party = { participant: 2, share, publicKey };
      const shares = { ownShare: publicShare, peerShare: clientVerifyingShare };
      return {
        key: {
          ...{ keyId: keyId(network, publicKey), schemeId, network, accountId, rpId, epoch: 1 },
          ...{ clientVerifyingShare, relayerVerifyingShare: publicShare },
        },
        relayerProof: proveSecp256k1(share, { ...context, ...shares, role: "relayer" }, random),
        clientId: 1,
        relayerId: 2,
      };
    },

    exportShare: (request: ExportShareRequest) => sealShare(request, half.key().share),

    authorizeEcdsa({
      payload,
    }: AuthorizeEcdsaRequest): MessageInitShape<typeof AuthorizeEcdsaResponseSchema> {
      return { requests: [{ requestId: randomUUID(), digest: digestOf(payload?.payload) }] };
    },

    async presignInit(
      request: PresignInitRequest,
    ): Promise<MessageInitShape<typeof PresignInitResponseSchema>> {
      if (half.pool.size >= half.capacity) throw refusal(ErrorReason.PRESIGNATURE_POOL_FULL);
      const { run } = await beginPresign(tools, half.key());
      const presignSessionId = randomUUID();
      const presigning: Presigning = { version: 0, run, flight: "", answer: {} };
      presignings.set(presignSessionId, presigning);
      await advance(presigning, request.messages);
      const { version = 0, stage = PresignStage.UNSPECIFIED, messages = [] } = presigning.answer;
      return { presignSessionId, version, stage, messages };
    },

    async presignStep(
      request: PresignStepRequest,
    ): Promise<MessageInitShape<typeof PresignStepResponseSchema>> {
      const presigning = presignings.get(request.presignSessionId);
      if (presigning === undefined) throw refusal(ErrorReason.PRESIGN_SESSION_INVALID);
      if (request.version === presigning.version - 1) {
        if (flightOf(request.messages) === presigning.flight) return presigning.answer;
        presignings.delete(request.presignSessionId);
        throw refusal(ErrorReason.PRESIGN_ABORTED);
      }
      if (request.version !== presigning.version) throw refusal(ErrorReason.STALE_SESSION_STATE);
      await advance(presigning, request.messages);
      return presigning.answer;
    },

    signEcdsaInit(request: SignEcdsaInitRequest): MessageInitShape<typeof SignEcdsaInitResponseSchema> {
      const call = JSON.stringify(request, (_, value) => (value instanceof Uint8Array ? [...value] : value));
      const known = inits.get(call);
      if (known !== undefined) return answerTo(known);
      if (half.pool.size === 0) throw refusal(ErrorReason.PRESIGNATURE_POOL_EMPTY, 50);
      const name = text(request.presignatureId);
      const presignature = half.pool.get(name);
      if (presignature === undefined) throw refusal(ErrorReason.PRESIGNATURE_INVALID);
      half.pool.delete(name);
      const { digest, clientEntropyHash } = request;
      const id = randomUUID();
      signings.set(id, { presignature, digest, clientEntropyHash, relayerEntropy: random(32) });
      inits.set(call, id);
      return answerTo(id);
    },

    signEcdsaFinalize(
      request: SignEcdsaFinalizeRequest,
    ): MessageInitShape<typeof SignEcdsaFinalizeResponseSchema> {
      const { signingSessionId, clientEntropy } = request;
      const signing = signings.get(signingSessionId);
      if (signing === undefined) throw refusal(ErrorReason.SIGNING_SESSION_STALE);
      if (signing.answer !== undefined) return signing.answer;
      const { presignature, digest, clientEntropyHash, relayerEntropy } = signing;
      const revealed = createHash("sha256").update(clientEntropy).digest();
      if (!revealed.equals(clientEntropyHash)) throw refusal(ErrorReason.ROUND_MESSAGE_INVALID);
      const entropy = signingEntropy(signingSessionId, clientEntropy, relayerEntropy);
      const { publicKey } = half.key();
      const values = rerandomise(tools, { presignature, publicKey, digest, entropy });
      half.released.push(text(presignature.id));
      const data = encodeSignMessage(signatureShare(2, values, digest));
      signing.answer = { message: { phase: ProtocolPhase.SIGN, data } };
      return signing.answer;
    },

    getPresignaturePool(): MessageInitShape<typeof GetPresignaturePoolResponseSchema> {
      const presignatureIds = [...half.pool.values()].map(({ id }) => id);
      return { presignatureIds, refillBelow: half.refillBelow, capacity: half.capacity };
    },
  };

  async function advance(presigning: Presigning, messages: readonly ProtocolMessage[]): Promise<void> {
    const flight = messages.map(({ phase, data }) => {
      const name = (["triples", "presign", "sign"] as const).find((one) => PHASES[one] === phase);
      return { phase: name ?? "sign", data };
    });
    const made = await advancePresign(tools, half.key(), presigning.run, flight).catch((error) => {
      throw error instanceof ProtocolAbort ? refusal(ErrorReason.PRESIGN_ABORTED) : error;
    });
    presigning.version += 1;
    presigning.run = made.run;
    presigning.flight = flightOf(messages);
    presigning.answer = {
      version: presigning.version,
      stage: STAGES[made.run.stage],
      messages: made.flight.map(({ phase, data }) => ({ phase: PHASES[phase], data })),
      ...(made.presignature === undefined ? {} : { presignatureId: made.presignature.id }),
    };
    if (made.presignature !== undefined) half.pool.set(text(made.presignature.id), made.presignature);
  }

  function answerTo(signingSessionId: string): MessageInitShape<typeof SignEcdsaInitResponseSchema> {
    const { relayerEntropy } = signings.get(signingSessionId) ?? {};
    return { signingSessionId, relayerEntropy: relayerEntropy ?? new Uint8Array() };
  }

  return half;
}

export type EcdsaHalf = ReturnType<typeof ecdsaHalf>;

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function flightOf(messages: readonly ProtocolMessage[]): string {
  return messages.map(({ phase, data }) => `${phase} ${text(data)}`).join("\n");
}
