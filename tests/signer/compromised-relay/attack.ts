import type { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { KeyId } from "./relayer-keys.ts";
import type { Transactions } from "./transactions.ts";

/** A transaction that no signer may sign, and why not. */
export interface Attack {
  readonly name: string;
  /** The reason's name. */
  readonly reason: string;
  /** Asks for the key "relayer" unless it says another one. */
  readonly keyId?: KeyId;
  /** What the relay's grant says that it is for; a delegate unless it says otherwise. */
  readonly purpose?: Purpose;
  /** The network of the call and of its grants. */
  readonly network?: string;
  make(transactions: Transactions): Uint8Array | Promise<Uint8Array>;
}
