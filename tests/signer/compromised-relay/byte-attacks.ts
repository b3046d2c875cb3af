import { randomBytes } from "node:crypto";
import { actions } from "near-api-js";
import type { Attack } from "./attack.ts";
import { key, rawTransaction, TAG, text, transfer, u8, u32, u64, u128 } from "./hand-made-borsh.ts";
import { sha256 } from "./relay-connections.ts";
import { RELAYER } from "./relayer-keys.ts";
import { ALICE, delegate, MALLORY, malloryKey, type Transactions } from "./transactions.ts";

/** What the contract takes of a transaction, in bytes. */
const MAX_BYTES = 196_608;
const MANY = 100_000;

async function goodBytes(t: Transactions): Promise<Uint8Array> {
  return (await t.good()).transaction;
}

function raw(t: Transactions, count: number, all: Uint8Array, receiverId = RELAYER): Buffer {
  const names = { signerId: RELAYER, publicKey: t.publicKey("relayer"), nonce: t.nextNonce("relayer") };
  return rawTransaction({ ...names, receiverId, count, actions: all });
}

function malformed(name: string, make: Attack["make"]): Attack {
  return { name, reason: "SIGNER_TRANSACTION_MALFORMED", make };
}

function overLimit(name: string, make: Attack["make"]): Attack {
  return { name, reason: "SIGNER_LIMIT_EXCEEDED", make };
}

function notAllowed(name: string, make: Attack["make"]): Attack {
  return { name, reason: "SIGNER_PURPOSE_NOT_ALLOWED", make };
}

/** Actions that NEAR has, or may have one day, after Delegate; bodies as nearcore 2.9 writes them, or none. */
const UNKNOWN_ACTIONS: readonly [string, number, Uint8Array][] = [
  ["DeployGlobalContract", 9, Buffer.concat([u32(1), u8(0), u8(0)])],
  ["UseGlobalContract", 10, Buffer.concat([u8(1), text(MALLORY)])],
  ["DeterministicStateInit", 11, Buffer.concat([u8(0), u8(1), text(MALLORY), u32(0), u128(1n)])],
  ["TransferToGasKey", 12, Buffer.concat([key(malloryKey), u128(1n)])],
  ["WithdrawFromGasKey", 13, Buffer.concat([key(malloryKey), u128(1n)])],
  ...[14, 15, 127, 128, 255].map((tag): [string, number, Uint8Array] => [`number ${tag}`, tag, u128(1n)]),
];

const HEAD_OF_DELEGATE = Buffer.concat([text(ALICE), text("app.testnet")]);

/** Bytes that are no transaction, or not one that the signer understands whole. */
export const BYTE_ATTACKS: readonly Attack[] = [
  ...UNKNOWN_ACTIONS.map(([name, tag, body]) =>
    malformed(`the action ${name}`, (t) => raw(t, 1, Buffer.concat([u8(tag), body]))),
  ),
  malformed("an unknown action behind a known one", (t) =>
    raw(t, 2, Buffer.concat([transfer(1n), u8(11), u128(1n)])),
  ),
  malformed("a version-1 transaction", async (t) => Buffer.concat([u8(1), await goodBytes(t), u64(0n)])),
  malformed("a version-1 transaction without a priority fee", async (t) =>
    Buffer.concat([u8(1), await goodBytes(t)]),
  ),
  malformed("a byte behind the end", async (t) => Buffer.concat([await goodBytes(t), u8(0)])),
  malformed("a second transaction behind the first", async (t) =>
    Buffer.concat([await goodBytes(t), t.bytes("relayer", MALLORY, [actions.transfer(1n)])]),
  ),
  malformed("a transaction that is signed already", async (t) =>
    Buffer.concat([await goodBytes(t), u8(0), randomBytes(64)]),
  ),
  malformed("32 random bytes", () => randomBytes(32)),
  malformed("the hash of a transaction that is allowed", async (t) => sha256(await goodBytes(t))),
  malformed("the hash of a transfer to the attacker", (t) =>
    sha256(t.bytes("relayer", MALLORY, [actions.transfer(1n)])),
  ),
  malformed("a delegate of the relay's account, to be signed as such (NEP-461)", () =>
    Buffer.concat([u32(2 ** 30 + 366), text(RELAYER), text(MALLORY), u32(1), transfer(1n), u64(1n), u64(9n)]),
  ),
  malformed("a message to be signed (NEP-413)", () =>
    Buffer.concat([u32(2 ** 31 + 413), text("log me in"), randomBytes(32), text(MALLORY), u8(0)]),
  ),
  malformed("text", () => Buffer.from("please sign")),
  malformed("one byte", () => u8(0)),
  malformed("a zero for every byte", () => Buffer.alloc(300)),
  malformed("2^32 - 1 actions", (t) => raw(t, 2 ** 32 - 1, transfer(1n))),
  malformed("an action less than it says", (t) => raw(t, 2, transfer(1n))),
  malformed("an action more than it says", (t) => raw(t, 1, Buffer.concat([transfer(1n), transfer(1n)]))),
  malformed("an account name in capitals", (t) => raw(t, 1, transfer(1n), "MALLORY.testnet")),
  malformed("an account name with a zero byte", (t) => raw(t, 1, transfer(1n), "app.testnet\0")),
  malformed("a key of an unknown curve", (t) => {
    const bytes = raw(t, 1, transfer(1n));
    bytes[4 + RELAYER.length] = 2;
    return bytes;
  }),
  overLimit("100,000 actions of one byte", (t) => raw(t, MANY, Buffer.alloc(MANY, TAG.createAccount))),
  overLimit("a delegate of 100,000 actions of one byte", (t) => {
    const body = [u8(TAG.delegate), HEAD_OF_DELEGATE, u32(MANY), Buffer.alloc(MANY, TAG.createAccount)];
    return raw(t, 1, Buffer.concat([...body, Buffer.alloc(200)]), ALICE);
  }),
  overLimit("17 transfers", (t) => raw(t, 17, Buffer.concat(Array(17).fill(transfer(1n))))),
  notAllowed("no action at all", (t) => raw(t, 0, Buffer.alloc(0))),
  notAllowed(`a transaction of ${MAX_BYTES} bytes`, (t) => {
    const code = MAX_BYTES - raw(t, 1, Buffer.concat([u8(1), u32(0)])).length;
    return raw(t, 1, Buffer.concat([u8(1), u32(code), Buffer.alloc(code)]));
  }),
  {
    name: "a transaction of another account",
    reason: "SIGNER_ACCOUNT_MISMATCH",
    make: async (t) => t.bytes("relayer", ALICE, [await delegate()], { signerId: MALLORY }),
  },
  {
    name: "a transaction under another key of the account",
    reason: "SIGNER_PUBLIC_KEY_MISMATCH",
    make: async (t) => t.bytes("relayer", ALICE, [await delegate()], { signedBy: "keeper" }),
  },
];
