import { groupKey, Point } from "@countersign/crypto/keys-secp256k1.ts";
import {
  bytesToHex,
  type Hex,
  type LocalAccount,
  serializeSignature,
  serializeTransaction,
  type TypedDataDefinition,
} from "viem";
import { publicKeyToAddress, toAccount } from "viem/accounts";
import type { EcdsaSignature } from "../vault/ecdsa-vault-api.ts";
import type { PreparedEcdsaPayload } from "../wallet/sign-ecdsa.ts";
import { untrue } from "../wallet/wallet-errors.ts";
import type { WalletKey } from "../wallet/wallet-key.ts";
import {
  authorizationPayload,
  digestPayload,
  messagePayload,
  transactionPayload,
  typedDataPayload,
} from "./evm-payload.ts";

/** An account of viem whose key is in no one place. Its methods throw CountersignError, and viem's errors of encoding. */
export type EvmAccount = LocalAccount<"custom"> & {
  readonly sign: NonNullable<LocalAccount["sign"]>;
  readonly signAuthorization: NonNullable<LocalAccount["signAuthorization"]>;
};

/** A signature as viem takes it. */
interface ViemSignature {
  readonly r: Hex;
  readonly s: Hex;
  readonly v: bigint;
  readonly yParity: number;
}

/** @param sign gives the one signature of the payload's one digest, verified under the key */
export function evmAccount(
  key: Pick<WalletKey, "clientVerifyingShare" | "relayerVerifyingShare">,
  sign: (payload: PreparedEcdsaPayload) => Promise<EcdsaSignature>,
): EvmAccount {
  const publicKey = publicKeyOf(key);
  const signature = async (payload: PreparedEcdsaPayload) => forViem(await sign(payload));
  const account = toAccount({
    address: publicKeyToAddress(publicKey),
    sign: async ({ hash }) => serializeSignature(await signature(digestPayload(hash))),
    async signAuthorization(authorization) {
      const { chainId, nonce } = authorization;
      const address = authorization.contractAddress ?? authorization.address;
      return {
        address,
        chainId,
        nonce,
        ...(await signature(authorizationPayload({ chainId, address, nonce }))),
      };
    },
    signMessage: async ({ message }) => serializeSignature(await signature(messagePayload(message))),
    async signTransaction(transaction, { serializer } = {}) {
      const serialize = serializer ?? serializeTransaction;
      const unsigned = await serialize(toBeSigned(transaction));
      return serialize(transaction, await signature(transactionPayload(unsigned)));
    },
    signTypedData: async (typedData) =>
      serializeSignature(await signature(typedDataPayload(typedData as TypedDataDefinition))),
  });
  return { ...account, publicKey } as EvmAccount;
}

/** A sponsored transaction of Tempo is signed before its sponsor signs, whose signature may be there already. */
function toBeSigned<T extends object>(transaction: T): T {
  if (!("feePayerSignature" in transaction) || !transaction.feePayerSignature) return transaction;
  return { ...transaction, feePayerSignature: null };
}

/** X, 65 bytes, uncompressed. */
function publicKeyOf(key: Pick<WalletKey, "clientVerifyingShare" | "relayerVerifyingShare">): Hex {
  const x = groupKey(key.clientVerifyingShare, key.relayerVerifyingShare);
  return bytesToHex(Point.fromBytes(x).toBytes(false));
}

function forViem({ r, s, recovery }: EcdsaSignature): ViemSignature {
  // An r that wrapped around n, one in 2^127, which no EVM chain recovers a key from.
  if (recovery > 1)
    throw untrue("SIGNATURE_SHARE_INVALID", "EVM chains do not take this signature: sign again");
  return { r: bytesToHex(r), s: bytesToHex(s), v: BigInt(27 + recovery), yParity: recovery };
}
