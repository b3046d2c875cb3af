import { randomBytes } from "node:crypto";
import { formatPublicKey, type KeyType } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { PublicKey } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig } from "../../support/softhsm.ts";
import { DirectSession } from "./direct-session.ts";

const TOKEN = "relayers";
/** The order of secp256k1's group (SEC 2), halved. */
const HALF_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n / 2n;
const CURVES: KeyType[] = ["ed25519", "secp256k1"];

async function make(backend: Backend, keyId: string): Promise<KeyBackend> {
  const made = await backend.generate?.({ keyId, network: "testnet", accountId: "relay.testnet" });
  if (made === undefined) throw new Error("it makes no keys");
  expect(made.reference).toBe(keyId);
  return made.key;
}

/** Whether r ‖ s, with or without more behind it, has the high s. */
const hasHighS = (signature: Uint8Array) =>
  BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString("hex")}`) > HALF_ORDER;

/** Signs a hash and checks it as NEAR does. */
async function signAndVerify(key: KeyBackend, hash = randomBytes(32)): Promise<Uint8Array> {
  const publicKey = await key.publicKey();
  const data = await key.sign(hash);
  expect(verifySignature(publicKey, hash, { type: publicKey.type, data })).toBe(true);
  return data;
}

describe.skipIf(softHsmModule === undefined)("keys on an HSM's token", () => {
  let hsm: SoftHsm;
  const backends = {} as Record<KeyType, Backend>;

  beforeAll(async () => {
    hsm = new SoftHsm();
    await hsm.makeToken(TOKEN);
    for (const generate of CURVES)
      backends[generate] = await openPkcs11Backend(tokenConfig(TOKEN, { generate }));
  });
  afterAll(async () => {
    for (const backend of Object.values(backends)) await backend.close();
    hsm.remove();
  });

  describe.each(CURVES)("of %s", (curve) => {
    it("are made there and sign so that near-api-js verifies it", async () => {
      const key = await make(backends[curve], `${curve}-new`);
      const publicKey = await key.publicKey();
      expect(publicKey.type).toBe(curve);
      const hash = randomBytes(32);
      const signature = await signAndVerify(key, hash);
      const nearKey = PublicKey.from(formatPublicKey(publicKey));
      expect(nearKey.verify(hash, Uint8Array.from(signature))).toBe(true);
    });

    it("are found again by label and by id, by any backend with the token", async () => {
      const made = await (await make(backends[curve], `${curve}-found`)).publicKey();
      const id = `id:${Buffer.from(`${curve}-found`).toString("hex")}`;
      for (const backend of Object.values(backends)) {
        for (const reference of [`${curve}-found`, id]) {
          const key = await backend.open(reference);
          expect(await key.publicKey()).toEqual(made);
          await signAndVerify(key);
        }
      }
    });

    it("that are made cannot leave the token", async () => {
      await make(backends[curve], `${curve}-kept`);
      const direct = await DirectSession.open(TOKEN);
      const c = direct.pkcs11js;
      const [privateKey = Buffer.of()] = direct.find(c.CKO_PRIVATE_KEY, `${curve}-kept`);
      const flag = (type: number) => direct.attribute(privateKey, type)?.[0];
      expect([c.CKA_SENSITIVE, c.CKA_ALWAYS_SENSITIVE, c.CKA_PRIVATE, c.CKA_TOKEN].map(flag)).toEqual([
        1, 1, 1, 1,
      ]);
      expect([flag(c.CKA_EXTRACTABLE), flag(c.CKA_NEVER_EXTRACTABLE)]).toEqual([0, 1]);
      expect(() => direct.attribute(privateKey, c.CKA_VALUE)).toThrow("CKR_ATTRIBUTE_SENSITIVE");
    });

    it("are made once: asked for again, the same key is given", async () => {
      const both = await Promise.all([1, 2].map(() => make(backends[curve], `${curve}-once`)));
      const [first, second] = await Promise.all(both.map((key) => key.publicKey()));
      expect(second).toEqual(first);
      expect(await (await make(backends[curve], `${curve}-once`)).publicKey()).toEqual(first);
    });

    it("sign 64 hashes at a time", async () => {
      const key = await make(backends[curve], `${curve}-batch`);
      await Promise.all(Array.from({ length: 64 }, () => signAndVerify(key)));
    });
  });

  it("are not given out for a label that another key has", async () => {
    const direct = await DirectSession.open(TOKEN);
    direct.makeKeyPair("extractable", "ed25519");
    await expect(make(backends.ed25519, "extractable")).rejects.toThrow("was not made for this");
    await make(backends.ed25519, "other-curve");
    await expect(make(backends.secp256k1, "other-curve")).rejects.toThrow("was not made for this");
  });

  it("of secp256k1 sign with the low s, though the token gives either", async () => {
    const key = await make(backends.secp256k1, "low-s");
    const direct = await DirectSession.open(TOKEN);
    const [handle = Buffer.of()] = direct.find(direct.pkcs11js.CKO_PRIVATE_KEY, "low-s");
    let high = 0;
    for (let i = 0; i < 40; i++) {
      const hash = randomBytes(32);
      direct.library.C_SignInit(direct.session, { mechanism: direct.pkcs11js.CKM_ECDSA }, handle);
      const raw = direct.library.C_Sign(direct.session, hash, Buffer.alloc(64));
      if (hasHighS(raw)) high++;
      expect(hasHighS(await signAndVerify(key, hash))).toBe(false);
    }
    expect(high).toBeGreaterThan(0);
  });

  it("leave the event loop free while they sign", async () => {
    const key = await make(backends.ed25519, "event-loop");
    let turns = 0;
    let isSigning = true;
    const turn = () => {
      turns++;
      if (isSigning) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(Array.from({ length: 1_000 }, () => key.sign(randomBytes(32))));
    isSigning = false;
    expect(turns).toBeGreaterThan(250);
  });

  it("are described without a secret", () => {
    expect(backends.ed25519.describe()).toBe(`pkcs11 token ${TOKEN} through ${softHsmModule}`);
  });
});
