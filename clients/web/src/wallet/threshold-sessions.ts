import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { sessionChallenge } from "@countersign/crypto/assertion-challenge.ts";
import {
  NonceUse,
  Purpose,
  SessionPolicySchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, notReady, untrue } from "./wallet-errors.ts";
import { isShareOf, type WalletKey } from "./wallet-key.ts";

/** What a threshold session may do; lifetime and uses are bounded by the signer. */
export type ThresholdSessionPolicy = Omit<MessageInitShape<typeof SessionPolicySchema>, "$typeName">;

/** A session that was minted. */
export interface MintedSession {
  readonly expiresAt: Date;
  /** How many digests may be signed. */
  readonly maxUses: number;
}

interface Held {
  readonly token: string;
  readonly policy: ThresholdSessionPolicy;
}

/** 15 minutes and 100 uses, which is what the signer gives when nothing is asked for. */
const DEFAULT_POLICY: ThresholdSessionPolicy = {
  purposes: [Purpose.NEAR_TRANSACTION, Purpose.NEAR_DELEGATE, Purpose.NEP413_MESSAGE],
};

/** The threshold sessions of a wallet's keys: tokens, in memory alone. */
export class ThresholdSessions {
  readonly #context: WalletContext;
  readonly #held = new Map<string, Held>();
  readonly #minting = new Map<string, Promise<void>>();

  constructor(context: WalletContext) {
    this.#context = context;
  }

  /** Mints a session for the key, with one touch of its passkey. It takes the place of the key's present one. */
  async mint(
    key: WalletKey,
    policy: ThresholdSessionPolicy,
    signal: AbortSignal | undefined,
  ): Promise<MintedSession> {
    const { keyService, tenant, rpId, passkeys, shares } = this.#context;
    const { keyId, accountId, credentialId } = key;
    const call = signal === undefined ? {} : { signal };
    const given = await keyService.createNonce({ keyId, use: NonceUse.SESSION }, call);
    if (given.tenant !== tenant) throw untrue("ASSERTION_INVALID", "the nonce is another tenant's");
    const { nonce } = given;
    const bytes = toBinary(SessionPolicySchema, create(SessionPolicySchema, policy));
    const challenge = sessionChallenge({ nonce, policy: bytes, keyId, tenant });
    const withPrf = shares.get(accountId, credentialId) === undefined;
    const answer = await passkeys.assert({ rpId, challenge, allow: [credentialId], withPrf }, signal);
    await shares.take(answer, withPrf ? accountId : undefined);
    const { assertion } = answer;
    const minted = await keyService.mintSession({ keyId, policy: bytes, nonce, assertion }, call);
    const { token, expiresAt, maxUses } = minted;
    if (token === "" || expiresAt === undefined) {
      throw untrue("THRESHOLD_SESSION_INVALID", "the relay gave no threshold session");
    }
    this.#held.set(keyId, { token, policy });
    return { expiresAt: timestampDate(expiresAt), maxUses };
  }

  /** The token of the key's session; one is minted where there is none. */
  async token(key: WalletKey, signal: AbortSignal | undefined): Promise<string> {
    const held = this.#held.get(key.keyId);
    if (held !== undefined) return held.token;
    return this.#minted(key, DEFAULT_POLICY, signal);
  }

  /** The token of a session after `stale`, which is over: minted with the same policy, once for all that ask. */
  async tokenAfter(stale: string, key: WalletKey, signal: AbortSignal | undefined): Promise<string> {
    const held = this.#held.get(key.keyId);
    if (held !== undefined && held.token !== stale) return held.token;
    return this.#minted(key, held?.policy ?? DEFAULT_POLICY, signal);
  }

  /** Makes the vault ready to sign with the key; asks for the passkey when its share is not there. */
  async ready(key: WalletKey, signal: AbortSignal | undefined): Promise<void> {
    const { shares, vault } = this.#context;
    const { shareId, verifyingShare } = await shares.unlock(key.accountId, key.credentialId, signal);
    if (!isShareOf(key, verifyingShare)) {
      throw notReady("THRESHOLD_KEY_NOT_FOUND", "the passkey derives another share than the key's");
    }
    const { keyId, relayerVerifyingShare } = key;
    await fromVault(vault.adopt({ shareId, keyId, relayerVerifyingShare }));
  }

  /** Ends all sessions, as far as the relay can be reached. */
  async end(): Promise<void> {
    const { keyService } = this.#context;
    const tokens = [...this.#held.values()];
    this.#held.clear();
    await Promise.allSettled(tokens.map(({ token }) => keyService.endSession({ token })));
  }

  async #minted(
    key: WalletKey,
    policy: ThresholdSessionPolicy,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { keyId } = key;
    const running = this.#minting.get(keyId) ?? this.#mintOnce(key, policy, signal);
    await running;
    const held = this.#held.get(keyId);
    if (held === undefined) throw notReady("THRESHOLD_SESSION_INVALID", "the session was ended meanwhile");
    return held.token;
  }

  /** One ceremony at a time: browsers refuse a second one. */
  #mintOnce(key: WalletKey, policy: ThresholdSessionPolicy, signal: AbortSignal | undefined): Promise<void> {
    const minting = this.mint(key, policy, signal)
      .then(() => {})
      .finally(() => this.#minting.delete(key.keyId));
    this.#minting.set(key.keyId, minting);
    return minting;
  }
}
