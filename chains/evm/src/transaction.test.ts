import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import {
  fromRlp,
  keccak256,
  parseTransaction,
  serializeTransaction,
  type TransactionSerializable,
  toRlp,
} from "viem";
import { Transaction as TempoTransaction } from "viem/tempo";
import { describe, expect, test } from "vitest";
import { EvmError } from "./evm-error.ts";
import { readTransaction } from "./transaction.ts";

const TO = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const TOKEN = "0x20c0000000000000000000000000000000000001";
const TRANSFER = `0xa9059cbb${"00".repeat(64)}` as const;
const fees = { gas: 21_000n, nonce: 7, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
const accessList = [{ address: TOKEN, storageKeys: [`0x${"11".repeat(32)}`] }] as const;
const signature = { r: `0x${"12".repeat(32)}`, s: `0x${"34".repeat(32)}`, yParity: 1 } as const;
const authorizationList = [{ address: TOKEN, chainId: 1, nonce: 3, ...signature }] as const;

const legacy = { type: "legacy", chainId: 1, gas: 21_000n, gasPrice: 10n ** 9n, nonce: 9, to: TO } as const;
const eip2930 = { ...legacy, type: "eip2930", accessList } as const;
const eip1559 = { type: "eip1559", chainId: 8453, ...fees, to: TO } as const;
const eip7702 = { ...eip1559, type: "eip7702", accessList, authorizationList } as const;
const tempo = { type: "tempo", chainId: 4217, ...fees, nonceKey: 5n, calls: [{ to: TO }] } as const;

const bytesOf = (hex: string) => hexToBytes(hex.slice(2));
const byViem = (transaction: TransactionSerializable) => bytesOf(serializeTransaction(transaction));
const byTempo = async (transaction: object) =>
  bytesOf(await TempoTransaction.serialize(transaction as Parameters<typeof TempoTransaction.serialize>[0]));
/** Bytes of a type and the RLP of these fields. */
const raw = (type: number, fields: readonly unknown[]) =>
  Uint8Array.of(type, ...bytesOf(toRlp(fields as `0x${string}`[])));
const EIP1559_FIELDS = ["0x01", "0x", "0x01", "0x01", "0x5208", TO, "0x01", "0x", []] as const;
/** The fields above with some replaced, by place. */
const changed = (fields: readonly unknown[], change: Readonly<Record<number, unknown>>) =>
  fields.map((field, i) => (i in change ? change[i] : field));

const call = { to: TO, value: 0n, selector: "0x" };

test.each<readonly [string, Uint8Array | Promise<Uint8Array>, object]>([
  ["EIP-155", byViem(legacy), { chainId: 1n, calls: [call] }],
  ["a value", byViem({ ...legacy, value: 10n ** 18n }), { calls: [{ ...call, value: 10n ** 18n }] }],
  ["EIP-2930", byViem({ ...eip2930, data: TRANSFER }), { calls: [{ ...call, selector: "0xa9059cbb" }] }],
  [
    "EIP-1559",
    byViem({ ...eip1559, data: TRANSFER }),
    { chainId: 8453n, calls: [{ selector: "0xa9059cbb" }] },
  ],
  ["data below a selector", byViem({ ...eip1559, data: "0xa9059c" }), { calls: [{ selector: null }] }],
  ["a creation", byViem({ ...eip1559, to: null, data: "0x60006000" }), { calls: [{ to: null }] }],
  ["EIP-7702", byViem(eip7702), { calls: [call], delegations: [{ chainId: 1n, contract: TOKEN }] }],
  ["Tempo", byTempo(tempo), { chainId: 4217n, calls: [call], delegations: [], authorizesKey: false }],
  [
    "a batch of Tempo",
    byTempo({
      ...tempo,
      accessList,
      validBefore: 20,
      validAfter: 10,
      feeToken: TOKEN,
      calls: [
        { to: TOKEN, data: TRANSFER },
        { to: TO, value: 5n },
      ],
    }),
    {
      calls: [
        { to: TOKEN, selector: "0xa9059cbb" },
        { to: TO, value: 5n, selector: "0x" },
      ],
    },
  ],
  ["Tempo that another pays for", byTempo({ ...tempo, feePayer: true }), { calls: [call] }],
])("%s is read as viem writes it, and hashed as viem hashes it", async (_, given, facts) => {
  const bytes = await given;
  const read = readTransaction(bytes);
  expect(read).toMatchObject(facts);
  expect(`0x${bytesToHex(read.digest)}`).toBe(keccak256(bytes));
});

test("a Tempo transaction that authorises a key or a contract says so", async () => {
  const fields = (await tempoFields()).slice();
  const key = [["0x1079", "0x", TO], signature.r];
  expect(readTransaction(raw(0x76, [...fields, key])).authorizesKey).toBe(true);
  const delegated = changed(fields, { 12: [["0x1079", TOKEN, "0x", `0x${"12".repeat(65)}`]] });
  expect(readTransaction(raw(0x76, delegated)).delegations).toEqual([{ chainId: 4217n, contract: TOKEN }]);
});

async function tempoFields(): Promise<readonly unknown[]> {
  return fromRlp(
    `0x${bytesToHex((await byTempo(tempo)).subarray(1))}`,
    "hex",
  ) as unknown as readonly unknown[];
}

describe("refused", () => {
  test.each<readonly [string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /no bytes/],
    ["no chain id", byViem({ ...legacy, chainId: undefined }), /without a chain id/],
    ["chain 0", raw(2, changed(EIP1559_FIELDS, { 0: "0x" })), /chain id is 0/],
    ["chain 0 of EIP-155", legacyOf(["0x", "0x", "0x", TO, "0x", "0x", "0x", "0x", "0x"]), /chain id is 0/],
    [
      "a chain id beyond 8 bytes",
      raw(2, changed(EIP1559_FIELDS, { 0: `0x${"ff".repeat(9)}` })),
      /more than 8/,
    ],
    ["a signed one", bytesOf(serializeTransaction(eip1559, signature)), /12 fields/],
    [
      "a signed one of EIP-155",
      bytesOf(serializeTransaction(legacy, { ...signature, v: 37n })),
      /signed already/,
    ],
    ["blobs", raw(3, EIP1559_FIELDS), /type 3/],
    ["a type that nobody knows", raw(0x78, EIP1559_FIELDS), /type 120/],
    ["a zero in front", raw(2, changed(EIP1559_FIELDS, { 6: "0x0001" })), /value begins with a zero/],
    ["zero as a byte", raw(2, changed(EIP1559_FIELDS, { 1: "0x00" })), /nonce begins with a zero/],
    [
      "a value beyond 32 bytes",
      raw(2, changed(EIP1559_FIELDS, { 6: `0x${"ff".repeat(33)}` })),
      /more than 32/,
    ],
    ["a short recipient", raw(2, changed(EIP1559_FIELDS, { 5: "0x1234" })), /no address/],
    ["a list as recipient", raw(2, changed(EIP1559_FIELDS, { 5: [TO] })), /recipient is no string/],
    ["a list as data", raw(2, changed(EIP1559_FIELDS, { 7: [TRANSFER] })), /data is no string/],
    ["bytes as access list", raw(2, changed(EIP1559_FIELDS, { 8: "0x" })), /access list is no list/],
    ["a short storage key", raw(2, changed(EIP1559_FIELDS, { 8: [[TO, ["0x11"]]] })), /32 bytes/],
    ["authorisations in EIP-1559", raw(2, [...EIP1559_FIELDS, []]), /10 fields/],
    ["EIP-7702 without any", raw(4, [...EIP1559_FIELDS, []]), /without one/],
    ["an authorisation for all chains", delegation("0x"), /authorisation's chain id is 0/],
    [
      "a creation by EIP-7702",
      raw(4, changed([...EIP1559_FIELDS, [auth("0x01")]], { 5: "0x" })),
      /no address/,
    ],
    ["a byte after the end", Uint8Array.of(...raw(2, EIP1559_FIELDS), 0), /1 bytes after the end/],
    ["a size that says too much", Uint8Array.of(2, 0xf8, 1, 0x80), /longer than it must/],
    ["a byte with a size", Uint8Array.of(2, 0xc2, 0x81, 0x01), /single byte/],
    ["a size of eight bytes", Uint8Array.of(2, 0xff, ...new Uint8Array(8).fill(0xff)), /beyond the bytes/],
    ["lists beyond number", raw(2, [Array.from({ length: 16_384 }, () => [])]), /more than 16384 items/],
    ["lists without end", Uint8Array.of(2, ...nested(40)), /beyond all need/],
  ])("%s", (_, bytes, message) => {
    const refused = () => readTransaction(bytes);
    expect(refused).toThrow(EvmError);
    expect(refused).toThrow(message);
  });

  test.each<readonly [string, Readonly<Record<number, unknown>>, RegExp]>([
    ["no calls", { 4: [] }, /without calls/],
    ["calls beyond all need", { 4: Array.from({ length: 129 }, () => [TO, "0x", "0x"]) }, /129 calls/],
    ["a call of two", { 4: [[TO, "0x"]] }, /2 fields/],
    ["a fee payer's signature", { 11: ["0x01", signature.r, signature.s] }, /mark is no string/],
    ["a fee payer's address", { 11: TO }, /mark that is none/],
    ["a fee token where another pays", { 10: TOKEN, 11: "0x00" }, /another pays/],
    ["an authorisation for all chains", { 12: [["0x", TOKEN, "0x", "0x12"]] }, /chain id is 0/],
    ["bytes at the end", { 13: signature.r }, /key's authorisation is no list/],
  ])("of Tempo: %s", async (_, change, message) => {
    const fields = await tempoFields();
    const size = 13 in change ? 14 : 13;
    const all = Array.from({ length: size }, (_, i) => (i in change ? change[i] : fields[i]));
    expect(() => readTransaction(raw(0x76, all))).toThrow(message);
  });

  test("every cut of a transaction", async () => {
    for (const bytes of [byViem(legacy), byViem(eip7702), await byTempo(tempo)]) {
      for (let size = 0; size < bytes.length; size++) {
        expect(() => readTransaction(bytes.subarray(0, size)), `${size} bytes`).toThrow(EvmError);
      }
    }
  });
});

test("a transaction with any byte changed is refused, or means what viem reads of it", () => {
  for (const bytes of [byViem({ ...eip1559, data: TRANSFER, accessList }), byViem(legacy), byViem(eip7702)]) {
    let read = 0;
    for (let at = 1; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const other = bytes.slice();
        other[at] = (other[at] ?? 0) ^ flip;
        const { facts, error } = outcomeOf(other);
        if (facts === undefined) expect(error).toBeInstanceOf(EvmError);
        else {
          read++;
          expect(facts).toMatchObject(asViemReads(other));
        }
      }
    }
    expect(read).toBeGreaterThan(0);
  }
});

function asViemReads(bytes: Uint8Array) {
  const { chainId, to, value, data, authorizationList } = parseTransaction(`0x${bytesToHex(bytes)}`);
  return {
    digest: hexToBytes(keccak256(bytes).slice(2)),
    chainId: BigInt(chainId ?? 0),
    calls: [{ to: to ?? null, value: value ?? 0n, selector: selectorOf(data) }],
    delegations: (authorizationList ?? []).map((one) => ({
      chainId: BigInt(one.chainId),
      contract: one.address,
    })),
  };
}

function selectorOf(data = "0x"): string | null {
  return data.length > 2 && data.length < 10 ? null : data.slice(0, 10);
}

function outcomeOf(bytes: Uint8Array) {
  try {
    return { facts: readTransaction(bytes) };
  } catch (error) {
    return { error };
  }
}

function auth(chainId: string) {
  return [chainId, TOKEN, "0x", "0x01", signature.r, signature.s];
}
function delegation(chainId: string) {
  return raw(4, [...EIP1559_FIELDS, [auth(chainId)]]);
}
function legacyOf(fields: readonly string[]) {
  return bytesOf(toRlp(fields as `0x${string}`[]));
}
function nested(depth: number): Uint8Array {
  let bytes = Uint8Array.of(0xc0);
  for (let i = 0; i < depth; i++) bytes = Uint8Array.of(0xc0 + bytes.length, ...bytes);
  return bytes;
}
