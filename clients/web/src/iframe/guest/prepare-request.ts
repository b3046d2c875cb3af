import { frameError } from "../embedded-wallet-error.ts";
import type { Method } from "../protocol.ts";
import { evmRequests } from "./evm-requests.ts";
import type { GuestContext } from "./guest-context.ts";
import { nearRequests } from "./near-requests.ts";
import type { PreparedRequest } from "./prepared-request.ts";

/** Methods that are shown to the user and signed. */
export type SigningMethod = Exclude<Method, "connect" | "disconnect">;

/** Throws REQUEST_INVALID, NOT_CONNECTED, or UNSUPPORTED where the wallet does not sign for EVM chains. */
export function prepareRequest(
  method: SigningMethod,
  params: unknown,
  { wallet, network }: Pick<GuestContext, "wallet" | "network">,
  origin: string,
): PreparedRequest {
  switch (method) {
    case "relay":
    case "signNearTransactions":
    case "signNearMessage":
      return nearRequests[method](params, { wallet, network }, origin);
    default:
      if (!("evm" in wallet)) throw frameError("UNSUPPORTED", "this wallet does not sign for EVM chains");
      return evmRequests[method](params, wallet.evm, origin);
  }
}
