import { base64Encode } from "@bufbuild/protobuf/wire";
import { Code } from "@connectrpc/connect";
import { CountersignError, isReasonName } from "../countersign-error.ts";
import type { TextStore } from "./text-store.ts";

/** A redirect that came back. */
export interface Returned {
  readonly code: string;
  readonly verifier: string;
}

/** The wallet's side of a sign-in by redirect: its verifier (RFC 7636) waits in `store`, under `name`. */
export class Redirect {
  readonly #store: TextStore;
  readonly #name: string;

  constructor(store: TextStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Draws a verifier; the latest one counts. */
  async begin(of: {
    readonly relayUrl: string;
    readonly tenant: string;
    readonly providerId: string;
    readonly returnTo: string;
  }): Promise<URL> {
    const verifier = base64Encode(crypto.getRandomValues(new Uint8Array(32)), "url");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    this.#store.setItem(this.#name, verifier);
    const start = new URL(`/auth/${encodeURIComponent(of.providerId)}/start`, of.relayUrl);
    start.search = new URLSearchParams({
      tenant: of.tenant,
      return_to: of.returnTo,
      challenge: base64Encode(new Uint8Array(digest), "url"),
    }).toString();
    return start;
  }

  /** Undefined for an address of no redirect. Throws CountersignError with the reason that the relay gave. */
  take(address: string | URL): Returned | undefined {
    const verifier = this.#store.getItem(this.#name);
    const fragment = new URLSearchParams(new URL(address).hash.slice(1));
    const code = fragment.get("code");
    const refusal = fragment.get("error") ?? undefined;
    if (verifier === null || (code === null && refusal === undefined)) return undefined;
    this.#store.removeItem(this.#name);
    if (code !== null) return { code, verifier };
    throw new CountersignError("the sign-in at the identity provider failed", {
      reason: isReasonName(refusal) ? refusal : "UNSPECIFIED",
      code: Code.PermissionDenied,
    });
  }
}
