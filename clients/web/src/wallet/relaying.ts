import { Code } from "@connectrpc/connect";
import type { GetRelayInfoResponse } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { type Submission, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { attachSignature, encodeSignedDelegate, encodeTransaction, parsePublicKey } from "@countersign/near";
import { errorOf } from "../countersign-error.ts";
import type { RelayClient } from "../relay-client.ts";
import type { NextNonces } from "./next-nonces.ts";
import type { RelayRequest, SignedMessage, TransactionsRequest, Wallet, WalletCall } from "./wallet.ts";
import type { WalletKey } from "./wallet-key.ts";

/** How many blocks a delegate lives, where the relay's limits allow it: about two minutes. */
const BLOCKS_AHEAD = 120n;

/** Codes that leave open how a submission ends. */
const UNKNOWN: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled];

export interface RelayingParts {
  readonly network: string;
  readonly relayClient: RelayClient;
  readonly nonces: NextNonces;
  /** Throws THRESHOLD_KEY_NOT_FOUND. */
  readonly keyOf: (accountId: string) => WalletKey;
  readonly sign: Wallet["sign"];
}

/** NEAR's payloads around a signature: messages, transactions, and delegates that a relay carries. */
export class Relaying {
  readonly #parts: RelayingParts;
  #limits: GetRelayInfoResponse["limits"];

  constructor(parts: RelayingParts) {
    this.#parts = parts;
  }

  async signMessage(
    { accountId, message }: Parameters<Wallet["signMessage"]>[0],
    call: WalletCall,
  ): Promise<SignedMessage> {
    const { keyOf, sign } = this.#parts;
    const publicKey = keyOf(accountId).keyId;
    const signature = one(await sign({ accountId, payload: { kind: "message", message } }, call));
    return { accountId, publicKey, signature };
  }

  async signTransactions(
    { accountId, transactions: wanted }: TransactionsRequest,
    call: WalletCall,
  ): Promise<Uint8Array[]> {
    const { keyOf, nonces, sign } = this.#parts;
    const key = keyOf(accountId);
    const { nonce, blockHash } = await nonces.take(key, wanted.length, call.signal);
    const publicKey = parsePublicKey(key.keyId);
    const transactions = wanted.map(({ receiverId, actions }, i) => ({
      signerId: accountId,
      publicKey,
      nonce: nonce + BigInt(i),
      receiverId,
      blockHash,
      actions: [...actions],
    }));
    const signatures = await sign({ accountId, payload: { kind: "transactions", transactions } }, call);
    return transactions.map((transaction, i) => {
      const data = one(signatures.slice(i, i + 1));
      return attachSignature(encodeTransaction(transaction), { type: "ed25519", data });
    });
  }

  async relay(
    { accountId, receiverId, actions, onState }: RelayRequest,
    call: WalletCall,
  ): Promise<Submission> {
    const { network, keyOf, nonces, relayClient, sign } = this.#parts;
    const key = keyOf(accountId);
    const ahead = await this.#blocksAhead(call);
    const { nonce, blockHeight } = await nonces.take(key, 1, call.signal);
    const delegate = {
      senderId: accountId,
      receiverId,
      actions: [...actions],
      nonce,
      maxBlockHeight: blockHeight + ahead,
      publicKey: parsePublicKey(key.keyId),
    };
    const data = one(await sign({ accountId, payload: { kind: "delegate", delegate } }, call));
    const signedDelegate = encodeSignedDelegate({
      delegateAction: delegate,
      signature: { type: "ed25519", data },
    });
    const waitUntil = WaitUntil.ACCEPTED;
    const request = { network, signedDelegate, waitUntil };
    const { submission } = await relayClient.submitDelegate(request, call).catch((thrown) => {
      const error = errorOf(thrown);
      // Who asks again, not knowing how it ended, gets the same nonce: one of both delegates is executed.
      if (UNKNOWN.includes(error.code)) nonces.giveBack(key, nonce);
      throw error;
    });
    return this.#follow(submission, onState, call);
  }

  async #follow(
    accepted: Submission | undefined,
    onState: RelayRequest["onState"],
    call: WalletCall,
  ): Promise<Submission> {
    if (accepted === undefined) throw new Error("SubmitDelegate answered without a submission");
    let last = accepted;
    try {
      const states = this.#parts.relayClient.watchSubmission({ submissionId: accepted.id }, call);
      for await (const { submission } of states) {
        if (submission === undefined) continue;
        last = submission;
        onState?.(submission);
      }
    } catch (thrown) {
      throw errorOf(thrown);
    }
    return last;
  }

  /** The limits are asked for once a page: a relay that has others by now says so when it refuses. */
  async #blocksAhead(call: WalletCall): Promise<bigint> {
    this.#limits ??= (await this.#parts.relayClient.getRelayInfo({}, call)).limits;
    const { minBlocksAhead = 0n, maxBlocksAhead = BLOCKS_AHEAD } = this.#limits ?? {};
    // The relay may see a head that is a little further: stay away from its bounds.
    const most = maxBlocksAhead > 2n ? maxBlocksAhead - 2n : maxBlocksAhead;
    const wanted = BLOCKS_AHEAD < most ? BLOCKS_AHEAD : most;
    return wanted > minBlocksAhead ? wanted : minBlocksAhead;
  }
}

function one(signatures: readonly Uint8Array[]): Uint8Array {
  const [signature] = signatures;
  if (signature === undefined) throw new Error("there is no signature");
  return signature;
}
