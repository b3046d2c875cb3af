import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Purpose,
  SignTransactionsRequestSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { type Action, decodeSignedDelegate, encodeTransaction, type PublicKey } from "@countersign/near";
import { preSign, RECEIVER } from "../relay/wallets.ts";
import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { type GrantKey, signGrants } from "./grants.ts";

/** What the transactions of a run are. */
export type Kind = "transfers" | "delegates";

/** A key of the signer, and the nonce that its next transaction has. */
export interface BenchKey {
  readonly keyId: string;
  readonly publicKey: PublicKey;
  nextNonce: bigint;
}

/** A call of the signer, ready to be sent. */
export interface ReadyCall {
  /** A serialized SignTransactionsRequest. */
  readonly request: Uint8Array;
  readonly transactions: readonly Uint8Array[];
}

/** The policy of a key that signs what the bench asks for. Its rate is counted and never reached. */
export const BENCH_POLICY = {
  network: NETWORK,
  account_id: RELAYER,
  rate: { per_second: 1_000_000, burst: 1_000_000 },
  deposit_per_day: `1${"0".repeat(30)}`,
  gas_per_day: `1${"0".repeat(30)}`,
  transfers: { receivers: [RECEIVER], max_deposit: "1" },
  delegates: { receivers: [{ account: RECEIVER }], actions: ["Transfer"], max_deposit: "1" },
};

/** Makes `calls` calls of `size` transactions each, with the key's next nonces and with grants. */
export function makeCalls(
  { calls, size, kind }: { calls: number; size: number; kind: Kind },
  key: BenchKey,
  grantKey: GrantKey,
): ReadyCall[] {
  return Array.from({ length: calls }, () => {
    const transactions =
      kind === "transfers"
        ? Array.from({ length: size }, () => transaction(key, RECEIVER, { kind: "Transfer", deposit: 1n }))
        : delegates(size, key);
    const purpose = kind === "transfers" ? Purpose.TRANSFER : Purpose.DELEGATE;
    const { keyId } = key;
    const request = create(SignTransactionsRequestSchema, {
      network: NETWORK,
      transactions: transactions.map((bytes) => ({ keyId, transaction: bytes })),
      ...signGrants(grantKey, { network: NETWORK, keyId, purpose, transactions }),
    });
    return { request: toBinary(SignTransactionsRequestSchema, request), transactions };
  });
}

/** Each from a wallet of its own, as the relay's are. */
function delegates(count: number, key: BenchKey): Uint8Array[] {
  return preSign(count, "wallet").map(({ accountId, signedDelegate }) =>
    transaction(key, accountId, { kind: "Delegate", signedDelegate: decodeSignedDelegate(signedDelegate) }),
  );
}

function transaction(key: BenchKey, receiverId: string, action: Action): Uint8Array {
  return encodeTransaction({
    signerId: RELAYER,
    publicKey: key.publicKey,
    nonce: key.nextNonce++,
    receiverId,
    blockHash: randomBytes(32),
    actions: [action],
  });
}
