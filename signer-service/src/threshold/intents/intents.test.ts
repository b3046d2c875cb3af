import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { encodeDelegateAction, encodeTransaction, parsePublicKey, type Transaction } from "@countersign/near";
import { expect, test } from "vitest";
import { assertIsFor } from "./intent.ts";
import { nearDelegate } from "./near-delegate.ts";
import { readPayload } from "./read-payload.ts";

// The vectors of docs/threshold-ed25519.md.
const KEY = "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd";
const publicKey = parsePublicKey(KEY);
const transaction: Transaction = {
  signerId: "alice.near",
  publicKey,
  nonce: 1n,
  receiverId: "bob.near",
  blockHash: new Uint8Array(32),
  actions: [{ kind: "Transfer", deposit: 1n }],
};
const delegateAction = encodeDelegateAction({
  senderId: "alice.near",
  receiverId: "bob.near",
  actions: [{ kind: "Transfer", deposit: 1n }],
  nonce: 1n,
  maxBlockHeight: 100n,
  publicKey,
});
const signers = [{ accountId: "alice.near", publicKey: KEY }];
const digestsOf = (digests: readonly Uint8Array[]) =>
  digests.map((digest) => Buffer.from(digest).toString("base64url"));

test("each kind of payload has its purpose, its digests and whom it names", () => {
  const bytes = encodeTransaction(transaction);
  const batch = readPayload({ kind: "near transactions", transactions: [bytes, bytes] });
  expect(batch).toMatchObject({ purpose: "NEAR_TRANSACTION", signers: [...signers, ...signers] });
  const digest = "xzamlxYs_zZuRVKlGJ9bQ_K-vpsXTFM-FuShbtCbP14";
  expect(digestsOf(batch.digests)).toEqual([digest, digest]);

  const delegate = readPayload({ kind: "near delegate", delegateAction });
  expect(delegate).toMatchObject({ purpose: "NEAR_DELEGATE", signers });
  expect(digestsOf(delegate.digests)).toEqual(["48hBrOyTSD5GKJeu8aRqVst3x7mIAdsVBKvZycv-A5s"]);

  const nonce = new Uint8Array(32).fill(5);
  const message = { message: "hello", nonce, recipient: "example.com" };
  const login = readPayload({ kind: "nep-413 message", message });
  expect(login).toMatchObject({ purpose: "NEP413_MESSAGE", signers: [] });
  expect(digestsOf(login.digests)).toEqual(["v6nal2jk7CiKwXm05R2Lsm8iImhll4uDXnSI7I9d_Cg"]);
});

test("every cut of a payload is malformed", () => {
  const bytes = encodeTransaction(transaction);
  for (let size = 0; size < bytes.length; size++) {
    const transactions = [bytes.subarray(0, size)];
    expect(() => readPayload({ kind: "near transactions", transactions })).toThrow(
      expect.objectContaining({ reason: ErrorReason.PAYLOAD_MALFORMED }),
    );
  }
  for (let size = 0; size < delegateAction.length; size++) {
    const cut = delegateAction.subarray(0, size);
    expect(() => readPayload({ kind: "near delegate", delegateAction: cut })).toThrow(
      expect.objectContaining({ reason: ErrorReason.PAYLOAD_MALFORMED }),
    );
  }
});

test("of a payload with more actions than can land none is read", () => {
  // Both names and the number of actions; who reads on comes upon a tag that nobody knows.
  const names = delegateAction.subarray(0, 4 + 10 + 4 + 8);
  const many = Buffer.concat([names, Buffer.of(101, 0, 0, 0), Buffer.alloc(101, 0xff)]);
  expect(() => readPayload({ kind: "near delegate", delegateAction: many })).toThrow(
    expect.objectContaining({
      reason: ErrorReason.PAYLOAD_MALFORMED,
      message: expect.stringContaining("101 actions"),
    }),
  );
});

test("a payload is for the key only if all that it names is", () => {
  const intent = nearDelegate(delegateAction);
  const key = { accountId: "alice.near", keyId: KEY };
  assertIsFor(intent, key);
  const mismatch = expect.objectContaining({ reason: ErrorReason.PAYLOAD_KEY_MISMATCH });
  expect(() => assertIsFor(intent, { ...key, accountId: "bob.near" })).toThrow(mismatch);
  expect(() => assertIsFor(intent, { ...key, keyId: "ed25519:other" })).toThrow(mismatch);
  const two = { ...intent, signers: [...signers, { accountId: "bob.near", publicKey: KEY }] };
  expect(() => assertIsFor(two, key)).toThrow(mismatch);
});
