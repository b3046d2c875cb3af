import { NonceUse, Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { parseTransaction, serializeTransaction } from "viem";
import { expect, test } from "vitest";
import type { SignerSettings } from "../../support/signer-settings.ts";
import { delegate } from "../threshold/support/payloads.ts";
import { outcomeOf } from "../threshold/support/reason.ts";
import { startThresholdSigner } from "../threshold/support/threshold-signer.ts";
import { ThresholdWallet } from "../threshold/support/threshold-wallet.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import {
  authorization,
  CHAIN_ID,
  CONTRACT,
  EVM_POLICY,
  evmMessage,
  evmTransactions,
  type KnownEvmPayload,
  RECIPIENT,
  rawDigest,
  SELECTOR,
  TEMPO_CHAIN_ID,
  tempoBatch,
  transfer,
  typedData,
} from "./support/evm-payloads.ts";
import { evmSettings } from "./support/evm-signer.ts";

type Given = KnownEvmPayload | Promise<KnownEvmPayload>;

/** A signer whose tenant has this policy; by default one for all kinds of payloads. */
async function signer(evm: SignerSettings = EVM_POLICY) {
  return (await startThresholdSigner({ threshold: evmSettings(evm) })).client;
}

/** The outcome of AuthorizeEcdsa for a session that may do everything. */
async function authorized(given: Given, evm?: SignerSettings): Promise<string> {
  const wallet = await EcdsaWallet.withKey(await signer(evm));
  const token = await wallet.mint({ purposes: [...PURPOSES, Purpose.RAW_DIGEST] });
  return outcomeOf(wallet.authorizeEcdsa((await given).payload, token));
}

const PURPOSES = [
  Purpose.EVM_TRANSACTION,
  Purpose.EVM_MESSAGE,
  Purpose.EVM_TYPED_DATA,
  Purpose.EVM_AUTHORIZATION,
];
const call = { to: CONTRACT, data: `${SELECTOR}${"00".repeat(64)}`, value: 0n } as const;
const signature = { r: `0x${"12".repeat(32)}`, s: `0x${"34".repeat(32)}`, yParity: 0 } as const;
const delegating = (chainId: number, contract: `0x${string}`) =>
  transfer({
    type: "eip7702",
    authorizationList: [{ chainId, address: contract, nonce: 0, ...signature }],
  } as never);

const LEGACY = { type: "legacy", gasPrice: 1n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined };

test.each<readonly [string, Given, Purpose]>([
  ["transactions", evmTransactions(transfer(), transfer({ ...call, nonce: 1 })), Purpose.EVM_TRANSACTION],
  ["a transaction of EIP-155", evmTransactions(transfer(LEGACY as never)), Purpose.EVM_TRANSACTION],
  [
    "an authorisation's transaction",
    evmTransactions(delegating(CHAIN_ID, CONTRACT)),
    Purpose.EVM_TRANSACTION,
  ],
  ["a batch of Tempo", tempoBatch(), Purpose.EVM_TRANSACTION],
  ["a message", evmMessage(), Purpose.EVM_MESSAGE],
  ["typed data", typedData(), Purpose.EVM_TYPED_DATA],
  ["an authorisation", authorization(), Purpose.EVM_AUTHORIZATION],
])("%s may be signed, as viem hashes it, in a session for it alone", async (_, given, purpose) => {
  const { payload, digests } = await given;
  const wallet = await EcdsaWallet.withKey(await signer());
  const requests = await wallet.authorizeEcdsa(payload, await wallet.mint({ purposes: [purpose] }));
  expect(requests.map(({ digest }) => digest)).toEqual(digests);
  const others = PURPOSES.filter((one) => one !== purpose);
  const token = await wallet.mint({ purposes: others });
  expect(await outcomeOf(wallet.authorizeEcdsa(payload, token))).toBe("THRESHOLD_PURPOSE_NOT_ALLOWED");
});

test("a payload is not looked at for who has no session of the key", async () => {
  let now = Date.now();
  const { client } = await startThresholdSigner({
    threshold: evmSettings(EVM_POLICY),
    overrides: { now: () => new Date(now) },
  });
  const wallet = await EcdsaWallet.withKey(client);
  const ended = await wallet.mint();
  await client.endThresholdSession({ caller: wallet.caller, request: { token: ended } });
  const over = await wallet.mint({ lifetimeSeconds: 10 });
  now += 10_000;
  const transactions = [Uint8Array.of(1)];
  const malformed = { payload: { case: "evmTransactions" as const, value: { transactions } } };
  const outcome = (token: string) => outcomeOf(wallet.authorizeEcdsa(malformed, token));
  expect(await outcome(await wallet.mint())).toBe("PAYLOAD_MALFORMED");
  expect(await outcome(`cst_${"A".repeat(43)}`)).toBe("THRESHOLD_SESSION_INVALID");
  expect(await outcome(ended)).toBe("THRESHOLD_SESSION_INVALID");
  expect(await outcome(over)).toBe("THRESHOLD_SESSION_EXPIRED");
});

test("an assertion alone lets one payload be signed, and no other", async () => {
  const client = await signer();
  const wallet = await EcdsaWallet.withKey(client);
  const { payload, digests } = evmTransactions(transfer(), transfer({ nonce: 1 }));
  const request = async (bound: readonly Uint8Array[]) =>
    wallet.singleUseRequest(payload, await wallet.nonce(NonceUse.AUTHORIZE), bound);
  const { response } = await client.authorizeEcdsa(await request(digests));
  expect(response?.requests.map(({ digest }) => digest)).toEqual(digests);
  const other = await request(evmMessage().digests);
  expect(await outcomeOf(client.authorizeEcdsa(other))).toBe("ASSERTION_INVALID");
});

test("each transaction is a use of the session, and what is denied is none", async () => {
  const wallet = await EcdsaWallet.withKey(await signer());
  const token = await wallet.mint({ maxUses: 2 });
  const two = evmTransactions(transfer(), transfer({ nonce: 1 })).payload;
  const three = evmTransactions(transfer(), transfer(), transfer()).payload;
  const denied = evmTransactions(transfer({ value: 2n })).payload;
  expect(await outcomeOf(wallet.authorizeEcdsa(three, token))).toBe("THRESHOLD_SESSION_EXHAUSTED");
  expect(await outcomeOf(wallet.authorizeEcdsa(denied, token))).toBe("EVM_POLICY_DENIED");
  expect(await outcomeOf(wallet.authorizeEcdsa(two, token))).toBe("answered");
  expect(await outcomeOf(wallet.authorizeEcdsa(two, token))).toBe("THRESHOLD_SESSION_EXHAUSTED");
});

test.each<readonly [string, Given]>([
  ["more value", evmTransactions(transfer({ value: 2n }))],
  ["another recipient", evmTransactions(transfer({ to: CONTRACT }))],
  ["another selector", evmTransactions(transfer({ ...call, data: "0x095ea7b3" }))],
  ["another chain", evmTransactions(transfer({ chainId: 1 }))],
  ["a creation", evmTransactions(transfer({ to: undefined, data: "0x6000" } as never))],
  ["one of two transactions", evmTransactions(transfer(), transfer({ value: 2n }))],
  ["one of two calls of Tempo", tempoBatch([CONTRACT, RECIPIENT])],
  ["an authorisation in a transaction", evmTransactions(delegating(CHAIN_ID, RECIPIENT))],
  ["an authorisation of another contract", authorization(CHAIN_ID, RECIPIENT)],
  ["an authorisation on another chain", authorization(TEMPO_CHAIN_ID)],
  ["typed data of another type", typedData({ primaryType: "Order" })],
  ["typed data on another chain", typedData({ chainId: 1 })],
  ["a raw digest", rawDigest()],
])("%s is denied where the policy does not name it", async (_, given) => {
  expect(await authorized(given)).toBe("EVM_POLICY_DENIED");
});

test.each<readonly [string, Given]>([
  ["a transaction", evmTransactions(transfer())],
  ["a message", evmMessage()],
  ["typed data", typedData()],
  ["an authorisation", authorization()],
  ["a raw digest", rawDigest()],
])("%s is denied to a tenant without a policy", async (_, given) => {
  expect(await authorized(given, {})).toBe("EVM_POLICY_DENIED");
});

test("raw digests are for a tenant whose policy has nothing else", async () => {
  expect(await authorized(rawDigest(), { raw_digests: true })).toBe("answered");
  expect(await authorized(evmMessage(), { raw_digests: true })).toBe("EVM_POLICY_DENIED");
  await expect(signer({ ...EVM_POLICY, raw_digests: true })).rejects.toThrow(/must stand alone/);
});

test.each<readonly [string, Given]>([
  ["a transaction without a chain id", evmTransactions(transfer({ ...LEGACY, chainId: undefined } as never))],
  ["a transaction that is signed", signed()],
  ["an authorisation for all chains", authorization(0)],
  ["an authorisation for all chains in a transaction", evmTransactions(delegating(0, CONTRACT))],
  ["typed data without a domain", json({ domain: {} })],
  ["typed data whose domain is not signed", json({ types: { EIP712Domain: [], Permit: [] } })],
])("%s is malformed, whatever the policy", async (_, given) => {
  expect(await authorized(given)).toBe("PAYLOAD_MALFORMED");
});

test("keys of one scheme do not sign the payloads of the other", async () => {
  const client = await signer();
  const [evm, near] = [await EcdsaWallet.withKey(client), await ThresholdWallet.withKey(client)];
  const nearPayload = delegate(near).payload;
  expect(await outcomeOf(evm.authorize(nearPayload, await evm.mint()))).toBe("PAYLOAD_MALFORMED");
  const authority = { case: "sessionToken", value: await near.mint() } as const;
  const { caller, keyId } = near;
  const call = client.authorizeEcdsa({
    caller,
    request: { keyId, payload: evmMessage().payload, authority },
  });
  expect(await outcomeOf(call)).toBe("PAYLOAD_MALFORMED");
});

function signed(): KnownEvmPayload {
  const bytes = serializeTransaction({ ...transfer(), type: "eip1559" } as never, signature);
  expect(parseTransaction(bytes)).toHaveProperty("r");
  const transactions = [new Uint8Array(Buffer.from(bytes.slice(2), "hex"))];
  return { payload: { payload: { case: "evmTransactions", value: { transactions } } }, digests: [] };
}

function json(change: object): KnownEvmPayload {
  const { value } = typedData().payload.payload;
  const text = JSON.stringify({ ...JSON.parse(value.json), ...change });
  return { payload: { payload: { case: "evmTypedData", value: { json: text } } }, digests: [] };
}
