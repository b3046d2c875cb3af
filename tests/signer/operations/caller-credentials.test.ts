import { writeFileSync } from "node:fs";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { type Ledger, SCOPES } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { operatorsAudit } from "../../support/prepared-ledger.ts";
import { submitSurely } from "../../support/submitting.ts";
import { keyHeaders, testKey } from "../../support/tenants.ts";
import { OPEN_POLICY } from "../../support/test-tenant.ts";
import { delegateAction } from "../support/transactions.ts";
import { askToSign, relayersTransaction } from "./support/key-changes.ts";
import { POLICY } from "./support/one-key.ts";
import { keystorePlace } from "./support/places.ts";
import { openJournal, type Relay, startChain, startRelay } from "./support/relaying.ts";

const API_KEY = testKey(40);

/** Somebody whose tokens prove who a tenant's callers are. */
async function issuerOf(tenant: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }] });
  const issuer = `https://login.${tenant}.test`;
  const token = () =>
    new SignJWT({ iss: issuer, aud: "relay", sub: "user-1" })
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  return { tenant, issuer, jwks, token };
}

type Issuer = Awaited<ReturnType<typeof issuerOf>>;

/** As an operator of the relay names a tenant's issuer. */
async function trust(ledger: Ledger, { tenant, issuer, jwks }: Issuer): Promise<void> {
  const entry = {
    issuer,
    audience: "relay",
    jwksUri: "",
    jwksJson: jwks,
    algorithms: ["ES256"],
    clockSkewSeconds: 5,
    subjectPrefix: "",
    scopes: SCOPES,
  };
  await ledger.updateTenant(tenant, 1n, { tokenIssuers: [entry] }, operatorsAudit(tenant, new Date()));
}

it("in hard mode the signer signs for callers whose tokens it verifies itself, whatever the relay claims", async () => {
  const issuers = [await issuerOf("acme"), await issuerOf("globex")] as const;
  const [acme, globex] = issuers;
  const operator = await keystorePlace("first");
  const tenants = issuers.map(({ tenant, issuer, jwks }) => {
    writeFileSync(operator.file(`${tenant}.json`), jwks);
    return [tenant, [{ issuer, audience: "relay", jwks_file: operator.file(`${tenant}.json`) }]];
  });
  operator.configure({
    policies: { first: POLICY },
    caller_credentials: { tenants: Object.fromEntries(tenants) },
  });
  await operator.start();
  const key = (await operator.keys()).first?.public_key ?? "";
  const chain = await startChain([key]);
  await openJournal(operator, chain);
  const relay = await startRelay(chain, operator, {
    keyIds: ["first"],
    settings: { "signer.pass_credentials": "true" },
    tenants: issuers.map(({ tenant }) => ({
      tenant,
      policy: OPEN_POLICY,
      keys: tenant === "acme" ? [{ minted: API_KEY }] : [],
    })),
    prepare: async (url) => {
      const ledger = await openLedger(new Secret(url));
      for (const issuer of issuers) await trust(ledger, issuer);
      await ledger.close();
    },
  });
  const submit = async (headers: Record<string, string>, through: Relay = relay): Promise<Submission> => {
    const client = through.client(headers);
    const delegate = await chain.wallets[0]?.delegate();
    return submitSurely(() => client, delegate ?? new Uint8Array(), WaitUntil.FINAL);
  };

  for (const { token } of issuers) {
    const { state } = await submit({ authorization: `Bearer ${await token()}` });
    expect(state).toBe(SubmissionState.SUCCEEDED);
  }
  const refused = await submit(keyHeaders(API_KEY));
  expect(refused.state).toBe(SubmissionState.REJECTED);
  expect(JSON.stringify(refused.failure, (_, v) => (typeof v === "bigint" ? `${v}` : v))).toMatch(
    /the signer refused: SIGNER_CREDENTIAL_INVALID/,
  );

  // A relay in an attacker's hands says that one tenant's caller is another's.
  const nonce = (chain.devnet.chain.stateAt().accessKey("relay.test", key)?.nonce ?? 0n) + 10n;
  const transaction = relayersTransaction(chain, key, nonce, [await delegateAction()], "alice.testnet");
  const ask = async (tenant: string, credential: string) => {
    const asked = { keyId: "first", transaction, purpose: Purpose.DELEGATE, tenant, credential };
    const outcome = await askToSign(operator, asked);
    return "reason" in outcome ? outcome.reason : "signed";
  };
  expect(await ask("acme", await globex.token())).toBe("SIGNER_CREDENTIAL_INVALID");
  expect(await ask("acme", "")).toBe("SIGNER_CREDENTIAL_INVALID");
  expect(await ask("", await acme.token())).toBe("SIGNER_CREDENTIAL_INVALID");
  expect(await ask("acme", await acme.token())).toBe("signed");
});
