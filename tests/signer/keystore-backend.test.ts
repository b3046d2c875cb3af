import { chmodSync, rmSync } from "node:fs";
import { verifySignature } from "@countersign/near/verify";
import { ConfigSecret } from "@countersign/service-kit";
import { listKeystore } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { openKeystoreBackend } from "@countersign/signer-service/backends/keystore/keystore-backend.ts";
import { describe, expect, it } from "vitest";
import { keystoreOf, PASSPHRASE } from "./support/keystores.ts";

const HASH = new Uint8Array(32).fill(9);
const NAMES = { keyId: "relayer-9", network: "testnet", accountId: "relay.testnet" };

function open(file: string, passphrase = PASSPHRASE.reveal()) {
  const secret = new ConfigSecret(passphrase, "env:PASSPHRASE");
  return openKeystoreBackend({ type: "keystore", name: "keystore", file, passphrase: secret });
}

describe("a keystore as a backend", () => {
  it("holds every key of its file, each with its network and account, and opens it by its id", async () => {
    const file = await keystoreOf({}, { keyId: "main-1", network: "mainnet", accountId: "relay.near" });
    const backend = await open(file);
    const held = (await backend.heldKeys?.()) ?? [];
    expect(held.map(({ keyId, network, accountId }) => [keyId, network, accountId])).toEqual([
      ["relayer-1", "testnet", "relay.testnet"],
      ["main-1", "mainnet", "relay.near"],
    ]);
    const key = await backend.open("main-1");
    const publicKey = await key.publicKey();
    const data = await key.sign(HASH);
    expect(verifySignature(publicKey, HASH, { type: "ed25519", data })).toBe(true);
    await expect(backend.open("relayer-2")).rejects.toThrow("backend keystore holds no key relayer-2");
  });

  it("is not opened with another passphrase", async () => {
    await expect(open(await keystoreOf({}), "wrong")).rejects.toThrow("the passphrase is wrong");
  });

  it("makes keys that sign at once and that the file has when it is opened again", async () => {
    const file = await keystoreOf({});
    const backend = await open(file);
    const others = { ...NAMES, keyId: "relayer-10" };
    const [made] = await Promise.all([backend.generate?.(NAMES), backend.generate?.(others)]);
    if (made === undefined) throw new Error("it makes no keys");
    const publicKey = await made.key.publicKey();
    const data = await made.key.sign(HASH);
    expect(verifySignature(publicKey, HASH, { type: "ed25519", data })).toBe(true);

    const again = await open(file);
    expect((await again.heldKeys?.())?.map((key) => key.keyId)).toEqual([
      "relayer-1",
      "relayer-9",
      "relayer-10",
    ]);
    expect(await (await again.open(made.reference)).publicKey()).toEqual(publicKey);
  });

  it("makes a key once, and none under an id that another account's key has", async () => {
    const file = await keystoreOf({});
    const backend = await open(file);
    const first = await backend.generate?.(NAMES);
    const second = await backend.generate?.(NAMES);
    expect(await second?.key.publicKey()).toEqual(await first?.key.publicKey());
    await expect(backend.generate?.({ ...NAMES, accountId: "other.testnet" })).rejects.toThrow("relayer-9");
    expect(await listKeystore(file)).toHaveLength(2);
  });

  it("is well while the file can be read, and says what is wrong otherwise", async () => {
    const file = await keystoreOf({});
    const backend = await open(file);
    const { signal } = new AbortController();
    await backend.check(signal);
    chmodSync(file, 0o644);
    await expect(backend.check(signal)).rejects.toThrow("group or others may use it");
    rmSync(file);
    await expect(backend.check(signal)).rejects.toThrow("there is no keystore");
  });

  it("holds nothing once it is closed", async () => {
    const backend = await open(await keystoreOf({}));
    await backend.close();
    expect(await backend.heldKeys?.()).toEqual([]);
    await expect(backend.open("relayer-1")).rejects.toThrow("holds no key");
  });
});
