import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { decodeSignedTransaction, transactionHash } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { actions, KeyPair, PublicKey } from "near-api-js";
import { expect } from "vitest";
import { delegateAction, RELAYER } from "../../signer/support/transactions.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type ContractSigner, NETWORK, startContractSigner } from "../support/contract-signer.ts";
import { expectRefusal } from "../support/refusal.ts";

const { method } = RelayerSignerService;

/** An item of a call; without an id it is for the key "whole". */
interface Item {
  readonly keyId?: string;
  readonly transaction: Uint8Array;
}

function succeeds(
  of: DescMethod,
  what: string,
  check: (signer: ContractSigner) => Promise<void>,
): ContractCase {
  return { method: of, outcome: "success", what, run: async () => check(await startContractSigner()) };
}

/** An item that is refused beside one that is signed, in a call for the key's network or another one. */
function refusedItem(
  outcome: ErrorReason,
  what: string,
  arrange: (signer: ContractSigner) => Item | Promise<Item>,
  network = NETWORK,
): ContractCase {
  return {
    method: method.signTransactions,
    outcome,
    what,
    run: async () => {
      const signer = await startContractSigner();
      const bad = { keyId: "whole", ...(await arrange(signer)) };
      const good = { keyId: "whole", transaction: signer.bytes("whole", { nonce: 42n }) };
      const { results } = await signer.client.signTransactions({ network, transactions: [bad, good] });
      const [refused, beside] = results.map(({ result }) => result);
      if (refused?.case !== "refusal") expect.fail("the item should have been refused");
      expect(reasonName(refused.value.reason)).toBe(reasonName(outcome));
      expect(refused.value.message).not.toBe("");
      expect(beside?.case).toBe(network === NETWORK ? "signed" : "refusal");
    },
  };
}

/** The item itself, signed before. */
async function signed({ client }: ContractSigner, item: Required<Item>): Promise<void> {
  const { results } = await client.signTransactions({ network: NETWORK, transactions: [item] });
  expect(results.map(({ result }) => result.case)).toEqual(["signed"]);
}

const { functionCall, transfer } = actions;
const GAS = 30_000_000_000_000n;

/** What RelayerSignerService answers without grants; those are in signer-grants.ts. */
export const signerCases: readonly ContractCase[] = [
  succeeds(method.getPublicKey, "a key that is held", async ({ client, publicKeys }) => {
    const { key } = await client.getPublicKey({ keyId: "whole" });
    expect(key).toMatchObject({
      keyId: "whole",
      network: NETWORK,
      accountId: RELAYER,
      publicKey: publicKeys.get("whole"),
      state: KeyState.ACTIVE,
      paused: false,
    });
  }),
  succeeds(method.listKeys, "every key, by id", async ({ client, publicKeys }) => {
    const { keys } = await client.listKeys({});
    const byId = [...publicKeys].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(keys.map(({ keyId, publicKey }) => [keyId, publicKey])).toEqual(byId);
  }),
  succeeds(method.signTransactions, "a batch of one", async ({ client, publicKeys, bytes }) => {
    const transaction = bytes("whole");
    const answer = await client.signTransactions({
      network: NETWORK,
      transactions: [{ keyId: "whole", transaction }],
    });
    expect(answer.results).toHaveLength(1);
    const result = answer.results[0]?.result;
    if (result?.case !== "signed") expect.fail("not signed");
    const { signature } = decodeSignedTransaction(result.value.signedTransaction);
    const publicKey = PublicKey.from(publicKeys.get("whole") ?? "");
    expect(publicKey.verify(transactionHash(transaction), signature.data)).toBe(true);
    expect(Buffer.from(result.value.hash)).toEqual(Buffer.from(transactionHash(transaction)));
  }),
  succeeds(method.signTransactions, "the same bytes again, and the same signature", async (signer) => {
    const transactions = [{ keyId: "whole", transaction: signer.bytes("whole") }];
    const call = () => signer.client.signTransactions({ network: NETWORK, transactions });
    expect((await call()).results[0]?.result.case).toBe("signed");
    expect(await call()).toEqual(await call());
  }),

  {
    method: method.getPublicKey,
    outcome: ErrorReason.SIGNER_KEY_NOT_FOUND,
    what: "a key that is not held",
    run: async () => {
      const { client } = await startContractSigner();
      const { SIGNER_KEY_NOT_FOUND } = ErrorReason;
      await expectRefusal(
        (options) => client.getPublicKey({ keyId: "relayer-9" }, options),
        SIGNER_KEY_NOT_FOUND,
      );
    },
  },
  {
    method: method.signTransactions,
    outcome: ErrorReason.FIELD_INVALID,
    what: "no transaction",
    run: async () => {
      const { client } = await startContractSigner();
      const request = { network: NETWORK, transactions: [] };
      await expectRefusal((options) => client.signTransactions(request, options), ErrorReason.FIELD_INVALID);
    },
  },
  refusedItem(ErrorReason.SIGNER_KEY_NOT_FOUND, "a key that is not held", ({ bytes }) => ({
    keyId: "relayer-9",
    transaction: bytes("whole"),
  })),
  refusedItem(ErrorReason.SIGNER_TRANSACTION_MALFORMED, "a byte too many", ({ bytes }) => ({
    transaction: new Uint8Array([...bytes("whole"), 0]),
  })),
  refusedItem(ErrorReason.SIGNER_ACCOUNT_MISMATCH, "another account's transaction", ({ bytes }) => ({
    transaction: bytes("whole", { signerId: "bob.testnet" }),
  })),
  refusedItem(ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH, "another lane's key", ({ bytes }) => ({
    transaction: bytes("broken"),
  })),
  refusedItem(ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH, "a stranger's key", ({ bytesOf }) => ({
    transaction: bytesOf(KeyPair.fromRandom("ed25519").getPublicKey().toString()),
  })),
  refusedItem(
    ErrorReason.SIGNER_NETWORK_MISMATCH,
    "another network",
    ({ bytes }) => ({ transaction: bytes("whole") }),
    "mainnet",
  ),
  refusedItem(ErrorReason.SIGNER_SELF_CHECK_FAILED, "a place that gives wrong signatures", ({ bytes }) => ({
    keyId: "broken",
    transaction: bytes("broken"),
  })),
  refusedItem(ErrorReason.SIGNER_BACKEND_UNAVAILABLE, "a place that gives no answer", ({ bytes }) => ({
    keyId: "away",
    transaction: bytes("away"),
  })),

  refusedItem(ErrorReason.SIGNER_NONCE_CONFLICT, "another payload under a used nonce", async (signer) => {
    await signed(signer, { keyId: "whole", transaction: signer.bytes("whole", { nonce: 7n }) });
    return { transaction: signer.bytes("whole", { nonce: 7n, actions: [transfer(2n)] }) };
  }),
  refusedItem(ErrorReason.SIGNER_NONCE_TOO_HIGH, "more than 10^6 above the chain's nonce", ({ bytes }) => ({
    transaction: bytes("whole", { nonce: 1_000_001n }),
  })),
  refusedItem(ErrorReason.SIGNER_NONCE_TOO_LOW, "the chain's nonce itself", async ({ admin, bytes }) => {
    await admin.setNonceFloors({ floors: [{ keyId: "whole", nonce: 9n }] });
    return { transaction: bytes("whole", { nonce: 9n }) };
  }),
  refusedItem(ErrorReason.SIGNER_JOURNAL_LOCKED, "a key whose nonce on the chain is not known", (signer) => ({
    keyId: "unread",
    transaction: signer.bytes("unread"),
  })),
  refusedItem(ErrorReason.SIGNER_KEY_PAUSED, "a paused key", async ({ admin, bytes }) => {
    await admin.pauseKey({ keyId: "modest", reason: "incident" });
    return { keyId: "modest", transaction: bytes("modest") };
  }),
  refusedItem(ErrorReason.SIGNER_KEY_NOT_ACTIVE, "a drained key", async ({ admin, bytes }) => {
    await admin.drainKey({ keyId: "modest" });
    return { keyId: "modest", transaction: bytes("modest") };
  }),

  refusedItem(ErrorReason.SIGNER_PURPOSE_NOT_ALLOWED, "a delegate where transfers are", async (signer) => ({
    keyId: "modest",
    transaction: signer.bytes("modest", { actions: [await delegateAction()] }),
  })),
  refusedItem(ErrorReason.SIGNER_PURPOSE_NOT_ALLOWED, "a call of nothing that is known", ({ bytes }) => ({
    keyId: "modest",
    transaction: bytes("modest", { actions: [functionCall("withdraw", {}, GAS, 0n)] }),
  })),
  refusedItem(ErrorReason.SIGNER_POLICY_DENIED, "a receiver that the policy does not name", ({ bytes }) => ({
    keyId: "modest",
    transaction: bytes("modest", { receiverId: "bob.testnet" }),
  })),
  refusedItem(ErrorReason.SIGNER_LIMIT_EXCEEDED, "more NEAR than the policy lets one move", ({ bytes }) => ({
    keyId: "modest",
    transaction: bytes("modest", { actions: [transfer(6n)] }),
  })),
  refusedItem(
    ErrorReason.SIGNER_DAILY_DEPOSIT_EXHAUSTED,
    "more NEAR than is left of the day",
    async (signer) => {
      const five = { actions: [transfer(5n)] };
      await signed(signer, { keyId: "modest", transaction: signer.bytes("modest", { nonce: 1n, ...five }) });
      return { keyId: "modest", transaction: signer.bytes("modest", { nonce: 2n, ...five }) };
    },
  ),
  refusedItem(ErrorReason.SIGNER_DAILY_GAS_EXHAUSTED, "more gas than is left of the day", async (signer) => {
    const nothing = (nonce: bigint) => {
      const transaction = signer.bytes("modest", { nonce, actions: [transfer(0n)] });
      return { keyId: "modest", transaction };
    };
    await signed(signer, nothing(1n));
    await signed(signer, nothing(2n));
    return nothing(3n);
  }),
  refusedItem(ErrorReason.RATE_LIMITED, "a key that may sign once in a thousand seconds", async (signer) => {
    await signed(signer, { keyId: "hasty", transaction: signer.bytes("hasty", { nonce: 1n }) });
    return { keyId: "hasty", transaction: signer.bytes("hasty", { nonce: 2n }) };
  }),
];
