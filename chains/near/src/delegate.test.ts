import { createHash } from "node:crypto";
import { base58, base64urlnopad } from "@scure/base";
import {
  actions,
  buildDelegateAction,
  encodeDelegateAction as encodeWithNearApi,
  KeyPair,
} from "near-api-js";
import { describe, expect, it } from "vitest";
import { TooManyActionsError, UnsupportedActionError } from "./actions.ts";
import { BorshError } from "./borsh.ts";
import {
  type DelegateAction,
  decodeDelegateAction,
  delegateHash,
  encodeDelegateAction,
  NestedDelegateError,
} from "./delegate.ts";
import { encodeTransaction, transactionHash } from "./transaction.ts";

/** NEP-461's prefix of a delegate, which near-api-js puts before it. */
const PREFIX_SIZE = 4;

function theirs(curve: "ed25519" | "secp256k1" = "ed25519") {
  const publicKey = KeyPair.fromRandom(curve).getPublicKey();
  const delegate = buildDelegateAction({
    senderId: "alice.near",
    receiverId: "app.near",
    actions: [
      actions.functionCall("vote", { text: "grüße" }, 30_000_000_000_000n, 7n),
      actions.transfer(2n ** 100n),
      actions.addFunctionCallAccessKey(publicKey, "app.near", ["a", "b"], 9n),
    ],
    nonce: 2n ** 60n + 3n,
    maxBlockHeight: 123_456_789n,
    publicKey,
  });
  return encodeWithNearApi(delegate);
}

const withTag = (bytes: Uint8Array, tag: number) => {
  const firstTag = 4 + "alice.near".length + 4 + "app.near".length + 4;
  return Uint8Array.from(bytes, (byte, i) => (i === firstTag ? tag : byte));
};

describe("unsigned delegates", () => {
  it.each(["ed25519", "secp256k1"] as const)(
    "of near-api-js with %s decode, hash and encode alike",
    (curve) => {
      const prefixed = theirs(curve);
      const bytes = prefixed.subarray(PREFIX_SIZE);
      const decoded = decodeDelegateAction(bytes);
      expect(encodeDelegateAction(decoded)).toEqual(Uint8Array.from(bytes));
      expect(Buffer.from(delegateHash(decoded))).toEqual(createHash("sha256").update(prefixed).digest());
    },
  );

  it("with a byte more or a byte less are malformed", () => {
    const bytes = theirs().subarray(PREFIX_SIZE);
    expect(() => decodeDelegateAction(Uint8Array.from([...bytes, 0]))).toThrow(BorshError);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeDelegateAction(bytes.subarray(0, length))).toThrow(BorshError);
    }
  });

  it("that hold a delegate or an unknown action are told apart", () => {
    const bytes = theirs().subarray(PREFIX_SIZE);
    expect(() => decodeDelegateAction(withTag(bytes, 8))).toThrow(NestedDelegateError);
    expect(() => decodeDelegateAction(withTag(bytes, 11))).toThrow(UnsupportedActionError);
  });

  it("of more actions than are wanted are refused before one is read", () => {
    const bytes = theirs().subarray(PREFIX_SIZE);
    expect(decodeDelegateAction(bytes, 3).actions).toHaveLength(3);
    expect(() => decodeDelegateAction(withTag(bytes, 11), 2)).toThrow(TooManyActionsError);
  });

  it("with any one bit flipped are refused or something else", () => {
    const bytes = theirs().subarray(PREFIX_SIZE);
    const original = Buffer.from(delegateHash(decodeDelegateAction(bytes))).toString("hex");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let decoded: DelegateAction;
      try {
        decoded = decodeDelegateAction(altered);
      } catch (error) {
        expect(error).toBeInstanceOf(BorshError);
        continue;
      }
      expect(encodeDelegateAction(decoded)).toEqual(altered);
      expect(Buffer.from(delegateHash(decoded)).toString("hex")).not.toBe(original);
    }
  });
});

describe("the vectors of threshold-ed25519-frost-2p-v1", () => {
  const key = {
    type: "ed25519",
    data: base58.decode("G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd"),
  } as const;
  const ask = {
    publicKey: key,
    nonce: 1n,
    receiverId: "bob.near",
    actions: [{ kind: "Transfer" as const, deposit: 1n }],
  };

  it("give the digest of a transaction", () => {
    const transaction = { ...ask, signerId: "alice.near", blockHash: new Uint8Array(32) };
    const digest = transactionHash(encodeTransaction(transaction));
    expect(base64urlnopad.encode(digest)).toBe("xzamlxYs_zZuRVKlGJ9bQ_K-vpsXTFM-FuShbtCbP14");
  });

  it("give the digest of a delegate", () => {
    const delegate: DelegateAction = { ...ask, senderId: "alice.near", maxBlockHeight: 100n };
    expect(base64urlnopad.encode(delegateHash(delegate))).toBe("48hBrOyTSD5GKJeu8aRqVst3x7mIAdsVBKvZycv-A5s");
  });
});
