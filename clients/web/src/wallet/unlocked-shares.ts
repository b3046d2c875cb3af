import { base64Encode } from "@bufbuild/protobuf/wire";
import type { Vault } from "../vault/vault-client.ts";
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
  readonly #shares = new Map<string, UnlockedShare>();

  constructor(vault: Vault, passkeys: Passkeys, rpId: string) {
    this.#vault = vault;
    this.#passkeys = passkeys;
    this.#rpId = rpId;
  }

  get(accountId: string, credentialId: Uint8Array): UnlockedShare | undefined {
    return this.#shares.get(nameOf(accountId, credentialId));
  }

  /** Gives a PRF result to the vault, which takes it away. Without a result or an account there is nothing to unlock. */
  async take(
    { prfFirst, credentialId }: PasskeyAnswer,
    accountId: string | undefined,
  ): Promise<UnlockedShare | undefined> {
    if (prfFirst === undefined || accountId === undefined) {
      wipe(prfFirst);
      return undefined;
    }
    const of = { prfFirst, accountId, rpId: this.#rpId };
    const share = { ...(await fromVault(this.#vault.unlock(of))), credentialId };
    this.#shares.set(nameOf(accountId, credentialId), share);
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

  /** Erases all of them. */
  async lock(): Promise<void> {
    this.#shares.clear();
    await this.#vault.lock({});
  }
}

function nameOf(accountId: string, credentialId: Uint8Array): string {
  return `${accountId} ${base64Encode(credentialId, "url")}`;
}
