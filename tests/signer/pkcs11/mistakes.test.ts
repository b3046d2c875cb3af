import { fileURLToPath } from "node:url";
import { ConfigSecret } from "@countersign/service-kit";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { BackendError } from "@countersign/signer-service/backends/backend-failure.ts";
import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig } from "../../support/softhsm.ts";
import { DirectSession } from "./direct-session.ts";

const TOKEN = "relayers";
/** OBJECT IDENTIFIER 1.2.840.10045.3.1.7 (P-256) and CKM_EC_KEY_PAIR_GEN. */
const P256 = ["06082a8648ce3d030107", 0x1040] as const;

describe.skipIf(softHsmModule === undefined)("an operator's mistake is named", () => {
  let hsm: SoftHsm;
  let backend: Backend;

  beforeAll(async () => {
    hsm = new SoftHsm();
    await hsm.makeToken(TOKEN);
  });
  afterAll(async () => {
    await backend.close();
    hsm.remove();
  });

  // First, while nobody is logged in.
  it.each(["000000", "1"])("a PIN that is wrong: %s, which is not shown", async (pin) => {
    const opening = openPkcs11Backend(tokenConfig(TOKEN, { pin: new ConfigSecret(pin, "env:PIN") }));
    await expect(opening).rejects.toThrow(/^backend hsm-1 the token answers CKR_PIN_(INCORRECT|LEN_RANGE)$/);
    await expect(opening).rejects.toBeInstanceOf(BackendError);
  });

  it.each([
    ["that is not there", "/no/such/library.so"],
    ["that is no library", fileURLToPath(import.meta.url)],
  ])("a module %s", async (_, module) => {
    const opening = openPkcs11Backend(tokenConfig(TOKEN, { module }));
    await expect(opening).rejects.toThrow("backend hsm-1 the PKCS#11 library cannot be loaded");
    await expect(opening).rejects.toBeInstanceOf(BackendError);
  });

  describe("about a key", () => {
    beforeAll(async () => {
      backend = await openPkcs11Backend(tokenConfig(TOKEN));
    });

    const refuses = async (reference: string, message: string) => {
      const opening = backend.open(reference);
      await expect(opening).rejects.toThrow(`backend hsm-1: ${message}`);
      await expect(opening).rejects.toBeInstanceOf(BackendError);
    };

    it("that is not on the token", async () => {
      await refuses("relayer-9", "the token has no private key relayer-9");
      await refuses("id:00ff", "the token has no private key id:00ff");
      await refuses("id:xyz", 'id:xyz is not "id:" and whole bytes in hex');
    });

    it("whose label two keys have; each is found by its id", async () => {
      const direct = await DirectSession.open(TOKEN);
      direct.makeKeyPair("twice", "ed25519", "a");
      direct.makeKeyPair("twice", "ed25519", "b");
      await refuses("twice", "the token has more than one private key twice");
      const [a, b] = [await backend.open("id:61"), await backend.open("id:62")];
      expect(await a.publicKey()).not.toEqual(await b.publicKey());
    });

    it("whose public half is not on the token", async () => {
      const direct = await DirectSession.open(TOKEN);
      const { publicKey } = direct.makeKeyPair("half", "ed25519");
      direct.library.C_DestroyObject(direct.session, publicKey);
      await refuses("half", "the token has no public key half");
    });

    it("of another curve or kind", async () => {
      const direct = await DirectSession.open(TOKEN);
      direct.makeKeyPairOf("p256", ...P256);
      await refuses("p256", "key p256 is neither ed25519 nor secp256k1");
      const c = direct.pkcs11js;
      const label = { type: c.CKA_LABEL, value: "rsa" };
      direct.library.C_GenerateKeyPair(
        direct.session,
        { mechanism: c.CKM_RSA_PKCS_KEY_PAIR_GEN },
        [label, { type: c.CKA_MODULUS_BITS, value: 1024 }],
        [label],
      );
      await refuses("rsa", "key rsa is neither ed25519 nor secp256k1");
    });
  });
});
