import {
  type Abi,
  type Address,
  encodeFunctionData,
  erc20Abi,
  erc721Abi,
  type Hex,
  maxUint256,
  parseAbi,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  type TransactionSerialized,
  toFunctionSelector,
} from "viem";
import { describe, expect, test } from "vitest";
import type { EvmTransaction } from "../../../clients/web/src/iframe/api.ts";
import { readCall } from "../../../clients/web/src/iframe/guest/evm-calls.ts";
import { prepareRequest } from "../../../clients/web/src/iframe/guest/prepare-request.ts";
import { APP } from "./support/embedding.ts";
import { codes, preparing } from "./support/preparing.ts";
import { ACCOUNT } from "./support/scripted-wallet.ts";

const SPENDER = "0x00000000000000000000000000000000000000aa";
const { wallet, prepared, shown, run } = preparing();

describe("a transaction of an EVM chain", () => {
  const address = wallet.evm.account(ACCOUNT)?.address as Address;
  const fees = { maxFeePerGas: "2000000000", maxPriorityFeePerGas: "1000000000" };
  const base: EvmTransaction = { chainId: 8_453, nonce: 3, to: SPENDER, gas: "21000", value: "1", ...fees };
  const signed = async (transaction: EvmTransaction) =>
    (await run("signEvmTransaction", { transaction })) as TransactionSerialized;

  test("is shown as it is signed", async () => {
    const request = shown("evm-transaction", "signEvmTransaction", { transaction: base });
    expect(request).toEqual({
      kind: "evm-transaction",
      accountId: ACCOUNT,
      address,
      chainId: 8_453,
      nonce: 3,
      to: SPENDER,
      value: "0.000000000000000001",
      maxFee: "0.000042",
      data: "0x",
      warnings: [],
    });
    const serializedTransaction = await signed(base);
    expect(await recoverTransactionAddress({ serializedTransaction })).toBe(address);
    expect(parseTransaction(serializedTransaction)).toMatchObject({
      ...{ type: "eip1559", chainId: 8_453, nonce: 3, to: SPENDER, value: 1n, gas: 21_000n },
      ...{ maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
    });
  });

  test("of an older type is signed as that", async () => {
    const { maxFeePerGas: _, maxPriorityFeePerGas: __, ...rest } = base;
    const legacy = { ...rest, gasPrice: "7" };
    expect(parseTransaction(await signed(legacy))).toMatchObject({
      type: "legacy",
      chainId: 8_453,
      gasPrice: 7n,
    });
    const accessList = [{ address: SPENDER, storageKeys: [`0x${"ab".repeat(32)}` as Hex] }] as const;
    const listed = { ...legacy, accessList };
    expect(parseTransaction(await signed(listed))).toMatchObject({ type: "eip2930", accessList });
    const request = shown("evm-transaction", "signEvmTransaction", { transaction: listed });
    expect(request.accessList).toEqual(accessList);
  });

  test("that creates a contract says so", () => {
    const { to: _, ...transaction } = { ...base, data: "0x6000" as Hex };
    const request = shown("evm-transaction", "signEvmTransaction", { transaction });
    expect(codes(request)).toEqual(["danger CREATES_CONTRACT"]);
    expect(request.to).toBeUndefined();
  });

  const abi = [
    ...erc20Abi,
    ...erc721Abi,
    ...parseAbi(["function increaseAllowance(address spender, uint256 value)"]),
  ];
  const data = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: abi as Abi, functionName, args });
  test.each<[string, Hex, string | undefined, string[]]>([
    [
      "a transfer of tokens",
      data("transfer", [SPENDER, 5n]),
      "transfer(address,uint256)",
      ["caution MOVES_TOKENS"],
    ],
    ["an approval", data("approve", [SPENDER, 5n]), "approve(address,uint256)", ["danger APPROVES_SPENDER"]],
    [
      "an approval without bound",
      data("approve", [SPENDER, maxUint256]),
      "approve(address,uint256)",
      ["danger UNLIMITED_APPROVAL"],
    ],
    [
      "an approval taken back, or of token 0",
      data("approve", [SPENDER, 0n]),
      "approve(address,uint256)",
      ["caution APPROVES_SPENDER"],
    ],
    [
      "more allowance",
      data("increaseAllowance", [SPENDER, 1n]),
      "increaseAllowance(address,uint256)",
      ["danger APPROVES_SPENDER"],
    ],
    [
      "an operator of all",
      data("setApprovalForAll", [SPENDER, true]),
      "setApprovalForAll(address,bool)",
      ["danger UNLIMITED_APPROVAL"],
    ],
    ["an operator less", data("setApprovalForAll", [SPENDER, false]), "setApprovalForAll(address,bool)", []],
    ["an unknown method", "0x12345678", undefined, ["danger UNKNOWN_METHOD"]],
    ["more than its arguments", `${data("approve", [SPENDER, 5n])}00`, undefined, ["danger UNKNOWN_METHOD"]],
    [
      "an address with more than its bytes",
      `0x095ea7b3${"f".repeat(64)}${"0".repeat(63)}1`,
      undefined,
      ["danger UNKNOWN_METHOD"],
    ],
    ["no method", "0x1234", undefined, ["danger UNREADABLE_DATA"]],
  ])("that is %s", (_, calldata, signature, expected) => {
    const request = shown("evm-transaction", "signEvmTransaction", {
      transaction: { ...base, data: calldata },
    });
    expect(request.call?.signature).toBe(signature);
    expect(codes(request)).toEqual(expected);
    if (request.call?.args[0]?.name === "spender") expect(request.call.args[0].value).toBe(SPENDER);
  });

  test("knows its methods by their own selectors", () => {
    for (const [signature, words] of [
      ["transfer(address,uint256)", 2],
      ["transferFrom(address,address,uint256)", 3],
      ["safeTransferFrom(address,address,uint256)", 3],
      ["approve(address,uint256)", 2],
      ["increaseAllowance(address,uint256)", 2],
      ["setApprovalForAll(address,bool)", 2],
      ["permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", 7],
    ] as const) {
      const { call } = readCall(`${toFunctionSelector(signature)}${"0".repeat(64 * words)}`);
      expect(call?.signature).toBe(signature);
    }
  });

  test.each<[string, object]>([
    ["no fee", { ...base, maxFeePerGas: undefined }],
    ["fees of two types", { ...base, gasPrice: "1" }],
    ["more for the priority than in all", { ...base, maxPriorityFeePerGas: "2000000001" }],
    ["no chain", { ...base, chainId: 0 }],
    ["a receiver of 19 bytes", { ...base, to: SPENDER.slice(0, -2) }],
    ["half a byte", { ...base, data: "0x1" }],
    ["an authorisation of EIP-7702", { ...base, authorizationList: [] }],
    ["a value that is a number", { ...base, value: 1 }],
  ])("is refused: %s", (_, transaction) => {
    expect(() => prepared("signEvmTransaction", { transaction })).toThrow(
      expect.objectContaining({ reason: "REQUEST_INVALID" }),
    );
  });
});

describe("a message of an EVM chain", () => {
  const address = wallet.evm.account(ACCOUNT)?.address as Address;
  const hex = (text: string): Hex => `0x${Buffer.from(text).toString("hex")}`;

  test("is shown as text where it is text, and signed as it is", async () => {
    const message = { raw: hex("hellö") };
    expect(shown("evm-message", "signEvmMessage", { message })).toMatchObject({
      message: "hellö",
      warnings: [],
    });
    const signature = (await run("signEvmMessage", { message })) as Hex;
    expect(await recoverMessageAddress({ message: "hellö", signature })).toBe(address);
  });

  test("that is no text, or a digest, is shown as bytes with a warning", () => {
    const digest = { raw: `0x${"ff".repeat(32)}` };
    const request = shown("evm-message", "signEvmMessage", { message: digest });
    expect(request.message).toEqual(digest);
    expect(codes(request)).toEqual(["danger BLIND_DIGEST"]);
    const other = shown("evm-message", "signEvmMessage", { message: { raw: "0xff" } });
    expect(codes(other)).toEqual(["danger UNREADABLE_DATA"]);
  });

  test("that signs in elsewhere has a warning", () => {
    const siwe = (domain: string) => `${domain} wants you to sign in with your Ethereum account:\n${address}`;
    for (const [domain, expected] of [
      ["app.example", []],
      ["https://app.example", []],
      ["bank.example", ["danger OTHER_RECIPIENT"]],
      ["app.example.evil", ["danger OTHER_RECIPIENT"]],
    ] as const) {
      expect(codes(shown("evm-message", "signEvmMessage", { message: siwe(domain) }))).toEqual(expected);
    }
  });
});

test("a wallet without EVM keys says that it has none", () => {
  const params = { accountId: "bob.testnet", message: "hi" };
  expect(() => prepared("signEvmMessage", params)).toThrow(
    expect.objectContaining({ reason: "NOT_CONNECTED" }),
  );
  const { evm: _, ...nearOnly } = wallet;
  expect(() =>
    prepareRequest("signEvmMessage", params, { wallet: nearOnly, network: "testnet" }, APP),
  ).toThrow(expect.objectContaining({ reason: "UNSUPPORTED" }));
});
