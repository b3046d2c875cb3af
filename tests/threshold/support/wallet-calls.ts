import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import { PresignStage, ProtocolPhase } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { ThresholdRelay } from "./threshold-relay.ts";

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

/** A passkey's assertion of plausible sizes. */
export const ASSERTION = {
  credentialId: bytes(16, 1),
  clientDataJson: bytes(80, 2),
  authenticatorData: bytes(37, 3),
  signature: bytes(70, 4),
};

/** A call of a wallet's that breaks no rule of the contract. */
export interface WalletCall {
  readonly method: DescMethod;
  /** The signer's method that it is passed on to. */
  readonly signerMethod: string;
  /** The fields of the request. */
  readonly request: object;
  /** The fields of an answer. */
  readonly response: object;
  readonly make: (
    relay: Pick<ThresholdRelay, "keys" | "ed25519" | "ecdsa">,
    options?: CallOptions,
  ) => Promise<Message>;
}

const KEY_ID = "ed25519:key";
const NONCE = bytes(32, 5);
const DIGEST = bytes(32, 6);
const POINTS = { hiding: bytes(32, 7), binding: bytes(32, 8) };

const { method: key } = ThresholdKeyService;
const { method: ed25519 } = Ed25519SigningService;
const { method: ecdsa } = EcdsaSigningService;

export const beginKeyRequest = {
  schemeId: "threshold-ed25519-frost-2p-v1",
  network: "testnet",
  accountId: "alice.testnet",
  rpId: "wallet.example",
};

export const finishKeyRequest = {
  challenge: NONCE,
  clientVerifyingShare: bytes(32, 9),
  clientProof: bytes(64, 10),
  assertion: ASSERTION,
};

const authorizeRequest = {
  keyId: KEY_ID,
  payload: { payload: { case: "nearDelegate" as const, value: { delegateAction: bytes(100, 11) } } },
  authority: { case: "sessionToken" as const, value: "cst_token" },
};
const exportRequest = {
  keyId: KEY_ID,
  nonce: NONCE,
  recipientPublicKey: bytes(32, 12),
  assertion: ASSERTION,
};
const mintRequest = { keyId: KEY_ID, policy: bytes(4, 13), nonce: NONCE, assertion: ASSERTION };
const nonceRequest = { keyId: KEY_ID, use: NonceUse.SESSION };
const initRequest = { requestId: "request", keyId: KEY_ID, digest: DIGEST, clientCommitments: POINTS };
const finalizeRequest = {
  signingSessionId: "signing",
  keyId: KEY_ID,
  digest: DIGEST,
  clientSignatureShare: bytes(32, 14),
};

const authorizeEcdsaRequest = {
  keyId: KEY_ID,
  payload: { payload: { case: "evmMessage" as const, value: { message: bytes(100, 11) } } },
  authority: { case: "sessionToken" as const, value: "cst_token" },
};
const messages = [{ phase: ProtocolPhase.TRIPLES, data: bytes(120, 16) }];
const presignInitRequest = { keyId: KEY_ID, sessionToken: "cst_token", messages };
const presignStepRequest = { presignSessionId: "presign", keyId: KEY_ID, version: 1, messages };
const ecdsaInitRequest = {
  requestId: "request",
  keyId: KEY_ID,
  digest: DIGEST,
  presignatureId: bytes(32, 17),
  clientEntropyHash: bytes(32, 18),
};
const ecdsaFinalizeRequest = {
  signingSessionId: "signing",
  keyId: KEY_ID,
  digest: DIGEST,
  clientEntropy: bytes(32, 19),
};

/** Every method of the wallet's services, once. */
export const WALLET_CALLS: readonly WalletCall[] = [
  {
    method: key.beginKey,
    signerMethod: "beginThresholdKey",
    request: beginKeyRequest,
    response: { challenge: NONCE, epoch: 3, tenant: "acme", user: "u_alice" },
    make: ({ keys }, options) => keys.beginKey(beginKeyRequest, options),
  },
  {
    method: key.finishKey,
    signerMethod: "finishThresholdKey",
    request: finishKeyRequest,
    response: { key: { keyId: KEY_ID }, relayerProof: bytes(64, 15), clientId: 1, relayerId: 2 },
    make: ({ keys }, options) => keys.finishKey(finishKeyRequest, options),
  },
  {
    method: key.getKey,
    signerMethod: "getThresholdKey",
    request: { keyId: KEY_ID },
    response: { key: { keyId: KEY_ID, network: "testnet" } },
    make: ({ keys }, options) => keys.getKey({ keyId: KEY_ID }, options),
  },
  {
    method: key.listKeys,
    signerMethod: "listThresholdKeys",
    request: {},
    response: { keys: [{ keyId: KEY_ID }, { keyId: "ed25519:other" }] },
    make: ({ keys }, options) => keys.listKeys({}, options),
  },
  {
    method: key.createNonce,
    signerMethod: "createThresholdNonce",
    request: nonceRequest,
    response: { nonce: NONCE, tenant: "acme" },
    make: ({ keys }, options) => keys.createNonce(nonceRequest, options),
  },
  {
    method: key.mintSession,
    signerMethod: "mintThresholdSession",
    request: mintRequest,
    response: { token: "cst_token", maxUses: 100 },
    make: ({ keys }, options) => keys.mintSession(mintRequest, options),
  },
  {
    method: key.endSession,
    signerMethod: "endThresholdSession",
    request: { token: "cst_token" },
    response: {},
    make: ({ keys }, options) => keys.endSession({ token: "cst_token" }, options),
  },
  {
    method: key.exportShare,
    signerMethod: "exportThresholdShare",
    request: exportRequest,
    response: { encapsulatedKey: bytes(32, 16), sealedShare: bytes(48, 17) },
    make: ({ keys }, options) => keys.exportShare(exportRequest, options),
  },
  {
    method: ed25519.authorize,
    signerMethod: "authorizeEd25519",
    request: authorizeRequest,
    response: { requests: [{ requestId: "request", digest: DIGEST }] },
    make: ({ ed25519 }, options) => ed25519.authorize(authorizeRequest, options),
  },
  {
    method: ed25519.signInit,
    signerMethod: "signEd25519Init",
    request: initRequest,
    response: {
      signingSessionId: "signing",
      relayerCommitments: POINTS,
      relayerVerifyingShare: bytes(32, 18),
    },
    make: ({ ed25519 }, options) => ed25519.signInit(initRequest, options),
  },
  {
    method: ed25519.signFinalize,
    signerMethod: "signEd25519Finalize",
    request: finalizeRequest,
    response: { relayerSignatureShare: bytes(32, 19), signature: bytes(64, 20) },
    make: ({ ed25519 }, options) => ed25519.signFinalize(finalizeRequest, options),
  },
  {
    method: ecdsa.authorizeEcdsa,
    signerMethod: "authorizeEcdsa",
    request: authorizeEcdsaRequest,
    response: { requests: [{ requestId: "request", digest: DIGEST }] },
    make: ({ ecdsa }, options) => ecdsa.authorizeEcdsa(authorizeEcdsaRequest, options),
  },
  {
    method: ecdsa.presignInit,
    signerMethod: "presignInit",
    request: presignInitRequest,
    response: { presignSessionId: "presign", version: 1, stage: PresignStage.TRIPLES, messages },
    make: ({ ecdsa }, options) => ecdsa.presignInit(presignInitRequest, options),
  },
  {
    method: ecdsa.presignStep,
    signerMethod: "presignStep",
    request: presignStepRequest,
    response: { version: 5, stage: PresignStage.DONE, messages, presignatureId: bytes(32, 17) },
    make: ({ ecdsa }, options) => ecdsa.presignStep(presignStepRequest, options),
  },
  {
    method: ecdsa.signEcdsaInit,
    signerMethod: "signEcdsaInit",
    request: ecdsaInitRequest,
    response: { signingSessionId: "signing", relayerEntropy: bytes(32, 20) },
    make: ({ ecdsa }, options) => ecdsa.signEcdsaInit(ecdsaInitRequest, options),
  },
  {
    method: ecdsa.signEcdsaFinalize,
    signerMethod: "signEcdsaFinalize",
    request: ecdsaFinalizeRequest,
    response: { message: { phase: ProtocolPhase.SIGN, data: bytes(120, 21) } },
    make: ({ ecdsa }, options) => ecdsa.signEcdsaFinalize(ecdsaFinalizeRequest, options),
  },
  {
    method: ecdsa.getPresignaturePool,
    signerMethod: "getPresignaturePool",
    request: { keyId: KEY_ID },
    response: { presignatureIds: [bytes(32, 17)], refillBelow: 2, capacity: 8 },
    make: ({ ecdsa }, options) => ecdsa.getPresignaturePool({ keyId: KEY_ID }, options),
  },
];
