import { base64Encode } from "@bufbuild/protobuf/wire";
import type { Vault } from "../vault/vault-client.ts";
import { cancelled } from "./app-session.ts";
import { type PasskeyAnswer, type Passkeys, wipe } from "./passkeys.ts";
import { fromVault, noPrf } from "./wallet-errors.ts";

/** The shares of an account that the vault holds, one for each scheme, and the passkey that they came from. */
export interface UnlockedShare {
  readonly shareId: string;
  /** Of Ed25519: 32 bytes. */
  readonly verifyingShare: Uint8Array;
  /** Of secp256k1: 33 bytes. */
  readonly ecdsaVerifyingShare: Uint8Array;
  readonly credentialId: Uint8Array;
}

/** The shares that are in the vault, by account and passkey. */
export class UnlockedShares {
  readonly #vault: Vault;
  readonly #passkeys: Passkeys;
  readonly #rpId: string;
  readonly #opened: (accountId: string, share: UnlockedShare) => void;
  readonly #shares = new Map<string, UnlockedShare>();
  #work = new AbortController();

  /** @param opened is told of all shares that come into the vault */
  constructor(
    vault: Vault,
    passkeys: Passkeys,
    rpId: string,
    opened: (accountId: string, share: UnlockedShare) => void,
  ) {
    this.#vault = vault;
    this.#passkeys = passkeys;
    this.#rpId = rpId;
    this.#opened = opened;
  }

  /** Aborts when the shares are erased the next time: what began before is not to open any afterwards. */
  get untilLocked(): AbortSignal {
    return this.#work.signal;
  }

  get(accountId: string, credentialId: Uint8Array): UnlockedShare | undefined {
    return this.#shares.get(nameOf(accountId, credentialId));
  }

  /** The account's of a passkey; of any one, if none is named. */
  find(accountId: string, credentialId: Uint8Array | undefined): UnlockedShare | undefined {
    if (credentialId !== undefined) return this.get(accountId, credentialId);
    return [...this.#shares.values()].find((share) => this.get(accountId, share.credentialId) === share);
  }

  /** Takes shares that the vault has opened. */
  put(accountId: string, share: UnlockedShare): void {
    this.#shares.set(nameOf(accountId, share.credentialId), share);
    this.#opened(accountId, share);
  }

  /**
   * Gives a PRF result to the vault, which takes it away. Without a result or an account there is nothing to unlock. Throws
   * CANCELED when the shares are erased meanwhile.
   */
  async take(
    { prfFirst, credentialId }: PasskeyAnswer,
    accountId: string | undefined,
  ): Promise<UnlockedShare | undefined> {
    if (prfFirst === undefined || accountId === undefined) {
      wipe(prfFirst);
      return undefined;
    }
    const { untilLocked } = this;
    const of = { prfFirst, accountId, rpId: this.#rpId };
    const share = { ...(await fromVault(this.#vault.unlock(of))), credentialId };
    // The vault was told in this order, so it has erased them.
    if (untilLocked.aborted) throw cancelled(untilLocked);
    this.put(accountId, share);
    return share;
  }

  /**
   * The account's share of a passkey; asks for the passkey when the vault does not hold it. Nothing of that ceremony is
   * sent.
   * @param credentialId undefined for whichever the user picks
   */
  async unlock(
    accountId: string,
    credentialId: Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<UnlockedShare> {
    const held = credentialId && this.get(accountId, credentialId);
    if (held !== undefined) return held;
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    const allow = credentialId === undefined ? [] : [credentialId];
    const answer = await this.#passkeys.assert({ rpId: this.#rpId, challenge, allow, withPrf: true }, signal);
    const share = await this.take(answer, accountId);
    if (share !== undefined) return share;
    throw noPrf();
  }

  /** Erases all of them, and ends what would open more. The page's are gone at once. */
  async lock(): Promise<void> {
    this.#shares.clear();
    this.#work.abort();
    this.#work = new AbortController();
    await this.#vault.lock({});
  }
}

function nameOf(accountId: string, credentialId: Uint8Array): string {
  return `${accountId} ${base64Encode(credentialId, "url")}`;
}
