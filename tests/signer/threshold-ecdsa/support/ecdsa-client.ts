import { createHash, randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { groupKey } from "@countersign/crypto/keys-secp256k1.ts";
import type { Presignature } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import {
  combineSignature,
  decodeSignMessage,
  type EcdsaSignature,
  signatureShare,
} from "@countersign/crypto/ot-ecdsa/sign.ts";
import type { EcdsaPayloadSchema } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { ThresholdClient } from "../../threshold/support/threshold-signer.ts";
import {
  type GivenRequest,
  type PolicyInit,
  ThresholdWallet,
  type WalletOptions,
} from "../../threshold/support/threshold-wallet.ts";
import { ECDSA_WALLET } from "../../threshold/support/wallet-scheme.ts";
import { ClientPresign, onTheWire } from "./client-presign.ts";
import { clientTools } from "./client-tools.ts";

export type EcdsaPayloadInit = MessageInitShape<typeof EcdsaPayloadSchema>;

const EVM_PURPOSES: readonly Purpose[] = [
  Purpose.EVM_TRANSACTION,
  Purpose.EVM_MESSAGE,
  Purpose.EVM_TYPED_DATA,
  Purpose.EVM_AUTHORIZATION,
];

/** What a wallet knows between SignEcdsaInit and SignEcdsaFinalize. */
export interface BegunEcdsa {
  readonly signingSessionId: string;
  readonly digest: Uint8Array;
  readonly presignature: Presignature;
  readonly clientEntropy: Uint8Array;
  readonly relayerEntropy: Uint8Array;
}

const NOTHING = new Uint8Array();
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** The wallet's half of threshold ECDSA with a passkey in software; its calls are what a relay makes of them. */
export class EcdsaWallet extends ThresholdWallet {
  constructor(client: ThresholdClient, options: WalletOptions = {}) {
    super(client, { ...options, scheme: ECDSA_WALLET });
  }

  /** A wallet with a key. */
  static override async withKey(client: ThresholdClient, options?: WalletOptions): Promise<EcdsaWallet> {
    const wallet = new EcdsaWallet(client, options);
    await wallet.createKey();
    return wallet;
  }

  /** X, 33 bytes. */
  get publicKey(): Uint8Array {
    return groupKey(this.verifyingShare, this.key?.relayerVerifyingShare ?? NOTHING);
  }

  /** A session for all that EVM has, unless the policy says otherwise. */
  override mint(policy: PolicyInit = {}): Promise<string> {
    return super.mint({ purposes: EVM_PURPOSES, ...policy });
  }

  /** A presignature that is only begun on the client's side. */
  newPresign(): Promise<ClientPresign> {
    return ClientPresign.begin(this.share, this.publicKey);
  }

  presignInitRequest({ flight }: ClientPresign, sessionToken: string) {
    const { caller, keyId } = this;
    return { caller, request: { keyId, sessionToken, messages: onTheWire(flight) } };
  }

  presignStepRequest({ sessionId: presignSessionId, version, flight }: ClientPresign) {
    const { caller, keyId } = this;
    return { caller, request: { presignSessionId, keyId, version, messages: onTheWire(flight) } };
  }

  /** The first call. */
  async beginPresign(sessionToken: string, client = this.client): Promise<ClientPresign> {
    const presign = await this.newPresign();
    const { response } = await client.presignInit(this.presignInitRequest(presign, sessionToken));
    if (response === undefined) throw new Error("no answer");
    presign.sessionId = response.presignSessionId;
    await presign.take(response);
    return presign;
  }

  /** One more call. */
  async stepPresign(presign: ClientPresign, client = this.client): Promise<void> {
    const { response } = await client.presignStep(this.presignStepRequest(presign));
    if (response === undefined) throw new Error("no answer");
    await presign.take(response);
  }

  /** A whole presignature, which the signer has in its pool then. */
  async presign(sessionToken: string): Promise<Presignature> {
    const presign = await this.beginPresign(sessionToken);
    while (presign.presignature === undefined) await this.stepPresign(presign);
    return presign.presignature;
  }

  /** What the signer has. */
  async pool(): Promise<readonly Uint8Array[]> {
    const { caller, keyId } = this;
    const { response } = await this.client.getPresignaturePool({ caller, request: { keyId } });
    return response?.presignatureIds ?? [];
  }

  authorizeEcdsaRequest(payload: EcdsaPayloadInit, sessionToken: string) {
    const { caller, keyId } = this;
    const authority = { case: "sessionToken" as const, value: sessionToken };
    return { caller, request: { keyId, payload, authority } };
  }

  async authorizeEcdsa(payload: EcdsaPayloadInit, sessionToken: string): Promise<readonly GivenRequest[]> {
    const { response } = await this.client.authorizeEcdsa(this.authorizeEcdsaRequest(payload, sessionToken));
    return response?.requests ?? [];
  }

  ecdsaInitRequest({ requestId, digest }: GivenRequest, presignatureId: Uint8Array, entropy: Uint8Array) {
    const { caller, keyId } = this;
    const clientEntropyHash = sha256(entropy);
    return { caller, request: { requestId, keyId, digest, presignatureId, clientEntropyHash } };
  }

  /** The first call of a signature. */
  async beginEcdsa(
    given: GivenRequest,
    presignature: Presignature,
    clientEntropy = new Uint8Array(randomBytes(32)),
  ): Promise<BegunEcdsa> {
    const call = this.ecdsaInitRequest(given, presignature.id, clientEntropy);
    const { response } = await this.client.signEcdsaInit(call);
    const { signingSessionId = "", relayerEntropy = NOTHING } = response ?? {};
    return { signingSessionId, digest: given.digest, presignature, clientEntropy, relayerEntropy };
  }

  ecdsaFinalizeRequest({ signingSessionId, digest, clientEntropy }: BegunEcdsa) {
    const { caller, keyId } = this;
    return { caller, request: { signingSessionId, keyId, digest, clientEntropy } };
  }

  /** The signature of the relayer's message (SignEcdsaFinalizeResponse) and the client's share; it verifies. */
  combine(begun: BegunEcdsa, relayerMessage: Uint8Array): EcdsaSignature {
    const { signingSessionId, digest, presignature, clientEntropy, relayerEntropy } = begun;
    const entropy = signingEntropy(signingSessionId, clientEntropy, relayerEntropy);
    const { publicKey } = this;
    const values = rerandomise(clientTools, { presignature, publicKey, digest, entropy });
    const shares = [signatureShare(1, values, digest), decodeSignMessage(relayerMessage)] as const;
    return combineSignature(clientTools, { publicKey, digest, bigR: values.bigR, shares });
  }

  /** Signs what was authorised. */
  async signEcdsa(given: GivenRequest, presignature: Presignature): Promise<EcdsaSignature> {
    const begun = await this.beginEcdsa(given, presignature);
    const { response } = await this.client.signEcdsaFinalize(this.ecdsaFinalizeRequest(begun));
    return this.combine(begun, response?.message?.data ?? NOTHING);
  }
}
