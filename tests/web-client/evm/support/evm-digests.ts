import type { EcdsaPayload } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { bytesToHex, hashMessage, hashTypedData, hexToBytes, keccak256 } from "viem";
import { hashAuthorization } from "viem/utils";

/** The digest of a payload, computed from its bytes alone as a signer does. */
export function digestOf(payload: EcdsaPayload["payload"] | undefined): Uint8Array {
  switch (payload?.case) {
    case "evmTransactions": {
      const [transaction = new Uint8Array()] = payload.value.transactions;
      return keccak256(transaction, "bytes");
    }
    case "evmMessage":
      return hexToBytes(hashMessage({ raw: payload.value.message }));
    case "evmTypedData":
      return hexToBytes(hashTypedData(JSON.parse(payload.value.json)));
    case "evmAuthorization": {
      const { chainId, address, nonce } = payload.value;
      const of = { chainId: Number(chainId), address: bytesToHex(address), nonce: Number(nonce) };
      return hexToBytes(hashAuthorization(of));
    }
    case "rawDigest":
      return payload.value.digest;
    default:
      throw new Error("there is no payload");
  }
}
