import * as frost from "@countersign/crypto/frost-ed25519.ts";
import { sealTo } from "@countersign/crypto/hpke.ts";
import * as ecdsa from "@countersign/crypto/keys-secp256k1.ts";
import { describe, expect, it } from "vitest";
import { ShareVault } from "./share-vault.ts";
import { VaultError, type VaultRefusal } from "./vault-error.ts";

const ACCOUNT = { accountId: "alice.near", rpId: "example.com" };
const INFO = new Uint8Array(32).fill(9);
const NETWORK = "testnet";
/** A share that somebody chose: the vault cannot tell the relayer's from a page's own. Small, so a scalar of both groups. */
const CHOSEN = new Uint8Array(32);
CHOSEN[15] = 1;

const prf = (byte = 7) => new Uint8Array(32).fill(byte).buffer;
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));

/** An unlocked vault that was given keys of both schemes, made with the chosen share. */
function vaultWithKeys() {
  const vault = new ShareVault(random);
  const unlock = (byte?: number) => vault.unlock({ prfFirst: prf(byte), ...ACCOUNT });
  const { shareId, verifyingShare, ecdsaVerifyingShare } = unlock();
  const ofEd25519 = frost.verifyingShare(CHOSEN);
  const groupKey = frost.groupKey(verifyingShare, ofEd25519);
  const near = { shareId, keyId: frost.keyId(groupKey), relayerVerifyingShare: ofEd25519 };
  vault.adopt(near);
  const ofEcdsa = ecdsa.verifyingShare(CHOSEN);
  const publicKey = ecdsa.groupKey(ecdsaVerifyingShare, ofEcdsa);
  const evmKeyId = ecdsa.keyId(NETWORK, publicKey);
  vault.adoptEcdsa({ shareId, keyId: evmKeyId, network: NETWORK, relayerVerifyingShare: ofEcdsa });

  /** Begins an export, and gives what ends it. */
  async function begin(keyId: string) {
    const { exportId, recipientPublicKey } = await vault.beginExport();
    const { encapsulatedKey, sealed } = await sealTo(recipientPublicKey, INFO, CHOSEN);
    return () => vault.finishExport({ exportId, keyId, info: INFO, encapsulatedKey, sealedShare: sealed });
  }
  return { vault, unlock, begin, keys: { ed25519: near.keyId, ecdsa: evmKeyId }, publicKey };
}

async function refusalOf(call: () => Promise<unknown>): Promise<VaultRefusal> {
  try {
    await call();
  } catch (error) {
    if (error instanceof VaultError) return error.refusal;
    throw error;
  }
  return expect.fail("it should have refused");
}

describe.each(["ed25519", "ecdsa"] as const)("the export of a key of %s", (scheme) => {
  it("gives nothing to a page that has no passkey: it would be the share, of which it knows the rest", async () => {
    const { begin, keys } = vaultWithKeys();
    const finish = await begin(keys[scheme]);
    expect(await refusalOf(finish)).toBe("LOCKED");
  });

  it("ends once, after the passkey was used for it", async () => {
    const { begin, unlock, keys } = vaultWithKeys();
    const finish = await begin(keys[scheme]);
    unlock();
    expect(await finish()).toHaveLength(32);
    expect(await refusalOf(finish)).toBe("ROUND_SPENT");
    // The next one takes the passkey again.
    expect(await refusalOf(await begin(keys[scheme]))).toBe("LOCKED");
  });

  it("takes the passkey that the key's share comes from", async () => {
    const { begin, unlock, keys } = vaultWithKeys();
    const finish = await begin(keys[scheme]);
    unlock(8);
    expect(await refusalOf(finish)).toBe("LOCKED");
  });

  it("is over once the vault is locked", async () => {
    const { vault, begin, unlock, keys } = vaultWithKeys();
    const finish = await begin(keys[scheme]);
    unlock();
    vault.lock();
    expect(await refusalOf(finish)).toBe("ROUND_SPENT");
  });
});

it("the whole key of ECDSA is the public key's", async () => {
  const { begin, unlock, keys, publicKey } = vaultWithKeys();
  const finish = await begin(keys.ecdsa);
  unlock();
  expect(ecdsa.verifyingShare(await finish())).toEqual(publicKey);
});
