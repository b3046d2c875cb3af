import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { sessionChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { NonceUse, SessionPolicySchema } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { errorOf } from "../countersign-error.ts";
import { sameBytes } from "../vault/same-bytes.ts";
import { cancelled } from "./app-session.ts";
import { schemeOf } from "./key-scheme.ts";
import type { WalletCall } from "./wallet.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, notReady, untrue } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

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

/** Reasons for which a session is minted again, once. */
const SESSION_OVER = ["THRESHOLD_SESSION_EXPIRED", "THRESHOLD_SESSION_EXHAUSTED"];

/** The threshold sessions of a wallet's keys: tokens, in memory alone. */
export class ThresholdSessions {
  readonly #context: WalletContext;
  readonly #held = new Map<string, Held>();
  readonly #minting = new Map<string, Promise<void>>();

  constructor(context: WalletContext) {
    this.#context = context;
  }

  /**
   * Mints a session for the key, with one touch of its passkey. It takes the place of the key's present one. Throws CANCELED
   * also when the shares are erased meanwhile.
   */
  async mint(
    key: WalletKey,
    policy: ThresholdSessionPolicy,
    callers: AbortSignal | undefined,
  ): Promise<MintedSession> {
    const { keyService, tenant, rpId, passkeys, shares } = this.#context;
    const { keyId, accountId, credentialId } = key;
    const { untilLocked } = shares;
    const signal = callers === undefined ? untilLocked : AbortSignal.any([callers, untilLocked]);
    const call = { signal };
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
    if (untilLocked.aborted) throw cancelled(untilLocked);
    this.#held.set(keyId, { token, policy });
    return { expiresAt: timestampDate(expiresAt), maxUses };
  }

  /**
   * Asks with the token of the key's session; one is minted where there is none, and again, with the same policy, when it
   * turns out to be over.
   */
  async with<T>(
    key: WalletKey,
    signal: AbortSignal | undefined,
    ask: (token: string) => Promise<T>,
  ): Promise<T> {
    const held = this.#held.get(key.keyId) ?? (await this.#minted(key, defaultPolicy(key), signal));
    try {
      return await ask(held.token);
    } catch (thrown) {
      const error = errorOf(thrown);
      if (!SESSION_OVER.includes(error.reason)) throw error;
      const { token } = await this.#after(held, key, signal);
      return ask(token);
    }
  }

  /** The token of the key's session, for what nobody is to be asked for. */
  heldToken(keyId: string): string | undefined {
    return this.#held.get(keyId)?.token;
  }

  /** Makes the vault ready to sign with the key; asks for the passkey when its share is not there. */
  async ready(key: WalletKey, signal: AbortSignal | undefined): Promise<void> {
    const { shares, vault } = this.#context;
    const scheme = schemeOf(key);
    const unlocked = await shares.unlock(key.accountId, key.credentialId, signal);
    if (!sameBytes(key.clientVerifyingShare, scheme.publicShare(unlocked))) {
      throw notReady("THRESHOLD_KEY_NOT_FOUND", "the passkey derives another share than the key's");
    }
    const { keyId, network, relayerVerifyingShare } = key;
    const { shareId } = unlocked;
    await fromVault(scheme.adopt(vault, { shareId, keyId, network, relayerVerifyingShare }));
  }

  /** Forgets all sessions, at once. */
  drop(): void {
    this.#held.clear();
  }

  /** Forgets all sessions, at once, and ends them, as far as the relay can be reached. */
  async end(call: WalletCall): Promise<void> {
    const { keyService } = this.#context;
    const tokens = [...this.#held.values()];
    this.drop();
    await Promise.allSettled(tokens.map(({ token }) => keyService.endSession({ token }, call)));
  }

  /** A session after `stale`, which is over: minted once for all that ask. */
  async #after(stale: Held, key: WalletKey, signal: AbortSignal | undefined): Promise<Held> {
    const held = this.#held.get(key.keyId);
    if (held !== undefined && held.token !== stale.token) return held;
    return this.#minted(key, stale.policy, signal);
  }

  async #minted(
    key: WalletKey,
    policy: ThresholdSessionPolicy,
    signal: AbortSignal | undefined,
  ): Promise<Held> {
    const { keyId } = key;
    const running = this.#minting.get(keyId) ?? this.#mintOnce(key, policy, signal);
    await running;
    const held = this.#held.get(keyId);
    if (held === undefined) throw notReady("THRESHOLD_SESSION_INVALID", "the session was ended meanwhile");
    return held;
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

/** 15 minutes and 100 uses, which is what the signer gives when nothing is asked for. */
function defaultPolicy(key: WalletKey): ThresholdSessionPolicy {
  return { purposes: [...schemeOf(key).purposes] };
}
