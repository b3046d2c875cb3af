import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig } from "../../support/softhsm.ts";
import { DirectSession } from "../pkcs11/direct-session.ts";
import { bytes, configOf, openRing, sealedUnder, secretOf } from "./rings.ts";

const TESTNET_1 = { network: "testnet", epoch: 1 };
const LABEL = "master-secrets";

describe.skipIf(softHsmModule === undefined)("a master secret that is sealed on a token", () => {
  let hsm: SoftHsm;
  beforeEach(async () => {
    const own = new SoftHsm();
    hsm = own;
    onTestFinished(() => own.remove());
    await own.makeToken("one");
  });

  it("is opened at the start, by an AES key that cannot leave the token", async () => {
    const backend = tokenConfig("one");
    const source = await sealedUnder(backend, LABEL, TESTNET_1, bytes(4));
    const { ring } = await openRing(configOf([source], [backend]));
    expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));

    // Whoever closes last finalizes the library, so that the next test's tokens are found.
    const open = await openPkcs11Backend(backend);
    onTestFinished(() => open.close());
    const session = await DirectSession.open("one");
    const { pkcs11js: c } = session;
    const [key] = session.find(c.CKO_SECRET_KEY, LABEL);
    if (key === undefined) throw new Error("no key");
    expect(session.attribute(key, c.CKA_EXTRACTABLE)?.[0]).toBe(0);
    expect(session.attribute(key, c.CKA_SENSITIVE)?.[0]).toBe(1);
    expect(() => session.attribute(key, c.CKA_VALUE)).toThrow(/CKR_ATTRIBUTE_SENSITIVE/);
  });

  it("is not opened for another network or epoch, by another key or by none", async () => {
    const backend = tokenConfig("one");
    for (const claims of [
      { network: "mainnet", epoch: 1 },
      { network: "testnet", epoch: 2 },
    ]) {
      const source = await sealedUnder(backend, LABEL, { ...TESTNET_1, claims }, bytes(4));
      await expect(openRing(configOf([source], [backend]))).rejects.toThrow(/neither seals nor opens this/);
    }
    const source = await sealedUnder(backend, LABEL, TESTNET_1, bytes(4));
    await sealedUnder(backend, "another", TESTNET_1, bytes(5));
    await expect(openRing(configOf([{ ...source, key: "another" }], [backend]))).rejects.toThrow(
      /neither seals nor opens this/,
    );
    await expect(openRing(configOf([{ ...source, key: "none" }], [backend]))).rejects.toThrow(
      "backend hsm-1: the token has no secret key none",
    );
  });

  it("is waited for while the token is away, and comes with it", async () => {
    const backend = tokenConfig("one");
    const source = await sealedUnder(backend, LABEL, TESTNET_1, bytes(4));
    const putBack = hsm.removeTokens();
    const { ring, told, tryAgain } = await openRing(configOf([source], [backend]));
    expect(() => secretOf(ring, "testnet", 1)).toThrow(/cannot be had now/);
    expect(told).toEqual([expect.stringMatching(/^away testnet\/1: .*no token with the label one/)]);
    putBack();
    tryAgain();
    await expect.poll(() => ring.states(), { timeout: 10_000 }).toMatchObject([{ problem: "" }]);
    expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));

    // Nothing is asked of the token for what is held.
    hsm.removeTokens();
    (await ring.follow(configOf([source], [backend])))();
    expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));
  });

  it("is found to be another network's when the token is back, and is not used then", async () => {
    const backend = tokenConfig("one");
    const testnet = await sealedUnder(backend, LABEL, TESTNET_1, bytes(4));
    const mainnet = await sealedUnder(backend, LABEL, { network: "mainnet", epoch: 1 }, bytes(4));
    const putBack = hsm.removeTokens();
    const { ring, tryAgain } = await openRing(configOf([testnet, mainnet], [backend]));
    putBack();
    tryAgain();
    const problems = () => ring.states().map(({ problem }) => problem);
    await expect
      .poll(problems, { timeout: 10_000 })
      .toEqual(["", "testnet epoch 1 and mainnet epoch 1 have the same master secret"]);
    expect(() => secretOf(ring, "mainnet", 1)).toThrow(/cannot be had now/);
  });
});
