import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { decodeSignedTransaction, transactionHash } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { KeyPair, PublicKey } from "near-api-js";
import { expect, onTestFinished } from "vitest";
import { signerClient, unixTransport } from "../../signer/support/signer-client.ts";
import { RELAYER, transactionBytes } from "../../signer/support/transactions.ts";
import { relayerKey, startTestSigner } from "../../support/test-signer.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";

const { method } = RelayerSignerService;
const NETWORK = "testnet";

/** A signer of its own, with a whole key and one whose signatures are wrong. */
async function startSigner() {
  const whole = await relayerKey("whole", RELAYER);
  const broken = await relayerKey("broken", RELAYER);
  const signer = await startTestSigner(NETWORK, [whole, broken], ({ keyId, privateKey }) => {
    const backend = new KeystoreKey(privateKey);
    if (keyId === "whole") return backend;
    return {
      describe: () => "broken",
      publicKey: () => backend.publicKey(),
      sign: async () => new Uint8Array(64),
    };
  });
  onTestFinished(() => signer.stop());
  const bytes = (key: { publicKey: string }, signerId?: string) =>
    transactionBytes(PublicKey.from(key.publicKey), signerId === undefined ? {} : { signerId });
  return { whole, broken, bytes, client: signerClient(unixTransport(`unix:${signer.socketPath}`)) };
}
type Running = Awaited<ReturnType<typeof startSigner>>;

function succeeds(of: DescMethod, what: string, check: (signer: Running) => Promise<void>): ContractCase {
  return { method: of, outcome: "success", what, run: async () => check(await startSigner()) };
}

/** An item that is refused beside one that is signed. */
function refusedItem(
  outcome: ErrorReason,
  what: string,
  arrange: (signer: Running) => { keyId?: string; transaction?: Uint8Array; network?: string },
): ContractCase {
  return {
    method: method.signTransactions,
    outcome,
    what,
    run: async () => {
      const signer = await startSigner();
      const good = { keyId: "whole", transaction: signer.bytes(signer.whole) };
      const { network = NETWORK, ...bad } = arrange(signer);
      const { results } = await signer.client.signTransactions({
        network,
        transactions: [{ ...good, ...bad }, good],
      });
      const [refused, beside] = results.map(({ result }) => result);
      if (refused?.case !== "refusal") expect.fail("the item should have been refused");
      expect(reasonName(refused.value.reason)).toBe(reasonName(outcome));
      expect(refused.value.message).not.toBe("");
      expect(beside?.case).toBe(network === NETWORK ? "signed" : "refusal");
    },
  };
}

export const signerCases: readonly ContractCase[] = [
  succeeds(method.getPublicKey, "a key that is held", async ({ client, whole }) => {
    const { key } = await client.getPublicKey({ keyId: "whole" });
    expect(key).toMatchObject({
      keyId: "whole",
      network: NETWORK,
      accountId: RELAYER,
      publicKey: whole.publicKey,
    });
  }),
  succeeds(method.listKeys, "every key, by id", async ({ client, whole, broken }) => {
    const { keys } = await client.listKeys({});
    expect(keys.map(({ publicKey }) => publicKey)).toEqual([broken.publicKey, whole.publicKey]);
  }),
  succeeds(method.signTransactions, "a batch of one", async ({ client, whole, bytes }) => {
    const transaction = bytes(whole);
    const answer = await client.signTransactions({
      network: NETWORK,
      transactions: [{ keyId: "whole", transaction }],
    });
    expect(answer.results).toHaveLength(1);
    const result = answer.results[0]?.result;
    if (result?.case !== "signed") expect.fail("not signed");
    const { signature } = decodeSignedTransaction(result.value.signedTransaction);
    expect(PublicKey.from(whole.publicKey).verify(transactionHash(transaction), signature.data)).toBe(true);
    expect(Buffer.from(result.value.hash)).toEqual(Buffer.from(transactionHash(transaction)));
  }),

  {
    method: method.getPublicKey,
    outcome: ErrorReason.SIGNER_KEY_NOT_FOUND,
    what: "a key that is not held",
    run: async () => {
      const { client } = await startSigner();
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
      const { client } = await startSigner();
      const request = { network: NETWORK, transactions: [] };
      await expectRefusal((options) => client.signTransactions(request, options), ErrorReason.FIELD_INVALID);
    },
  },
  refusedItem(ErrorReason.SIGNER_KEY_NOT_FOUND, "a key that is not held", () => ({ keyId: "relayer-9" })),
  refusedItem(ErrorReason.SIGNER_TRANSACTION_MALFORMED, "a byte too many", ({ whole, bytes }) => ({
    transaction: new Uint8Array([...bytes(whole), 0]),
  })),
  refusedItem(ErrorReason.SIGNER_ACCOUNT_MISMATCH, "another account's transaction", ({ whole, bytes }) => ({
    transaction: bytes(whole, "bob.testnet"),
  })),
  refusedItem(ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH, "another lane's key", ({ broken, bytes }) => ({
    transaction: bytes(broken),
  })),
  refusedItem(ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH, "a stranger's key", ({ bytes }) => ({
    transaction: bytes({ publicKey: KeyPair.fromRandom("ed25519").getPublicKey().toString() }),
  })),
  refusedItem(ErrorReason.SIGNER_NETWORK_MISMATCH, "another network", () => ({ network: "mainnet" })),
  refusedItem(
    ErrorReason.SIGNER_SELF_CHECK_FAILED,
    "a place that gives wrong signatures",
    ({ broken, bytes }) => ({ keyId: "broken", transaction: bytes(broken) }),
  ),
];
