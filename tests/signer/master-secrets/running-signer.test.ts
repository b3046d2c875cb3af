import { DatabaseSync } from "node:sqlite";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, it } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig, USER_PIN } from "../../support/softhsm.ts";
import { keystoreFile } from "../support/one-relayer.ts";
import { type RunningSigner, runSigner, signerConfig } from "../support/running-signer.ts";
import { bytes, sealedUnder } from "./rings.ts";

const SECRETS = { SEAL: "5e".repeat(32), ONE: "11".repeat(32), TWO: "22".repeat(32), PIN: USER_PIN };
const given = (epoch: number, name: keyof typeof SECRETS) => ({
  network: "testnet",
  epoch,
  secret: `env:${name}`,
});
const section = (...master_secrets: object[]) => ({
  threshold: {
    sealing_keys: ["env:SEAL"],
    master_secrets,
    tenants: [{ tenant: "acme", relying_parties: [{ id: "w.example", origins: ["https://w.example"] }] }],
  },
});

/** The places of a signer's status that are master secrets, with their problems. */
async function secretsOf(signer: RunningSigner): Promise<Record<string, string>> {
  const { backends } = await signer.admin.getStatus({});
  const secrets = backends.filter(({ name }) => name.startsWith("master-secret-"));
  return Object.fromEntries(secrets.map(({ name, problem }) => [name, problem]));
}

async function readyz(signer: RunningSigner) {
  const response = await fetch(`${signer.operationsAddress}/readyz`);
  return { status: response.status, body: await response.json() };
}

it("a reload brings epochs and tenants, and takes no secret away that keys were made with", async () => {
  const before = signerConfig(await keystoreFile(), section(given(1, "ONE")), SECRETS);
  let { threshold } = before;
  const signer = await runSigner(before, { readConfig: () => ({ ...before, threshold }) });
  const change = (...secrets: object[]) => {
    threshold = signerConfig("k", section(...secrets), SECRETS).threshold;
  };
  expect(await secretsOf(signer)).toEqual({ "master-secret-testnet-1": "" });

  change(given(1, "ONE"), given(2, "TWO"));
  await signer.reload("test");
  const both = { "master-secret-testnet-1": "", "master-secret-testnet-2": "" };
  expect(await secretsOf(signer)).toEqual(both);

  const store = new DatabaseSync(before.store.url.reveal().slice("sqlite:".length), { timeout: 5_000 });
  store.exec(
    "insert into threshold_keys values ('ed25519:k', 'threshold-ed25519-frost-2p-v1', 'acme', 'u', 'testnet', 'a.testnet', 'w.example', '', '', 1, 0)",
  );
  store.close();
  const refused = { reason: ErrorReason.SIGNER_CONFIG_INVALID };
  change(given(2, "TWO"));
  await expect(signer.reload("test")).rejects.toMatchObject(refused);
  change(given(1, "TWO"));
  await expect(signer.reload("test")).rejects.toMatchObject(refused);
  threshold = undefined;
  await expect(signer.reload("test")).rejects.toThrow("testnet epoch 1 is not configured any more");
  expect(await secretsOf(signer)).toEqual(both);
  change(given(1, "ONE"));
  await signer.reload("test");
  expect(await secretsOf(signer)).toEqual({ "master-secret-testnet-1": "" });
  for (const secret of Object.values(SECRETS)) expect(signer.logged()).not.toContain(secret);
});

it.skipIf(softHsmModule === undefined)(
  "a signer starts without the token of its master secret, says so, and has it once the token is there",
  async () => {
    const hsm = new SoftHsm();
    await hsm.makeToken("one");
    const token = tokenConfig("one");
    const source = await sealedUnder(token, "master", { network: "testnet", epoch: 1 }, bytes(4));
    const putBack = hsm.removeTokens();
    const keystore = await keystoreFile();
    const { file, backend, key } = source;
    const config = signerConfig(
      keystore,
      {
        ...section({ network: "testnet", epoch: 1, sealed: { file, backend, key } }),
        backends: [
          { type: "keystore", name: "keystore", file: keystore, passphrase: "env:KEYSTORE_PASSPHRASE" },
          {
            type: "pkcs11",
            name: token.name,
            module: token.module,
            token_label: token.token_label,
            pin: "env:PIN",
          },
        ],
      },
      SECRETS,
    );
    const signer = await runSigner(config);
    const away = expect.stringContaining("no token with the label one");
    expect(await secretsOf(signer)).toEqual({ "master-secret-testnet-1": away });
    // Keys of other places sign all the same.
    expect(await readyz(signer)).toMatchObject({
      status: 200,
      body: { state: { master_secrets: { "testnet/1": away } } },
    });
    const metrics = async () => (await fetch(`${signer.operationsAddress}/metrics`)).text();
    const gauge =
      'countersign_signer_master_secret_up{scheme="threshold-ed25519-frost-2p-v1",network="testnet",epoch="1"}';
    expect(await metrics()).toContain(`${gauge} 0`);

    putBack();
    await expect
      .poll(() => secretsOf(signer), { timeout: 30_000 })
      .toEqual({ "master-secret-testnet-1": "" });
    expect(await metrics()).toContain(`${gauge} 1`);
    expect(signer.logged()).toContain('"msg":"master secret held"');
    await signer.drain();
    hsm.remove();
  },
);
