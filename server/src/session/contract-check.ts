import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { ChainError } from "../near/chain-error.ts";
import type { NearViews } from "../near/views.ts";

/** What the contract is asked; the last four in base64url. */
export interface ContractQuestion {
  readonly account_id: string;
  readonly rp_id: string;
  readonly credential_id: string;
  readonly client_data_json: string;
  readonly authenticator_data: string;
  readonly signature: string;
}

/** Resolves when the contract confirms the passkey for the account. Throws CONTRACT_DENIED, CHAIN_UNAVAILABLE. */
export type ContractCheck = (question: ContractQuestion) => Promise<void>;

export interface ContractVerification {
  readonly contract: string;
  /** A view method that answers `true` for an assertion of a passkey that it knows for the account. */
  readonly method: string;
}

const RETRY_AFTER_MS = 1_000;

/** Asks the contract that holds a deployment's passkeys. Anything but `true` is no. */
export function contractCheck(
  { contract, method }: ContractVerification,
  views: Pick<NearViews, "callFunction">,
): ContractCheck {
  return async (question) => {
    const answer = await called(() => views.callFunction(contract, method, question));
    if (Buffer.from(answer).toString("utf8") !== "true") throw denied();
  };
}

async function called(ask: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    if (!error.transient) throw denied(error);
    throw new DomainError(ErrorReason.CHAIN_UNAVAILABLE, "no NEAR endpoint gave a usable answer", {
      cause: error,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}

function denied(cause?: unknown): DomainError {
  const message = "the contract does not confirm the passkey for the account";
  return new DomainError(ErrorReason.CONTRACT_DENIED, message, { cause });
}
