import { type ConfigSecret, readSecret } from "@countersign/service-kit";

/** The token that requests carry. Vault Agent renews one in a file, and writes another when it cannot. */
export class VaultToken {
  #token: ConfigSecret;

  constructor(token: ConfigSecret) {
    this.#token = token;
  }

  reveal(): string {
    return this.#token.reveal();
  }

  /**
   * For a request that was refused with the token `sent`: reads the file again, and says whether there is another
   * token now. False for a token that came from elsewhere.
   */
  renewed(sent: string): boolean {
    const reference = this.#token.shown;
    if (!reference.startsWith("file:")) return false;
    try {
      this.#token = readSecret(reference, {});
    } catch {
      // Just being replaced, or gone: then the token that there was stays the best one to show.
    }
    // Both come from the operator's file: nobody who could time this comparison chooses either.
    return this.#token.reveal() !== sent;
  }
}
