import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import { SoftwarePasskey } from "../support/software-passkey.ts";
import { startTestRelay } from "../support/test-relay.ts";
import { ORIGIN, RP_ID, registrationJson } from "./passkey-world.ts";
import { callReason } from "./support/call-reason.ts";
import {
  bearer,
  sessionClient,
  sessionSettings,
  signIn,
  signInTenant,
  TENANT,
} from "./support/session-relay.ts";

/** PostgreSQL stores no NUL: a stranger who writes one must not look like a fault of ours. */
test.skipIf(postgresUrl === undefined)(
  "a text with NUL is refused before it reaches the ledger",
  async () => {
    const provider = await startOidcProvider();
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const relay = await startTestRelay({
      ledgerUrl: database.url,
      settings: { session: await sessionSettings() },
      tenants: [signInTenant(provider)],
    });
    onTestFinished(() => relay.stop());
    const anybody = sessionClient(relay.app.address);
    const { accessToken } = await signIn(anybody, provider);
    const user = sessionClient(relay.app.address, bearer(accessToken));
    expect(await callReason(user.revokeSession({ sessionId: "ses_\0" }))).toBe("FIELD_INVALID");
    expect(await callReason(user.unlinkIdentity({ identityId: "i_\0" }))).toBe("FIELD_INVALID");

    const begun = await anybody.beginPasskeyRegistration({ tenant: TENANT, rpId: RP_ID, userName: "bob" });
    const passkey = new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN });
    const made = registrationJson(passkey, JSON.parse(begun.optionsJson).challenge);
    const finish = (name: string) => {
      const { registrationId } = begun;
      return anybody.finishPasskeyRegistration({
        registrationId,
        credentialJson: JSON.stringify(made),
        name,
      });
    };
    expect(await callReason(finish("my\0key"))).toBe("FIELD_INVALID");
    // Nothing was used up.
    expect(await callReason(finish("my key"))).toBe("none");
  },
);
