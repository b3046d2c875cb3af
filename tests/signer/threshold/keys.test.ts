import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@connectrpc/connect";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { describe, expect, test } from "vitest";
import { SoftwarePasskey } from "../../support/software-passkey.ts";
import { testBackend } from "../../support/test-signer.ts";
import { PASSPHRASE_ENV, relayerSettings } from "../support/one-relayer.ts";
import { configFile, runLockedSigner } from "../support/running-signer.ts";
import { unixTransport } from "../support/signer-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { delegate } from "./support/payloads.ts";
import { outcomeOf } from "./support/reason.ts";
import {
  NETWORK,
  SECRETS_ENV,
  startThresholdSigner,
  type ThresholdClient,
  thresholdSettings,
} from "./support/threshold-signer.ts";
import { ThresholdWallet } from "./support/threshold-wallet.ts";

describe("a client share that somebody else has registered", () => {
  test("is of no use to whoever saw all that was sent for it", async () => {
    const { client } = await startThresholdSigner();
    const alice = new ThresholdWallet(client);
    const sent = alice.finishRequest(await alice.challenge());
    await client.finishThresholdKey(sent);
    const mallory = new ThresholdWallet(client, { user: "mallory" });
    const { caller, credentialPublicKey } = mallory.finishRequest(await mallory.challenge());
    const replay = (challenge: Uint8Array) =>
      outcomeOf(
        client.finishThresholdKey({ caller, request: { ...sent.request, challenge }, credentialPublicKey }),
      );
    expect(await replay(sent.request.challenge)).toBe("THRESHOLD_CHALLENGE_INVALID");
    expect(await replay(await alice.challenge())).toBe("THRESHOLD_CHALLENGE_INVALID");
    expect(await replay(await mallory.challenge())).toBe("POSSESSION_PROOF_INVALID");
  });

  test.each<[string, (alice: ThresholdWallet) => ConstructorParameters<typeof ThresholdWallet>[1]]>([
    ["another user", ({ share, passkey }) => ({ share, passkey, user: "user-2" })],
    ["another passkey", ({ share }) => ({ share })],
  ])("gives its key to the one who registered it, not to %s that has it", async (_, optionsOf) => {
    const { client } = await startThresholdSigner();
    const alice = await ThresholdWallet.withKey(client);
    const other = new ThresholdWallet(client, optionsOf(alice));
    expect(await outcomeOf(other.createKey())).toBe("THRESHOLD_KEY_EXISTS");
    const renamed = Object.assign(new SoftwarePasskey(alice.passkey), {
      credentialId: alice.passkey.credentialId,
    });
    const spoofed = new ThresholdWallet(client, { share: alice.share, passkey: renamed });
    expect(await outcomeOf(spoofed.createKey())).toBe("THRESHOLD_KEY_EXISTS");
  });

  test("makes another key for another account or relying party, which is another name", async () => {
    const { client } = await startThresholdSigner();
    const alice = await ThresholdWallet.withKey(client);
    const bob = await ThresholdWallet.withKey(client, { share: alice.share, accountId: "bob.testnet" });
    expect(bob.keyId).not.toBe(alice.keyId);
  });
});

test("a relayer's share of its choosing needs a proof that nobody can make: the wallet refuses the key", async () => {
  const { client } = await startThresholdSigner();
  const alice = new ThresholdWallet(client);
  const lying: ThresholdClient = {
    ...client,
    finishThresholdKey: async (call) => {
      const { response } = await client.finishThresholdKey(call);
      // P_r = 2·P_c − x·B would make the key the relay's own; any point that is not proved will do here.
      const key = response?.key;
      if (response === undefined || key === undefined) throw new Error("no key");
      const relayerVerifyingShare = alice.verifyingShare;
      const lie = { ...key, relayerVerifyingShare };
      return {
        $typeName: "countersign.signer.v1.FinishThresholdKeyResponse",
        response: { ...response, key: lie },
      };
    },
  };
  const deceived = new ThresholdWallet(lying, { share: alice.share, passkey: alice.passkey });
  await expect(deceived.createKey()).rejects.toThrow("the relayer does not prove its share");
});

/** A signer whose configuration may be changed. */
async function reloadableSigner(threshold: object | undefined) {
  const settings = relayerSettings(temporaryDirectory(), "unused", { policies: {}, threshold });
  const file = configFile(settings);
  const readConfig = () => loadSignerConfig(file, { ...PASSPHRASE_ENV, ...SECRETS_ENV }).config;
  const openBackends = async () => [testBackend("keystore", [])];
  const signer = await runLockedSigner(readConfig(), { readConfig, openBackends });
  return {
    client: createClient(ThresholdSignerService, unixTransport(signer.address)),
    reload: async (next: object | undefined) => {
      writeFileSync(file, JSON.stringify({ ...settings, threshold: next }));
      await signer.reload("test");
    },
  };
}

test("a new epoch is for new keys: an existing one is used, and found again by its client share, as it was", async () => {
  const { client, reload } = await reloadableSigner(thresholdSettings());
  const old = await ThresholdWallet.withKey(client);
  const epochs = [1, 2].map((epoch) => ({ network: NETWORK, epoch, secret: `env:MASTER_${epoch}` }));
  await reload(thresholdSettings({ master_secrets: epochs }));
  const before = old.key;
  const { response } = await client.beginThresholdKey(old.beginRequest());
  expect(response?.epoch).toBe(2);
  expect(await old.createKey()).toEqual(before);
  const [given] = await old.authorize(delegate(old).payload, await old.mint());
  expect(await old.sign(given ?? expect.fail("nothing was authorised"))).toHaveLength(64);
  const fresh = await ThresholdWallet.withKey(client);
  expect(fresh.key?.epoch).toBe(2);
});

test("without a threshold section no method does anything, until a reload brings one", async () => {
  const { client, reload } = await reloadableSigner(undefined);
  const wallet = new ThresholdWallet(client);
  expect(await outcomeOf(client.beginThresholdKey(wallet.beginRequest()))).toBe("THRESHOLD_DISABLED");
  await reload(thresholdSettings());
  await wallet.createKey();
});

test("shares leave as often as the operator allows, and the audit has all of it and no secret", async () => {
  const exports = { user_per_hour: 2, tenant_per_hour: 3 };
  const file = join(temporaryDirectory(), "signer.db");
  const store = { url: `sqlite:${file}` };
  const signer = await startThresholdSigner({
    threshold: thresholdSettings({ exports }),
    settings: { store },
  });
  const { client } = signer;
  const alice = await ThresholdWallet.withKey(client);
  const bob = await ThresholdWallet.withKey(client, { user: "user-2", accountId: "bob.testnet" });
  const exported = async (wallet: ThresholdWallet) => {
    const { publicKey } = await createRecipient();
    return outcomeOf(
      client.exportThresholdShare(wallet.exportRequest(await wallet.nonce(NonceUse.EXPORT), publicKey)),
    );
  };
  expect([await exported(alice), await exported(alice), await exported(alice)]).toEqual([
    "answered",
    "answered",
    "RATE_LIMITED",
  ]);
  expect([await exported(bob), await exported(bob)]).toEqual(["answered", "RATE_LIMITED"]);
  const token = await alice.mint();
  await signer.drain();

  const database = new DatabaseSync(file, { readOnly: true });
  const entries = database.prepare("select kind, key_id, detail from audit_entries order by sequence").all();
  database.close();
  const kinds = entries.filter(({ kind }) => String(kind).startsWith("threshold"));
  expect(kinds.map(({ kind, key_id }) => [kind, key_id])).toEqual([
    ["threshold key created", alice.keyId],
    ["threshold key created", bob.keyId],
    ["threshold share exported", alice.keyId],
    ["threshold share exported", alice.keyId],
    ["threshold share exported", bob.keyId],
    ["threshold session minted", alice.keyId],
  ]);
  expect(JSON.parse(String(kinds[2]?.detail))).toMatchObject({ tenant: "acme", user: "user-1" });
  const refused = entries.filter(({ kind }) => kind === "refused");
  expect(refused.map(({ key_id, detail }) => [key_id, JSON.parse(String(detail)).reason])).toEqual([
    [alice.keyId, "RATE_LIMITED"],
    [bob.keyId, "RATE_LIMITED"],
  ]);
  expect(JSON.stringify(entries)).not.toContain(token.slice(4));
});
