import { randomBytes } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  authorizeChallenge,
  exportChallenge,
  keyChallenge,
  sessionChallenge,
} from "@countersign/crypto/assertion-challenge.ts";
import { type Commitments, commit, signShare } from "@countersign/crypto/frost-ed25519.ts";
import type { PossessionContext } from "@countersign/crypto/possession.ts";
import type {
  Ed25519PayloadSchema,
  SigningRequest,
} from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import {
  NonceUse,
  Purpose,
  SessionPolicySchema,
  type ThresholdKey,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { parsePublicKey } from "@countersign/near";
import { type CeremonyOptions, SoftwarePasskey } from "../../../support/software-passkey.ts";
import { NETWORK, ORIGIN, RP_ID, TENANT, type ThresholdClient } from "./threshold-signer.ts";
import { ED25519_WALLET, type WalletScheme } from "./wallet-scheme.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

const ALL_PURPOSES: readonly Purpose[] = [
  Purpose.NEAR_TRANSACTION,
  Purpose.NEAR_DELEGATE,
  Purpose.NEP413_MESSAGE,
];

export type PayloadInit = MessageInitShape<typeof Ed25519PayloadSchema>;
export interface PolicyInit {
  readonly lifetimeSeconds?: number;
  readonly maxUses?: number;
  readonly purposes?: readonly Purpose[];
}

export interface WalletOptions {
  readonly tenant?: string;
  readonly user?: string;
  readonly network?: string;
  readonly accountId?: string;
  readonly rpId?: string;
  readonly origin?: string;
  readonly passkey?: SoftwarePasskey;
  /** The client's share, 32 bytes. */
  readonly share?: Uint8Array;
  /** Default: Ed25519's. */
  readonly scheme?: WalletScheme;
}

/** What a wallet knows between the rounds. */
export interface BegunRound {
  readonly digest: Uint8Array;
  /** Secret, and gone once they are used. */
  readonly nonces: Uint8Array;
  readonly clientCommitments: Commitments;
  readonly relayerCommitments: Commitments;
  readonly signingSessionId: string;
}

/** The right to one signature, as the signer gave it. */
export type GivenRequest = Pick<SigningRequest, "requestId" | "digest">;

/** The wallet's half of the protocol with a passkey in software; its calls are what a relay makes of them. */
export class ThresholdWallet {
  readonly client: ThresholdClient;
  readonly passkey: SoftwarePasskey;
  readonly caller: { readonly tenant: string; readonly user: string; readonly mergedUsers?: string[] };
  readonly network: string;
  readonly accountId: string;
  readonly rpId: string;
  readonly scheme: WalletScheme;
  readonly share: Uint8Array;
  readonly verifyingShare: Uint8Array;
  /** What `createKey` gave. */
  key: ThresholdKey | undefined;

  constructor(client: ThresholdClient, options: WalletOptions = {}) {
    this.client = client;
    this.caller = { tenant: options.tenant ?? TENANT, user: options.user ?? "user-1" };
    this.network = options.network ?? NETWORK;
    this.accountId = options.accountId ?? "alice.testnet";
    this.rpId = options.rpId ?? RP_ID;
    // As a browser has it: WebAuthn compares domains in lower case.
    const rpId = this.rpId.toLowerCase();
    const origin = options.origin ?? ORIGIN;
    this.passkey = options.passkey ?? new SoftwarePasskey({ rpId, origin });
    this.scheme = options.scheme ?? ED25519_WALLET;
    this.share = options.share ?? this.scheme.newShare(random(32), this.accountId, rpId);
    this.verifyingShare = this.scheme.verifyingShare(this.share);
  }

  /** A wallet with a key. */
  static async withKey(client: ThresholdClient, options?: WalletOptions): Promise<ThresholdWallet> {
    const wallet = new ThresholdWallet(client, options);
    await wallet.createKey();
    return wallet;
  }

  /** The same wallet, whose calls go to another signer, or are another user's, or are made with another passkey. */
  with(changed: Partial<Pick<ThresholdWallet, "client" | "caller" | "passkey">>): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, changed);
  }

  at(client: ThresholdClient): this {
    return this.with({ client });
  }

  get keyId(): string {
    return this.key?.keyId ?? "";
  }

  beginRequest() {
    const { caller, network, accountId, rpId } = this;
    return { caller, request: { schemeId: this.scheme.id, network, accountId, rpId } };
  }

  /** A challenge for a new key. */
  async challenge(): Promise<Uint8Array> {
    const { response } = await this.client.beginThresholdKey(this.beginRequest());
    return response?.challenge ?? new Uint8Array();
  }

  /** What the client's proof is bound to. */
  possession(challenge: Uint8Array): PossessionContext {
    const { network, accountId, rpId, caller, verifyingShare: ownShare } = this;
    const { tenant, user } = caller;
    const bound = { network, tenant, user, accountId, rpId, challenge };
    return { schemeId: this.scheme.id, role: "client", ...bound, ownShare, peerShare: new Uint8Array() };
  }

  finishRequest(challenge: Uint8Array, ceremony?: CeremonyOptions) {
    const { caller, verifyingShare: clientVerifyingShare } = this;
    const clientProof = this.scheme.prove(this.share, this.possession(challenge), random);
    const assertion = this.passkey.assert(keyChallenge(challenge, clientVerifyingShare), ceremony);
    const request = { challenge, clientVerifyingShare, clientProof, assertion };
    return { caller, request, credentialPublicKey: this.passkey.publicKey };
  }

  /** Creates the key, and checks what a wallet has to: the relayer's proof, and that the key is made of both shares. */
  async createKey(): Promise<ThresholdKey> {
    const challenge = await this.challenge();
    const { response } = await this.client.finishThresholdKey(this.finishRequest(challenge));
    const { key, relayerProof = new Uint8Array() } = response ?? {};
    if (key === undefined) throw new Error("no key");
    const { verifyingShare: peerShare } = this;
    const ownShare = key.relayerVerifyingShare;
    const context = { ...this.possession(challenge), role: "relayer" as const, ownShare, peerShare };
    if (!this.scheme.verify(relayerProof, context)) throw new Error("the relayer does not prove its share");
    if (this.scheme.keyId(this.network, peerShare, ownShare) !== key.keyId)
      throw new Error("a key of other shares");
    this.key = key;
    return key;
  }

  async nonce(use: NonceUse): Promise<Uint8Array> {
    const { caller, keyId } = this;
    const { response } = await this.client.createThresholdNonce({ caller, request: { keyId, use } });
    return response?.nonce ?? new Uint8Array();
  }

  mintRequest(
    nonce: Uint8Array,
    policy: PolicyInit = { purposes: ALL_PURPOSES },
    ceremony?: CeremonyOptions,
  ) {
    return this.mintRequestOf(
      nonce,
      toBinary(
        SessionPolicySchema,
        create(SessionPolicySchema, { ...policy, purposes: [...(policy.purposes ?? [])] }),
      ),
      ceremony,
    );
  }

  mintRequestOf(nonce: Uint8Array, policy: Uint8Array, ceremony?: CeremonyOptions) {
    const { caller, keyId } = this;
    const challenge = sessionChallenge({ nonce, policy, keyId, tenant: caller.tenant });
    return { caller, request: { keyId, policy, nonce, assertion: this.passkey.assert(challenge, ceremony) } };
  }

  /** Mints a session: its token. */
  async mint(policy?: PolicyInit): Promise<string> {
    const nonce = await this.nonce(NonceUse.SESSION);
    const { response } = await this.client.mintThresholdSession(this.mintRequest(nonce, policy));
    return response?.token ?? "";
  }

  authorizeRequest(payload: PayloadInit, sessionToken: string) {
    const { caller, keyId } = this;
    const authority = { case: "sessionToken" as const, value: sessionToken };
    return { caller, request: { keyId, payload, authority } };
  }

  /** Asks for the payload's digests to be signed by the right of an assertion alone. */
  singleUseRequest<P>(
    payload: P,
    nonce: Uint8Array,
    digests: readonly Uint8Array[],
    ceremony?: CeremonyOptions,
  ) {
    const { caller, keyId } = this;
    const challenge = authorizeChallenge({ nonce, digests, keyId, tenant: caller.tenant });
    const value = { nonce, assertion: this.passkey.assert(challenge, ceremony) };
    return { caller, request: { keyId, payload, authority: { case: "singleUse" as const, value } } };
  }

  async authorize(payload: PayloadInit, sessionToken: string): Promise<readonly GivenRequest[]> {
    const { response } = await this.client.authorizeEd25519(this.authorizeRequest(payload, sessionToken));
    return response?.requests ?? [];
  }

  /** Fresh nonces, and the call that begins a signature with them. */
  initRequest({ requestId, digest }: GivenRequest) {
    const { caller, keyId } = this;
    const { nonces, commitments: clientCommitments } = commit(this.share, random);
    return { nonces, call: { caller, request: { requestId, keyId, digest, clientCommitments } } };
  }

  async init(given: GivenRequest, client = this.client): Promise<BegunRound> {
    const { nonces, call } = this.initRequest(given);
    const { response } = await client.signEd25519Init(call);
    const { signingSessionId = "", relayerCommitments } = response ?? {};
    if (relayerCommitments === undefined) throw new Error("no commitments");
    const { digest, clientCommitments } = call.request;
    return { digest, nonces, clientCommitments, relayerCommitments, signingSessionId };
  }

  /** The call that ends a signature; the nonces are gone then. */
  finalizeRequest(round: BegunRound) {
    const { caller, keyId } = this;
    const { digest, signingSessionId, clientCommitments, relayerCommitments } = round;
    const publicKey = parsePublicKey(keyId).data;
    const signing = { groupKey: publicKey, message: digest, clientCommitments, relayerCommitments };
    const clientSignatureShare = signShare("client", this.share, round.nonces, signing);
    return { caller, request: { signingSessionId, keyId, digest, clientSignatureShare } };
  }

  /** Signs what was authorised: 64 bytes. */
  async sign(given: GivenRequest): Promise<Uint8Array> {
    const round = await this.init(given);
    const { response } = await this.client.signEd25519Finalize(this.finalizeRequest(round));
    return response?.signature ?? new Uint8Array();
  }

  exportRequest(nonce: Uint8Array, recipientPublicKey: Uint8Array, ceremony?: CeremonyOptions) {
    const { caller, keyId } = this;
    const challenge = exportChallenge({ tenant: caller.tenant, keyId, recipientPublicKey, nonce });
    const assertion = this.passkey.assert(challenge, ceremony);
    return { caller, request: { keyId, nonce, recipientPublicKey, assertion } };
  }
}
