import type { Action } from "@countersign/near";
import { describe, expect, it } from "vitest";
import {
  call,
  check,
  delegate,
  KEY,
  OTHER_KEY,
  outcome,
  policyFrom,
  RELAYER,
  transaction,
} from "../../../tests/signer/support/policy-checks.ts";

const TRANSFER_FIELDS = {
  deposit_per_day: "1000",
  transfers: { receivers: ["alice.testnet"], max_deposit: "5" },
};
const TRANSFERS = policyFrom(TRANSFER_FIELDS);

describe("a transaction that the policy allows", () => {
  it("is told with its purpose, its nonce, what it moves and what it can cost", async () => {
    const bytes = transaction({ nonce: 2n ** 64n - 1n, actions: [{ kind: "Transfer", deposit: 5n }] });
    expect(await check(bytes, TRANSFERS)).toEqual({
      purpose: "TRANSFER",
      nonce: 2n ** 64n - 1n,
      deposit: 5n,
      gas: 12_000_000_000_000n + 150_000_000n * BigInt(bytes.length),
    });
  });

  it("must be for what the grant says", async () => {
    expect(await outcome(transaction(), TRANSFERS, { grantedPurpose: "TRANSFER" })).toBe("TRANSFER");
    expect(await outcome(transaction(), TRANSFERS, { grantedPurpose: "DELEGATE" })).toBe(
      "SIGNER_GRANT_INVALID",
    );
  });
});

describe("without a section that allows it", () => {
  const key = OTHER_KEY;
  const everyAction: Action[] = [
    { kind: "CreateAccount" },
    { kind: "DeployContract", code: new Uint8Array(3) },
    call(),
    { kind: "Transfer", deposit: 0n },
    { kind: "Stake", stake: 0n, publicKey: key },
    { kind: "AddKey", publicKey: key, nonce: 0n, permission: { kind: "FullAccess" } },
    { kind: "DeleteKey", publicKey: key },
    { kind: "DeleteAccount", beneficiaryId: "mallory.testnet" },
    delegate(),
  ];

  it.each(everyAction.map((action) => [action.kind, action] as const))(
    "%s is not signed",
    async (_, action) => {
      for (const receiverId of ["alice.testnet", RELAYER, `new.${RELAYER}`]) {
        const bytes = transaction({ receiverId, actions: [action] });
        const wrongSender = action.kind === "Delegate" && receiverId !== "alice.testnet";
        const reason = wrongSender ? "SIGNER_TRANSACTION_MALFORMED" : "SIGNER_PURPOSE_NOT_ALLOWED";
        expect(await outcome(bytes, policyFrom({}))).toBe(reason);
        expect(await outcome(bytes, undefined)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
      }
    },
  );

  it("neither is a transaction without actions, nor one of everything", async () => {
    expect(await outcome(transaction({ actions: [] }), TRANSFERS)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    const mixed = transaction({ actions: everyAction.slice(0, -1) });
    expect(await outcome(mixed, TRANSFERS)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });
});

describe("a transfer", () => {
  it("goes to listed accounts, and moves at most the limit", async () => {
    const to = (receiverId: string, deposit: bigint) =>
      outcome(transaction({ receiverId, actions: [{ kind: "Transfer", deposit }] }), TRANSFERS);
    expect(await to("alice.testnet", 5n)).toBe("TRANSFER");
    expect(await to("alice.testnet", 6n)).toBe("SIGNER_LIMIT_EXCEEDED");
    expect(await to("mallory.testnet", 0n)).toBe("SIGNER_POLICY_DENIED");
    expect(await to("x.alice.testnet", 0n)).toBe("SIGNER_POLICY_DENIED");
  });

  it("travels alone", async () => {
    const transfer: Action = { kind: "Transfer", deposit: 1n };
    for (const actions of [
      [transfer, transfer],
      [transfer, call()],
    ]) {
      expect(await outcome(transaction({ actions }), TRANSFERS)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    }
  });
});

describe("a transaction that is not the key's", () => {
  it("is refused for another network, of the call or of the policy", async () => {
    const mainnet = { ...TRANSFERS, network: "mainnet" };
    expect(await outcome(transaction(), TRANSFERS, { network: "mainnet" })).toBe("SIGNER_NETWORK_MISMATCH");
    expect(await outcome(transaction(), mainnet)).toBe("SIGNER_NETWORK_MISMATCH");
  });

  it("is refused when the key's id was given to another account's key in the store", async () => {
    const cold = { ...KEY, accountId: "cold.testnet" };
    const bytes = transaction({ signerId: "cold.testnet" });
    expect(await outcome(bytes, TRANSFERS, { key: cold })).toBe("SIGNER_ACCOUNT_MISMATCH");
    await expect(check(bytes, TRANSFERS, { key: cold })).rejects.toThrow("the policy of key relayer-1");
    const meant = policyFrom({ ...TRANSFER_FIELDS, account_id: "cold.testnet" });
    expect(await outcome(bytes, meant, { key: cold })).toBe("TRANSFER");
  });

  it("is refused of another account, and under another public key", async () => {
    const bob = transaction({ signerId: "bob.testnet" });
    expect(await outcome(bob, TRANSFERS)).toBe("SIGNER_ACCOUNT_MISMATCH");
    const secp256k1 = { type: "secp256k1", data: new Uint8Array(64).fill(1) } as const;
    for (const publicKey of [OTHER_KEY, secp256k1]) {
      expect(await outcome(transaction({ publicKey }), TRANSFERS)).toBe("SIGNER_PUBLIC_KEY_MISMATCH");
    }
    const sameBytes = { ...KEY, publicKey: { type: "secp256k1", data: KEY.publicKey.data } } as const;
    expect(await outcome(transaction(), TRANSFERS, { key: sameBytes })).toBe("SIGNER_PUBLIC_KEY_MISMATCH");
  });
});

describe("a transaction of many actions", () => {
  const many = (count: number): Action[] => Array.from({ length: count }, () => ({ kind: "CreateAccount" }));
  const two = { ...TRANSFERS, maxActions: 2 };

  it("is refused above the limit, as is a delegate of many", async () => {
    expect(await outcome(transaction({ actions: many(2) }), two)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    expect(await outcome(transaction({ actions: many(3) }), two)).toBe("SIGNER_LIMIT_EXCEEDED");
    const inner = (count: number) => [delegate({ actions: Array.from({ length: count }, () => call()) })];
    expect(await outcome(transaction({ actions: inner(2) }), two)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    expect(await outcome(transaction({ actions: inner(3) }), two)).toBe("SIGNER_LIMIT_EXCEEDED");
  });

  it("is refused before one of 100,000 is read, and when there are not as many as it says", async () => {
    const bytes = transaction({ actions: many(100_000) });
    // An action that nobody understands: whoever reads the actions says so.
    bytes[bytes.length - 100_000] = 0xff;
    expect(await outcome(bytes, TRANSFERS)).toBe("SIGNER_LIMIT_EXCEEDED");
    expect(await outcome(bytes.subarray(0, -1), TRANSFERS)).toBe("SIGNER_TRANSACTION_MALFORMED");
  });

  it("is refused above 192 KiB", async () => {
    const bytes = transaction({ actions: [call({ args: new Uint8Array(196_608) })] });
    expect(await outcome(bytes, TRANSFERS)).toBe("SIGNER_TRANSACTION_MALFORMED");
  });
});
