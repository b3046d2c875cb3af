import { createHash, generateKeyPairSync } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { decodeTransaction, encodeTransaction, formatPublicKey } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { privateKeyFromSeed } from "@countersign/signer-service/keystore/ed25519-seed.ts";
import { KeystoreBackend } from "@countersign/signer-service/keystore/keystore-backend.ts";
import type { HeldKey, KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import {
  RelayerSigner,
  type SigningResult,
} from "@countersign/signer-service/relayer-signer/relayer-signer.ts";
import fc from "fast-check";
import { actions, decodeSignedTransaction, KeyPair, PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import { delegateAction, RELAYER, transactionBytes } from "./support/transactions.ts";

const SEED = new Uint8Array(32).fill(5);
const backend = new KeystoreBackend(privateKeyFromSeed(SEED));
const nearKey = PublicKey.from(formatPublicKey(await backend.publicKey()));

function held(overrides: Partial<HeldKey> = {}): HeldKey {
  return { keyId: "relayer-1", network: "testnet", accountId: RELAYER, backend, ...overrides };
}

async function sign(transaction: Uint8Array, key: Partial<HeldKey> = {}, keyId = "relayer-1") {
  const signer = await RelayerSigner.load([held(key)]);
  const [result] = await signer.sign("testnet", [{ keyId, transaction }]);
  if (result === undefined) throw new Error("no result");
  return result;
}

/** Whether the signature in these bytes is the relayer key's over `hash`, as near-api-js sees it. */
function verifies(hash: Uint8Array, signedTransaction: Uint8Array): boolean {
  const signature = decodeSignedTransaction(signedTransaction).signature.ed25519Signature?.data;
  return signature !== undefined && nearKey.verify(hash, Uint8Array.from(signature));
}

const reasonOf = (result: SigningResult) => (result.kind === "signed" ? "signed" : reasonName(result.reason));

describe("a transaction that fits its key", () => {
  it("is signed so that near-api-js verifies it, and named by the hash of its unsigned bytes", async () => {
    const bytes = transactionBytes(nearKey);
    const result = await sign(bytes);
    if (result.kind !== "signed") throw new Error(result.message);
    const hash = createHash("sha256").update(bytes).digest();
    expect(Buffer.from(result.hash)).toEqual(hash);
    expect(verifies(hash, result.signedTransaction)).toBe(true);
    expect(Buffer.from(result.signedTransaction.subarray(0, bytes.length))).toEqual(Buffer.from(bytes));
  });

  for (const curve of ["ed25519", "secp256k1"] as const) {
    it(`is signed when it carries one ${curve} delegate to its sender`, async () => {
      const bytes = transactionBytes(nearKey, { actions: [await delegateAction({ curve })] });
      expect(reasonOf(await sign(bytes))).toBe("signed");
    });
  }
});

describe("a transaction is refused", () => {
  it("under a key id that the signer does not hold", async () => {
    expect(reasonOf(await sign(transactionBytes(nearKey), {}, "relayer-2"))).toBe("SIGNER_KEY_NOT_FOUND");
  });

  it("for another network than the key's", async () => {
    const result = await sign(transactionBytes(nearKey), { network: "mainnet" });
    expect(reasonOf(result)).toBe("SIGNER_NETWORK_MISMATCH");
  });

  it("of another account", async () => {
    const bytes = transactionBytes(nearKey, { signerId: "mallory.testnet" });
    expect(reasonOf(await sign(bytes))).toBe("SIGNER_ACCOUNT_MISMATCH");
  });

  it("under another public key, of the same curve or the other", async () => {
    for (const curve of ["ed25519", "secp256k1"] as const) {
      const bytes = transactionBytes(KeyPair.fromRandom(curve).getPublicKey());
      expect(reasonOf(await sign(bytes))).toBe("SIGNER_PUBLIC_KEY_MISMATCH");
    }
  });

  it("with a byte more or less, as a digest, or with an action that is not understood", async () => {
    const bytes = transactionBytes(nearKey);
    const unknownAction = Uint8Array.from(bytes);
    // A Transfer's tag stands before its 16 bytes of deposit.
    unknownAction[bytes.length - 17] = 11;
    const broken = [
      new Uint8Array(),
      new Uint8Array([...bytes, 0]),
      bytes.subarray(0, -1),
      createHash("sha256").update(bytes).digest(),
      unknownAction,
    ];
    for (const transaction of broken) {
      expect(reasonOf(await sign(transaction))).toBe("SIGNER_TRANSACTION_MALFORMED");
    }
  });

  it("with a delegate that is not alone, goes to another than its sender, or does not verify", async () => {
    const delegate = await delegateAction();
    const unverified = async (curve: "ed25519" | "secp256k1") => [
      await delegateAction({ curve, validSignature: false }),
    ];
    const broken = [
      [{ actions: [delegate, actions.transfer(1n)] }, "the only action"],
      [{ actions: [actions.transfer(1n), delegate] }, "the only action"],
      [{ actions: [delegate, delegate] }, "the only action"],
      [{ actions: [delegate], receiverId: "bob.testnet" }, "not the delegate's sender"],
      [{ actions: await unverified("ed25519") }, "does not verify"],
      [{ actions: await unverified("secp256k1") }, "does not verify"],
    ] as const;
    for (const [overrides, message] of broken) {
      const result = await sign(transactionBytes(nearKey, { ...overrides, actions: [...overrides.actions] }));
      expect(reasonOf(result)).toBe("SIGNER_TRANSACTION_MALFORMED");
      expect(result).toHaveProperty("message", expect.stringContaining(message));
    }
  });

  it("and releases nothing when the backend's signature does not verify", async () => {
    const faulty: KeyBackend = {
      describe: () => "faulty",
      publicKey: () => backend.publicKey(),
      sign: async (hash) => (await backend.sign(hash)).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
    };
    const result = await sign(transactionBytes(nearKey), { backend: faulty });
    expect(reasonOf(result)).toBe("SIGNER_SELF_CHECK_FAILED");
    expect(result).not.toHaveProperty("signedTransaction");
  });

  it("with a safe message when the backend throws, and the cause is kept for the log", async () => {
    const cause = new Error("token removed, PIN 1234");
    const broken: KeyBackend = {
      describe: () => "broken",
      publicKey: () => backend.publicKey(),
      sign: () => Promise.reject(cause),
    };
    const result = await sign(transactionBytes(nearKey), { backend: broken });
    expect(result).toMatchObject({
      reason: ErrorReason.INTERNAL,
      message: "the key's backend failed",
      cause,
    });
  });
});

describe("a batch", () => {
  it("keeps its order, and a refused item does not stop the others", async () => {
    const signer = await RelayerSigner.load([held()]);
    const good = transactionBytes(nearKey);
    const results = await signer.sign("testnet", [
      { keyId: "relayer-1", transaction: good },
      { keyId: "relayer-1", transaction: new Uint8Array([1]) },
      { keyId: "nobody", transaction: good },
      { keyId: "relayer-1", transaction: transactionBytes(nearKey, { receiverId: "bob.testnet" }) },
    ]);
    expect(results.map(reasonOf)).toEqual([
      "signed",
      "SIGNER_TRANSACTION_MALFORMED",
      "SIGNER_KEY_NOT_FOUND",
      "signed",
    ]);
    expect(results.map((r) => r.keyId)).toEqual(["relayer-1", "relayer-1", "nobody", "relayer-1"]);
  });
});

describe("loading", () => {
  it("refuses a key id twice, and one key for two networks or accounts", async () => {
    const other = new KeystoreBackend(generateKeyPairSync("ed25519").privateKey);
    await expect(RelayerSigner.load([held(), held({ backend: other })])).rejects.toThrow("occurs twice");
    const onMainnet = held({ keyId: "b", network: "mainnet" });
    await expect(RelayerSigner.load([held(), onMainnet])).rejects.toThrow("held for two networks");
    const otherAccount = held({ keyId: "b", accountId: "b.testnet" });
    await expect(RelayerSigner.load([held(), otherAccount])).rejects.toThrow("are the same key");
  });
});

describe("mutated transactions", () => {
  it("are never signed over other bytes than those decoded, nor for another account or key", async () => {
    const signer = await RelayerSigner.load([held()]);
    const originals = [
      transactionBytes(nearKey),
      transactionBytes(nearKey, { actions: [await delegateAction()] }),
    ];
    const mutation = fc.array(
      fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.constantFrom("set", "insert", "delete") }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...originals), mutation, async (original, changes) => {
        const bytes = [...original];
        for (const { at, byte, kind } of changes) {
          bytes.splice(at % bytes.length, kind === "insert" ? 0 : 1, ...(kind === "delete" ? [] : [byte]));
        }
        const transaction = Uint8Array.from(bytes);
        const [result] = await signer.sign("testnet", [{ keyId: "relayer-1", transaction }]);
        if (result?.kind !== "signed") {
          expect(result?.reason).not.toBe(ErrorReason.INTERNAL);
          return;
        }
        const decoded = decodeTransaction(transaction);
        const reencoded = Buffer.from(encodeTransaction(decoded));
        const hash = createHash("sha256").update(reencoded).digest();
        expect(reencoded).toEqual(Buffer.from(transaction));
        expect(Buffer.from(result.hash)).toEqual(hash);
        expect(verifies(hash, result.signedTransaction)).toBe(true);
        expect(decoded.signerId).toBe(RELAYER);
        expect(Buffer.from(decoded.publicKey.data)).toEqual(Buffer.from(nearKey.data));
      }),
      { numRuns: 2_000 },
    );
  });
});
