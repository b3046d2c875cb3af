import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { privateKeyFromSeed } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { describe, expect, it } from "vitest";
import { openPolicy } from "../support/signer-settings.ts";
import { testBackend } from "../support/test-signer.ts";
import {
  keystoreFile,
  PASSPHRASE_ENV,
  publicKey,
  relayerSettings,
  SEED,
  signOne,
} from "./support/one-relayer.ts";
import { configFile, runSigner, signerConfig } from "./support/running-signer.ts";
import { startSigner } from "./support/signer-cli.ts";
import { signerClient, unixTransport } from "./support/signer-client.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { RELAYER, transactionBytes } from "./support/transactions.ts";

describe("stopping", () => {
  it("lets a call that runs finish, and takes no new one", async () => {
    const backend = new KeystoreKey(privateKeyFromSeed(SEED));
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
    const held = [{ keyId: "a", network: "testnet", accountId: RELAYER, backend: slow }];
    const policies = { a: openPolicy("testnet", RELAYER) };
    const signer = await runSigner(signerConfig("unused", { policies }), {
      openBackends: async () => [testBackend("keystore", held)],
    });
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

  it("has a reload that is under way end before it closes the keys", async () => {
    const held = [
      {
        keyId: "a",
        network: "testnet",
        accountId: RELAYER,
        backend: new KeystoreKey(privateKeyFromSeed(SEED)),
      },
    ];
    const policies = { a: openPolicy("testnet", RELAYER) };
    const opening = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const backends: { isClosed: boolean }[] = [];
    const signer = await runSigner(signerConfig("unused", { policies }), {
      openBackends: async () => {
        const state = { isClosed: false };
        backends.push(state);
        if (backends.length > 1) {
          opening.resolve();
          await answer.promise;
        }
        const close = async () => {
          state.isClosed = true;
        };
        return [{ ...testBackend("keystore", held), close }];
      },
    });
    const reloading = signer.reload("signal");
    await opening.promise;
    const drained = signer.drain();
    // By now nobody is connected: only the reload is waited for.
    await expect(signer.reload("signal")).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
    answer.resolve();
    await Promise.all([reloading, drained]);
    expect(backends).toEqual([{ isClosed: true }, { isClosed: true }]);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`by ${signal} drains, removes the sockets and ends the process with 0`, async () => {
      const folder = temporaryDirectory();
      const file = configFile(relayerSettings(folder, await keystoreFile()));
      const { child, address, output } = await startSigner(file, PASSPHRASE_ENV);
      const client = signerClient(unixTransport(address));
      expect((await client.listKeys({})).keys).toHaveLength(2);
      const exited = once(child, "exit");
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(output()).toContain('"msg":"stopped"');
      expect(["s", "a"].map((socket) => existsSync(join(folder, socket)))).toEqual([false, false]);
    });
  }
});
