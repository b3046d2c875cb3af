import { AppTokenMinter } from "@countersign/server/session/app-token-minter.ts";
import { SigningKeys } from "@countersign/server/session/signing-keys.ts";
import { Secret } from "@countersign/service-kit";
import { registrationJson } from "../../session/passkey-world.ts";
import { ISSUER, SIGNING_SEED, sessionClient } from "../../session/support/session-relay.ts";
import { PROTECTED_WALLET } from "../../support/protected-relay.ts";
import { SoftwarePasskey } from "../../support/software-passkey.ts";

/** The access token of a new user of the open tenant, who has just signed in with a passkey. */
export async function signedInToken(address: string): Promise<string> {
  const { tenant, rpId, origin } = PROTECTED_WALLET;
  const client = sessionClient(address);
  const begun = await client.beginPasskeyRegistration({ tenant, rpId, userName: "alice" });
  const { challenge } = JSON.parse(begun.optionsJson);
  const { signedIn } = await client.finishPasskeyRegistration({
    registrationId: begun.registrationId,
    credentialJson: JSON.stringify(registrationJson(new SoftwarePasskey({ rpId, origin }), challenge)),
  });
  return signedIn?.accessToken ?? "";
}

/** The same of a user whose session has ended. */
export async function endedToken(address: string): Promise<string> {
  const token = await signedInToken(address);
  await sessionClient(address, { authorization: `Bearer ${token}` }).revokeSession({});
  return token;
}

/** An access token that somebody made with this key: by default the relay's own. */
export async function madeToken(at: Date, seed: string = SIGNING_SEED): Promise<string> {
  const now = () => at;
  const keys = new SigningKeys([{ id: "k1", seed: new Secret(seed) }], now);
  const minter = new AppTokenMinter({ issuer: ISSUER, audience: "countersign", lifetimeS: 300, keys, now });
  const later = new Date(at.getTime() + 3_600_000);
  const session = { id: "ses_1", tenant: PROTECTED_WALLET.tenant, userId: "u_1" };
  const times = { createdAt: at, refreshedAt: at, idleAt: later, expiresAt: later };
  return (await minter.mint({ ...session, ...times })).token;
}
