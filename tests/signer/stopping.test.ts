import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateKeyFromSeed } from "@countersign/signer-service/keystore/ed25519-seed.ts";
import { KeystoreBackend } from "@countersign/signer-service/keystore/keystore-backend.ts";
import { describe, expect, it } from "vitest";
import { keystoreFile, PASSPHRASE_ENV, publicKey, SEED, signOne, yamlOf } from "./support/one-relayer.ts";
import { runSigner, signerConfig } from "./support/running-signer.ts";
import { startSigner } from "./support/signer-cli.ts";
import { signerClient, unixTransport } from "./support/signer-client.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { RELAYER, transactionBytes } from "./support/transactions.ts";

describe("stopping", () => {
  it("lets a call that runs finish, and takes no new one", async () => {
    const backend = new KeystoreBackend(privateKeyFromSeed(SEED));
    const gate = Promise.withResolvers<void>();
    const signing = Promise.withResolvers<void>();
    const slow = {
      describe: () => "slow",
      publicKey: () => backend.publicKey(),
      sign: async (hash: Uint8Array) => {
        signing.resolve();
        await gate.promise;
        return backend.sign(hash);
      },
    };
    const heldKeys = [{ keyId: "a", network: "testnet", accountId: RELAYER, backend: slow }];
    const signer = await runSigner(signerConfig("unused"), { heldKeys });
    const client = signerClient(unixTransport(signer.address));
    const running = client.signTransactions(signOne(transactionBytes(publicKey)));
    await signing.promise;
    const drained = signer.drain();
    // Several, so that a drain that cuts the running call off has the time to do so.
    for (let i = 0; i < 20; i++) {
      await expect(signerClient(unixTransport(signer.address)).listKeys({})).rejects.toThrow();
    }
    gate.resolve();
    expect((await running).results.map((r) => r.result.case)).toEqual(["signed"]);
    await drained;
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`by ${signal} drains, removes the socket and ends the process with 0`, async () => {
      const socket = join(temporaryDirectory(), "s.sock");
      const yaml = join(temporaryDirectory(), "signer.yaml");
      writeFileSync(yaml, yamlOf(socket, await keystoreFile()));
      const { child, address, output } = await startSigner(yaml, PASSPHRASE_ENV);
      const client = signerClient(unixTransport(address));
      expect((await client.listKeys({})).keys).toHaveLength(2);
      const exited = once(child, "exit");
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(output()).toContain('"msg":"stopped"');
      expect(existsSync(socket)).toBe(false);
    });
  }
});
