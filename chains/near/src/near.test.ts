import { createHash } from "node:crypto";
import {
  actions,
  buildDelegateAction,
  createTransaction,
  decodeTransaction as decodeWithNearApi,
  encodeDelegateAction,
  encodeTransaction as encodeTransactionWithNearApi,
  encodeSignedDelegate as encodeWithNearApi,
  KeyPair,
  KeyPairSigner,
  type PublicKey as NearApiPublicKey,
} from "near-api-js";
import { describe, expect, it } from "vitest";
import {
  BorshError,
  decodeSignedDelegate,
  decodeTransaction,
  delegateHash,
  encodeSignedDelegate,
  encodeTransaction,
  formatPublicKey,
  isValidAccountId,
  NestedDelegateError,
  parsePublicKey,
  TooManyActionsError,
  transactionHash,
  UnsupportedActionError,
} from "./index.ts";
import { verifySignature } from "./verify.ts";

const DEPOSIT = 5_000_000_000_000_000_000_000_001n;

function everyAction(key: NearApiPublicKey) {
  return [
    actions.createAccount(),
    actions.deployContract(new Uint8Array([0, 97, 115, 109])),
    actions.functionCall("vote", { yes: true, text: "grüße" }, 30_000_000_000_000n, DEPOSIT),
    actions.transfer(DEPOSIT),
    actions.stake(7n, key),
    actions.addFullAccessKey(key),
    actions.addFunctionCallAccessKey(key, "app.near", ["a", "b"], 9n),
    actions.deleteKey(key),
    actions.deleteAccount("heir.near"),
  ];
}

async function signedDelegate(curve: "ed25519" | "secp256k1") {
  const pair = KeyPair.fromRandom(curve);
  const delegate = buildDelegateAction({
    senderId: "alice.near",
    receiverId: "app.near",
    actions: everyAction(pair.getPublicKey()),
    nonce: 2n ** 60n + 3n,
    maxBlockHeight: 123_456_789n,
    publicKey: pair.getPublicKey(),
  });
  const { signedDelegate } = await new KeyPairSigner(pair).signDelegateAction(delegate);
  return { delegate, bytes: encodeWithNearApi(signedDelegate) };
}

describe("signed delegates", () => {
  for (const curve of ["ed25519", "secp256k1"] as const) {
    it(`made by near-api-js with ${curve} decode, verify and encode to the same bytes`, async () => {
      const { delegate, bytes } = await signedDelegate(curve);
      const decoded = decodeSignedDelegate(bytes);
      const hash = delegateHash(decoded.delegateAction);
      expect(Buffer.from(encodeSignedDelegate(decoded))).toEqual(Buffer.from(bytes));
      expect(Buffer.from(hash)).toEqual(createHash("sha256").update(encodeDelegateAction(delegate)).digest());
      expect(verifySignature(decoded.delegateAction.publicKey, hash, decoded.signature)).toBe(true);
      expect(decoded.delegateAction.actions.map((a) => a.kind)).toEqual([
        "CreateAccount",
        "DeployContract",
        "FunctionCall",
        "Transfer",
        "Stake",
        "AddKey",
        "AddKey",
        "DeleteKey",
        "DeleteAccount",
      ]);
    });

    it(`with any one bit of a ${curve} delegate flipped are refused`, async () => {
      const { bytes } = await signedDelegate(curve);
      for (let bit = 0; bit < bytes.length * 8; bit += curve === "ed25519" ? 3 : 29) {
        const altered = Uint8Array.from(bytes);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(accepts(altered), `bit ${bit}`).toBe(false);
      }
    });
  }

  it("with a byte more or a byte less are malformed", async () => {
    const { bytes } = await signedDelegate("ed25519");
    expect(() => decodeSignedDelegate(new Uint8Array([...bytes, 0]))).toThrow(BorshError);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSignedDelegate(bytes.subarray(0, length))).toThrow(BorshError);
    }
  });

  it("that hold a delegate or an unknown action are told apart", async () => {
    const { bytes } = await signedDelegate("ed25519");
    const firstTag = 4 + "alice.near".length + 4 + "app.near".length + 4;
    const withTag = (tag: number) => Uint8Array.from(bytes, (b, i) => (i === firstTag ? tag : b));
    expect(() => decodeSignedDelegate(withTag(8))).toThrow(NestedDelegateError);
    expect(() => decodeSignedDelegate(withTag(11))).toThrow(UnsupportedActionError);
  });

  it("that claim four billion actions are refused without reserving memory for them", () => {
    const header = new Uint8Array([2, 0, 0, 0, 97, 97, 2, 0, 0, 0, 98, 98, 255, 255, 255, 255]);
    expect(() => decodeSignedDelegate(header)).toThrow("vector of 4294967295 elements");
  });
});

function accepts(bytes: Uint8Array): boolean {
  try {
    const { delegateAction, signature } = decodeSignedDelegate(bytes);
    return verifySignature(delegateAction.publicKey, delegateHash(delegateAction), signature);
  } catch (error) {
    if (error instanceof BorshError) return false;
    throw error;
  }
}

describe("transactions", () => {
  it("encode as near-api-js encodes them, and back", () => {
    const pair = KeyPair.fromRandom("ed25519");
    const theirs = createTransaction(
      "relay.near",
      pair.getPublicKey(),
      "alice.near",
      42n,
      everyAction(pair.getPublicKey()),
      new Uint8Array(32).fill(7),
    );
    const bytes = encodeTransactionWithNearApi(theirs);
    const ours = decodeTransaction(bytes);
    expect(Buffer.from(encodeTransaction(ours))).toEqual(Buffer.from(bytes));
    expect(decodeWithNearApi(encodeTransaction(ours)).nonce).toBe(42n);
    expect(Buffer.from(transactionHash(bytes))).toEqual(createHash("sha256").update(bytes).digest());
  });

  it("of more actions than are wanted are refused before one is read, in them or in a delegate", async () => {
    const { bytes: delegateBytes } = await signedDelegate("ed25519");
    const base = {
      signerId: "relay.near",
      publicKey: parsePublicKey(KeyPair.fromRandom("ed25519").getPublicKey().toString()),
      nonce: 1n,
      receiverId: "alice.near",
      blockHash: new Uint8Array(32),
    };
    const create = { kind: "CreateAccount" } as const;
    const two = encodeTransaction({ ...base, actions: [create, create] });
    expect(decodeTransaction(two, 2).actions).toHaveLength(2);
    expect(() => decodeTransaction(two, 1)).toThrow(TooManyActionsError);
    // Now the first action is one that nobody can read.
    two[two.length - 2] = 0xff;
    expect(() => decodeTransaction(two, 1)).toThrow(TooManyActionsError);
    expect(() => decodeTransaction(two, 2)).toThrow(UnsupportedActionError);

    const signed = decodeSignedDelegate(delegateBytes);
    const relayed = encodeTransaction({ ...base, actions: [{ kind: "Delegate", signedDelegate: signed }] });
    const inner = signed.delegateAction.actions.length;
    expect(decodeTransaction(relayed, inner).actions).toHaveLength(1);
    expect(() => decodeTransaction(relayed, inner - 1)).toThrow(TooManyActionsError);
  });

  it.each([1, 63, 64, 65, 300])("keep texts of %i characters, and refuse what is no UTF-8", (length) => {
    const calling = (methodName: string) =>
      encodeTransaction({
        signerId: "relay.near",
        publicKey: parsePublicKey(KeyPair.fromRandom("ed25519").getPublicKey().toString()),
        nonce: 1n,
        receiverId: "app.near",
        blockHash: new Uint8Array(32),
        actions: [{ kind: "FunctionCall", methodName, args: new Uint8Array(), gas: 0n, deposit: 0n }],
      });
    for (const text of ["", "\0aZ~\x7f".repeat(length).slice(0, length), `\ufeff${"ü".repeat(length)}`]) {
      expect(decodeTransaction(calling(text)).actions).toMatchObject([{ methodName: text }]);
    }
    const cut = calling("a".repeat(length));
    // The text's last byte, before the length of the arguments, the gas and the deposit.
    cut[cut.length - 29] = 0xc3;
    expect(() => decodeTransaction(cut)).toThrow("text is not UTF-8");
  });

  it("are refused with more method names of an access key than NEAR takes", () => {
    const publicKey = parsePublicKey(KeyPair.fromRandom("ed25519").getPublicKey().toString());
    const adding = (names: number) =>
      encodeTransaction({
        signerId: "relay.near",
        publicKey,
        nonce: 1n,
        receiverId: "relay.near",
        blockHash: new Uint8Array(32),
        actions: [
          {
            kind: "AddKey",
            publicKey,
            nonce: 0n,
            permission: {
              kind: "FunctionCall",
              allowance: null,
              receiverId: "app.near",
              methodNames: Array.from({ length: names }, () => ""),
            },
          },
        ],
      });
    expect(decodeTransaction(adding(2_000)).actions).toHaveLength(1);
    expect(() => decodeTransaction(adding(2_001))).toThrow(BorshError);
  });
});

describe("names and keys", () => {
  it("follow NEAR's rules for account names", () => {
    const valid = ["aa", "a-a", "100", "0o", "com", "near", "b-o_w_e-n", "no_lols.near", "a".repeat(64)];
    const invalid = ["", "a", "A.near", "a..b", ".a", "a.", "a--b", "-a", "a_", "a b", "a@b", "a".repeat(65)];
    expect(valid.filter((name) => !isValidAccountId(name))).toEqual([]);
    expect(invalid.filter((name) => isValidAccountId(name))).toEqual([]);
  });

  it("read and write public keys as text, and refuse what is not one", () => {
    for (const curve of ["ed25519", "secp256k1"] as const) {
      const text = KeyPair.fromRandom(curve).getPublicKey().toString();
      expect(formatPublicKey(parsePublicKey(text))).toBe(text);
    }
    for (const text of ["", "ed25519", "ed25519:", "ed25519:0OIl", "rsa:abc", `ed25519:${"1".repeat(31)}`]) {
      expect(() => parsePublicKey(text), text).toThrow();
    }
  });
});
