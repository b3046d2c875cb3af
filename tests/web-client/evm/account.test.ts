import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Purpose, SessionPolicySchema } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { errorOf } from "@countersign/web";
import {
  createWalletClient,
  custom,
  type Hex,
  keccak256,
  parseSignature,
  parseTransaction,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  type TransactionSerializable,
  toHex,
} from "viem";
import { mainnet, tempoLocalnet } from "viem/chains";
import { Transaction } from "viem/tempo";
import { recoverAuthorizationAddress } from "viem/utils";
import { expect, it } from "vitest";
import { ACCOUNT } from "../wallet/support/node-wallet.ts";
import { evmWorldWithKey } from "./support/evm-wallet.ts";

const failed = () => expect.fail("it should have failed");
const TO = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const fees = { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const accessList = [{ address: TO, storageKeys: [keccak256("0x01")] }] as const;

/** A chain that says its id, and nothing else. */
const chainOf = (id: number) =>
  custom({
    request: async ({ method }) => {
      if (method === "eth_chainId") return toHex(id);
      throw new Error(`${method} is not asked here`);
    },
  });

it("transactions of every type recover to the account's address", { timeout: 60_000 }, async () => {
  const { account } = await evmWorldWithKey();
  const authorization = await account.signAuthorization({ chainId: 1, address: TO, nonce: 8 });
  expect(await recoverAuthorizationAddress({ authorization })).toBe(account.address);
  const common = { chainId: 1, nonce: 7, to: TO, value: 1n, gas: 21_000n, data: "0x01" } as const;
  const transactions: TransactionSerializable[] = [
    { ...common, type: "legacy", gasPrice: 1n },
    { ...common, type: "eip2930", gasPrice: 1n, accessList },
    { ...common, ...fees, type: "eip1559" },
    { ...common, ...fees, type: "eip7702", authorizationList: [authorization] },
  ];
  for (const transaction of transactions) {
    const serializedTransaction = (await account.signTransaction(transaction)) as `0x02${string}`;
    expect(await recoverTransactionAddress({ serializedTransaction })).toBe(account.address);
    expect(parseTransaction(serializedTransaction)).toMatchObject({ chainId: 1, nonce: 7, value: 1n });
  }
});

it("a transaction of Tempo recovers to the account's address", { timeout: 60_000 }, async () => {
  const { account } = await evmWorldWithKey();
  const client = createWalletClient({ account, chain: tempoLocalnet, transport: chainOf(tempoLocalnet.id) });
  const serialized = await client.signTransaction({
    calls: [{ to: TO, data: "0x01" }],
    ...fees,
    gas: 100_000n,
    nonce: 3,
  });
  expect(serialized.slice(0, 4)).toBe("0x76");
  const { signature, ...unsigned } = Transaction.deserialize(
    serialized,
  ) as unknown as Transaction.TransactionTempo & {
    signature: { signature: { r: bigint; s: bigint; yParity: number } };
  };
  const { r, s, yParity } = signature.signature;
  const hash = keccak256((await Transaction.serialize(unsigned as never)) as Hex);
  const parts = { r: toHex(r, { size: 32 }), s: toHex(s, { size: 32 }), yParity };
  expect(await recoverAddress({ hash, signature: parts })).toBe(account.address);
});

it("a transaction of a wallet client, with its chain", { timeout: 60_000 }, async () => {
  const { account } = await evmWorldWithKey();
  const client = createWalletClient({ account, chain: mainnet, transport: chainOf(mainnet.id) });
  const signed = await client.signTransaction({ ...fees, to: TO, value: 1n, gas: 21_000n, nonce: 0 });
  const serializedTransaction = signed as `0x02${string}`;
  expect(await recoverTransactionAddress({ serializedTransaction })).toBe(account.address);
});

it("messages recover to the account's address: text, bytes and hex; s is low", {
  timeout: 60_000,
}, async () => {
  const { account } = await evmWorldWithKey();
  const parities = new Set<number>();
  for (const message of ["hello", "", { raw: "0xff00" as const }, { raw: Uint8Array.of(0, 255) }, "é"]) {
    const signature = await account.signMessage({ message });
    expect(await recoverMessageAddress({ message, signature })).toBe(account.address);
    const { s, yParity } = parseSignature(signature);
    expect(BigInt(s) <= HALF_ORDER).toBe(true);
    parities.add(yParity);
  }
  for (let i = 0; parities.size < 2; i++) {
    parities.add(parseSignature(await account.signMessage({ message: `${i}` })).yParity);
  }
});

it("typed data reaches the signer whole, with its domain's type", { timeout: 60_000 }, async () => {
  const { account, relay } = await evmWorldWithKey();
  const typedData = {
    domain: { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: TO },
    types: {
      Person: [
        { name: "name", type: "string" },
        { name: "wallet", type: "address" },
      ],
      Mail: [
        { name: "to", type: "Person[]" },
        { name: "amount", type: "uint256" },
        { name: "data", type: "bytes" },
      ],
    },
    primaryType: "Mail",
    message: { to: [{ name: "Bob", wallet: TO }], amount: 2n ** 255n, data: "0x0102" },
  } as const;
  const signature = await account.signTypedData(typedData);
  expect(await recoverTypedDataAddress({ ...typedData, signature })).toBe(account.address);
  const [call] = relay.of("authorizeEcdsa");
  expect(JSON.parse(call?.request.payload.payload.value.json)).toMatchObject({
    types: { EIP712Domain: [{ name: "name", type: "string" }, {}, { name: "chainId", type: "uint256" }, {}] },
    domain: { chainId: 1, verifyingContract: TO },
    message: { amount: (2n ** 255n).toString() },
  });
});

it("a raw digest is sent as one, and only a session that was asked for it has its purpose", {
  timeout: 60_000,
}, async () => {
  const { wallet, relay, account } = await evmWorldWithKey();
  const hash = keccak256("0x01");
  expect(await recoverAddress({ hash, signature: await account.sign({ hash }) })).toBe(account.address);
  expect(relay.of("authorizeEcdsa")[0]?.request.payload.payload.case).toBe("rawDigest");
  await wallet.evm.bootstrap({ accountId: ACCOUNT, policy: { purposes: [Purpose.RAW_DIGEST] } });
  const purposes = relay
    .of("mintSession")
    .map(({ request }) => fromBinary(SessionPolicySchema, request.policy).purposes);
  expect(purposes).toEqual([
    [Purpose.EVM_TRANSACTION, Purpose.EVM_MESSAGE, Purpose.EVM_TYPED_DATA, Purpose.EVM_AUTHORIZATION],
    [Purpose.RAW_DIGEST],
  ]);
});

it("a signer that would sign something else is not gone on with", { timeout: 60_000 }, async () => {
  const { account, relay } = await evmWorldWithKey();
  relay.deeds.authorizeEcdsa = () => ({ requests: [{ requestId: "r", digest: new Uint8Array(32) }] });
  expect(await account.signMessage({ message: "hello" }).then(failed, errorOf)).toMatchObject({
    reason: "DIGEST_MISMATCH",
    code: Code.DataLoss,
  });
  expect(relay.of("signEcdsaInit")).toEqual([]);
});
