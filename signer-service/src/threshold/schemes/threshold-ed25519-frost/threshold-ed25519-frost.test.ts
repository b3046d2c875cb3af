import { randomBytes } from "node:crypto";
import { clientShare } from "@countersign/crypto/derive.ts";
import { commit, signShare, verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { verifyWithOpenSsl } from "@countersign/near/ed25519";
import { expect, test } from "vitest";
import { joinCommitments, splitCommitments, splitLastMessage } from "./round-messages.ts";
import { thresholdEd25519Frost as scheme } from "./threshold-ed25519-frost.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

// The vectors of docs/threshold-ed25519.md.
const share = clientShare(new Uint8Array(32).fill(7), "alice.near");
const facts = {
  clientVerifyingShare: verifyingShare(share),
  accountId: "alice.near",
  rpId: "example.com",
  network: "testnet",
};
const derived = () => scheme.derive(Buffer.from("63".repeat(32), "hex"), facts);

test("the relayer's half is that of the vectors", () => {
  const half = derived();
  expect(text(half.share)).toBe("xiK32qUDxgVsBr6AtKjrshxEGl6BTEXngQGpB8mZTQY");
  expect(text(half.verifyingShare)).toBe("P7MCwyXXMzjZ2X2a8m7x8BpOpy5aNUkXhZgRra7JbJ0");
  expect(half.keyId).toBe("ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd");
});

test("both rounds make an Ed25519 signature, from a state that only finish takes nonces of", () => {
  const half = derived();
  const digest = random(32);
  const { nonces, commitments: clientCommitments } = commit(share, random);
  const { state, message } = scheme.begin(half, digest, joinCommitments(clientCommitments), random);
  const relayerCommitments = splitCommitments(message);
  const signing = { groupKey: half.publicKey, message: digest, clientCommitments, relayerCommitments };
  const clientMessage = signShare("client", share, nonces, signing);

  const shares = { ...facts, relayerVerifyingShare: half.verifyingShare };
  const kept = Buffer.from(state);
  expect(scheme.verifyClient(shares, digest, kept, clientMessage)).toBe(true);
  expect(kept.equals(state)).toBe(true);
  const { signature } = splitLastMessage(scheme.finish(half, digest, kept, clientMessage));
  expect(verifyWithOpenSsl(half.publicKey, digest, signature)).toBe(true);

  const other = random(32);
  expect(() => scheme.verifyClient(shares, other, kept, clientMessage)).toThrow("another digest");
  expect(() => scheme.finish(half, digest, kept.subarray(1), clientMessage)).toThrow("not the state");
});
