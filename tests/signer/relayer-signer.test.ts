import { createHash, generateKeyPairSync } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { decodeTransaction, encodeTransaction, formatPublicKey } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import {
  privateKeyFromSeed,
  publicKeyOf,
} from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import type { Journal } from "@countersign/signer-service/journal/journal.ts";
import type { HeldKey, KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import type { SigningResult } from "@countersign/signer-service/relayer-signer/signing-call.ts";
import fc from "fast-check";
import { actions, decodeSignedTransaction, KeyPair, PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import { testBackend } from "../support/test-signer.ts";
import { AUDIENCE, type PipelineOptions, startPipeline } from "./support/pipeline.ts";
import { runSigner, signerConfig } from "./support/running-signer.ts";
import { grantsFor } from "./support/signing-grants.ts";
import { delegateAction, RELAYER, transactionBytes } from "./support/transactions.ts";

const backend = new KeystoreKey(privateKeyFromSeed(new Uint8Array(32).fill(5)));
const nearKey = PublicKey.from(formatPublicKey(await backend.publicKey()));

const start = (options?: PipelineOptions, changed: Partial<KeyBackend> = {}) => {
  const altered: KeyBackend = {
    describe: () => "altered",
    publicKey: () => backend.publicKey(),
    sign: (hash) => backend.sign(hash),
    ...changed,
  };
  return startPipeline([{ keyId: "relayer-1", backend: altered }], options);
};

/** Whether the signature in these bytes is the relayer key's over `hash`, as near-api-js sees it. */
function verifies(hash: Uint8Array, signedTransaction: Uint8Array): boolean {
  const signature = decodeSignedTransaction(signedTransaction).signature.ed25519Signature?.data;
  return signature !== undefined && nearKey.verify(hash, Uint8Array.from(signature));
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const reasonOf = (result: SigningResult | undefined) =>
  result?.kind === "refused" ? reasonName(result.reason) : result?.kind;

/** Lets everything through and keeps nothing, for tests that sign many payloads under one nonce. */
const forgetfulJournal = (): Journal => ({
  reserve: async (requests) => requests.map(() => ({ kind: "reserved" })),
  record: async (made) => made.map(({ signature }) => signature),
});

describe("a transaction that fits its key", () => {
  it("is signed so that near-api-js verifies it, and named by the hash of its unsigned bytes", async () => {
    const bytes = transactionBytes(nearKey);
    const [result] = await (await start()).sign({ requests: [{ transaction: bytes }] });
    if (result?.kind !== "signed") throw new Error(result?.message);
    const hash = sha256(bytes);
    expect(Buffer.from(result.hash)).toEqual(hash);
    expect(result.purpose).toBe("TRANSFER");
    expect(verifies(hash, result.signedTransaction)).toBe(true);
    expect(Buffer.from(result.signedTransaction.subarray(0, bytes.length))).toEqual(Buffer.from(bytes));
  });

  for (const curve of ["ed25519", "secp256k1"] as const) {
    it(`is signed when it carries one ${curve} delegate to its sender`, async () => {
      const transaction = transactionBytes(nearKey, { actions: [await delegateAction({ curve })] });
      const [result] = await (await start()).sign({ requests: [{ transaction }] });
      expect(reasonOf(result)).toBe("signed");
    });
  }
});

describe("a transaction is refused, and neither the journal nor the backend is asked,", () => {
  const unasked = {
    reserve: () => expect.unreachable("the journal was asked"),
    record: () => expect.unreachable("the journal was told"),
  };
  const untouched = () =>
    start({ journal: () => unasked }, { sign: () => expect.unreachable("the backend was asked") });
  const bytes = transactionBytes(nearKey);

  it("under a key id that the signer does not hold", async () => {
    const [result] = await (await untouched()).sign({
      requests: [{ keyId: "relayer-2", transaction: bytes }],
    });
    const message = "the signer holds no key relayer-2";
    expect(result).toMatchObject({ reason: ErrorReason.SIGNER_KEY_NOT_FOUND, keyId: "", message });
  });

  it("for another network than the key's", async () => {
    const call = { network: "mainnet", requests: [{ transaction: bytes }] };
    expect(reasonOf((await (await untouched()).sign(call))[0])).toBe("SIGNER_NETWORK_MISMATCH");
  });

  it("of another account, and under another public key of either curve", async () => {
    const requests = [
      transactionBytes(nearKey, { signerId: "mallory.testnet" }),
      transactionBytes(KeyPair.fromRandom("ed25519").getPublicKey()),
      transactionBytes(KeyPair.fromRandom("secp256k1").getPublicKey()),
    ].map((transaction) => ({ transaction }));
    expect((await (await untouched()).sign({ requests })).map(reasonOf)).toEqual([
      "SIGNER_ACCOUNT_MISMATCH",
      "SIGNER_PUBLIC_KEY_MISMATCH",
      "SIGNER_PUBLIC_KEY_MISMATCH",
    ]);
  });

  it("with a byte more or less, as a digest, or with an action that is not understood", async () => {
    const unknownAction = Uint8Array.from(bytes);
    // A Transfer's tag stands before its 16 bytes of deposit.
    unknownAction[bytes.length - 17] = 11;
    const requests = [
      new Uint8Array(),
      new Uint8Array([...bytes, 0]),
      bytes.subarray(0, -1),
      sha256(bytes),
      unknownAction,
    ].map((transaction) => ({ transaction }));
    const results = await (await untouched()).sign({ requests });
    expect(new Set(results.map(reasonOf))).toEqual(new Set(["SIGNER_TRANSACTION_MALFORMED"]));
  });

  it("with a delegate that is not alone, goes to another than its sender, or does not verify", async () => {
    const delegate = await delegateAction();
    const unverified = (curve: "ed25519" | "secp256k1") => delegateAction({ curve, validSignature: false });
    const broken = [
      [{ actions: [delegate, actions.transfer(1n)] }, "the only action"],
      [{ actions: [actions.transfer(1n), delegate] }, "the only action"],
      [{ actions: [delegate, delegate] }, "the only action"],
      [{ actions: [delegate], receiverId: "bob.testnet" }, "not the delegate's sender"],
      [{ actions: [await unverified("ed25519")] }, "does not verify"],
      [{ actions: [await unverified("secp256k1")] }, "does not verify"],
    ] as const;
    const { sign } = await untouched();
    for (const [overrides, message] of broken) {
      const transaction = transactionBytes(nearKey, { ...overrides, actions: [...overrides.actions] });
      const [result] = await sign({ requests: [{ transaction }] });
      expect(reasonOf(result)).toBe("SIGNER_TRANSACTION_MALFORMED");
      expect(result).toHaveProperty("message", expect.stringContaining(message));
    }
  });
});

describe("a batch", () => {
  it("keeps its order, and a refused item does not stop the others", async () => {
    const { sign } = await start();
    const results = await sign({
      requests: [
        { transaction: transactionBytes(nearKey) },
        { transaction: new Uint8Array([1]) },
        { keyId: "nobody", transaction: transactionBytes(nearKey) },
        { transaction: transactionBytes(nearKey, { actions: [actions.transfer(2n)] }) },
        { transaction: transactionBytes(nearKey, { nonce: 43n }) },
      ],
    });
    expect(results.map(reasonOf)).toEqual([
      "signed",
      "SIGNER_TRANSACTION_MALFORMED",
      "SIGNER_KEY_NOT_FOUND",
      "SIGNER_NONCE_CONFLICT",
      "signed",
    ]);
    const [first, , nobody, , last] = results;
    expect([first, nobody, last].map((r) => r?.keyId)).toEqual(["relayer-1", "", "relayer-1"]);
    if (first?.kind !== "signed" || last?.kind !== "signed") throw new Error("not signed");
    expect(decodeSignedTransaction(last.signedTransaction).transaction.nonce).toBe(43n);
    expect(Buffer.from(first.hash)).toEqual(sha256(transactionBytes(nearKey)));
  });

  it("signs what the backend can, whatever it does to the others", async () => {
    const stuck = sha256(transactionBytes(nearKey));
    const { sign } = await start(
      {},
      {
        sign: (hash) => (stuck.equals(hash) ? Promise.reject(new Error("busy")) : backend.sign(hash)),
      },
    );
    const requests = [42n, 43n].map((nonce) => ({ transaction: transactionBytes(nearKey, { nonce }) }));
    expect((await sign({ requests })).map(reasonOf)).toEqual(["SIGNER_BACKEND_UNAVAILABLE", "signed"]);
  });
});

describe("where grants are asked for", () => {
  const relay = generateKeyPairSync("ed25519");
  const grantKeys = new Map([["relay", publicKeyOf(relay.privateKey).data]]);
  const requests = [42n, 43n].map((nonce) => ({
    keyId: "relayer-1",
    transaction: transactionBytes(nearKey, { nonce }),
  }));

  it("every transaction is signed that has one, once", async () => {
    const { sign } = await start({ grantKeys });
    const grants = grantsFor(relay.privateKey, requests, { audience: AUDIENCE });
    expect((await sign({ requests, grants })).map(reasonOf)).toEqual(["signed", "signed"]);
    const again = await sign({ requests, grants });
    expect(again.map(reasonOf)).toEqual(["SIGNER_GRANT_USED", "SIGNER_GRANT_USED"]);
    expect(again).toMatchObject([{ tenant: "acme", submissionId: "sub-1" }, { tenant: "acme" }]);
  });

  it("one that is wrong refuses all transactions of the call, and its good part can still be used", async () => {
    const { sign } = await start({ grantKeys });
    const grants = grantsFor(relay.privateKey, requests, { audience: AUDIENCE });
    const others = requests.map(({ keyId, transaction }, i) => ({
      keyId,
      transaction: i === 0 ? transaction : transactionBytes(nearKey, { nonce: 44n }),
    }));
    for (const [call, reason] of [
      [{ requests: others, grants }, "SIGNER_GRANT_INVALID"],
      [{ requests, grants: { ...grants, keyId: "another" } }, "SIGNER_GRANT_INVALID"],
      [{ requests, grants: null }, "SIGNER_GRANT_MISSING"],
      [{ requests: [...requests, ...others], grants }, "SIGNER_GRANT_MISSING"],
    ] as const) {
      expect(new Set((await sign(call)).map(reasonOf))).toEqual(new Set([reason]));
    }
    expect((await sign({ requests, grants })).map(reasonOf)).toEqual(["signed", "signed"]);
  });
});

describe("loading", () => {
  it("refuses a key id twice, and one key for two networks or accounts", async () => {
    const held = (overrides: Partial<HeldKey> = {}): HeldKey => ({
      ...{ keyId: "relayer-1", network: "testnet", accountId: RELAYER, backend },
      ...overrides,
    });
    const load = (...keys: HeldKey[]) =>
      runSigner(signerConfig("unused", { policies: {} }), {
        openBackends: async () => [testBackend("keystore", keys)],
      });
    const other = new KeystoreKey(generateKeyPairSync("ed25519").privateKey);
    await expect(load(held(), held({ backend: other }))).rejects.toThrow("occurs twice");
    const onMainnet = held({ keyId: "b", network: "mainnet" });
    await expect(load(held(), onMainnet)).rejects.toThrow("held for two networks");
    const otherAccount = held({ keyId: "b", accountId: "b.testnet" });
    await expect(load(held(), otherAccount)).rejects.toThrow("are the same key");
  });
});

describe("mutated transactions", () => {
  it("are never signed over other bytes than those decoded, nor for another account or key", async () => {
    const { sign } = await start({ journal: forgetfulJournal });
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
        const [result] = await sign({ requests: [{ transaction }] });
        if (result?.kind !== "signed") {
          expect(result?.reason).not.toBe(ErrorReason.INTERNAL);
          return;
        }
        const decoded = decodeTransaction(transaction);
        const reencoded = Buffer.from(encodeTransaction(decoded));
        const hash = sha256(reencoded);
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
