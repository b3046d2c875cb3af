import { createHmac } from "node:crypto";
import { PRF_INPUT } from "@countersign/crypto/derive.ts";
import { registrationJson, signInJson } from "../../../../clients/web/src/wallet/credential-json.ts";
import type { Passkeys } from "../../../../clients/web/src/wallet/passkeys.ts";
import { SoftwarePasskey } from "../../../support/software-passkey.ts";

export const RP_ID = "wallet.example";
export const ORIGIN = "https://wallet.example";

/** One passkey in software that also has a PRF, as `navigator.credentials` would use it. */
export interface SoftwarePasskeys extends Passkeys {
  /** How often it was asked, and whether for its PRF. */
  readonly touches: { readonly challenge: Uint8Array; readonly withPrf: boolean }[];
  /** PRF results that were handed out: what is left of them. */
  readonly results: ArrayBuffer[];
}

export function softwarePasskeys(): SoftwarePasskeys {
  const passkey = new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN });
  const touches: SoftwarePasskeys["touches"] = [];
  const results: ArrayBuffer[] = [];
  const { credentialId } = passkey;
  let userHandle: Uint8Array | undefined;
  const evaluate = (withPrf: boolean) => {
    if (!withPrf) return undefined;
    const first = new Uint8Array(createHmac("sha256", passkey.credentialId).update(PRF_INPUT).digest())
      .buffer;
    results.push(first);
    return first;
  };
  const challengeOf = (optionsJson: string) =>
    new Uint8Array(Buffer.from(JSON.parse(optionsJson).challenge, "base64url"));
  return {
    touches,
    results,
    async register(optionsJson) {
      const challenge = challengeOf(optionsJson);
      touches.push({ challenge, withPrf: true });
      const { user }: { user?: { id: string } } = JSON.parse(optionsJson);
      userHandle = user && Buffer.from(user.id, "base64url");
      const made = passkey.register(challenge);
      const credentialJson = registrationJson({ ...made, transports: ["internal"] });
      return { credentialId, credentialJson, prfFirst: evaluate(true) };
    },
    async signIn(optionsJson) {
      const challenge = challengeOf(optionsJson);
      touches.push({ challenge, withPrf: true });
      const credentialJson = signInJson({ ...passkey.assert(challenge), userHandle });
      return { credentialId, credentialJson, prfFirst: evaluate(true) };
    },
    async assert({ challenge, withPrf }) {
      touches.push({ challenge, withPrf });
      return { credentialId, assertion: passkey.assert(challenge), prfFirst: evaluate(withPrf) };
    },
  };
}
