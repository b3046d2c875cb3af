import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { keyCaller } from "@countersign/server/access/callers.ts";
import type { Users } from "@countersign/server/session/ports.ts";
import { DomainError } from "@countersign/service-kit";
import { expect } from "vitest";
import {
  startThresholdRelay,
  type ThresholdRelay,
  type ThresholdRelayOptions,
} from "../../threshold/support/threshold-relay.ts";
import {
  ASSERTION,
  beginKeyRequest,
  WALLET_CALLS,
  type WalletCall,
} from "../../threshold/support/wallet-calls.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";

/** The wallet's half of threshold signing, which the relay passes on. */
export const THRESHOLD_METHODS: readonly DescMethod[] = [
  ...ThresholdKeyService.methods,
  ...Ed25519SigningService.methods,
  ...EcdsaSigningService.methods,
];

const { beginKey } = ThresholdKeyService.method;

/** Everybody has the passkey of the calls. */
const USERS: Pick<Users, "mergedUsers" | "passkey"> = {
  mergedUsers: async () => [],
  passkey: async () => ({
    userId: "u_alice",
    passkey: {
      credentialId: ASSERTION.credentialId,
      publicKey: new Uint8Array(77),
      rpId: "wallet.example",
      name: "",
      backedUp: false,
      transports: [],
    },
  }),
};

/** How a relay comes to give a reason. */
interface Way {
  readonly what: string;
  readonly relay?: ThresholdRelayOptions;
  /** Before the call. */
  readonly first?: (relay: ThresholdRelay) => unknown;
}

/** What the relay finds itself. */
const OWN: Partial<Record<ErrorReason, Way>> = {
  [ErrorReason.THRESHOLD_DISABLED]: {
    what: "a relay without threshold keys",
    relay: { context: { enabled: false } },
  },
  [ErrorReason.END_USER_MISSING]: {
    what: "a key that names no end user",
    relay: { caller: keyCaller({ id: "k1", tenant: "acme", scopes: ["threshold"] }) },
  },
  [ErrorReason.PASSKEY_NOT_FOUND]: {
    what: "a relay at which nobody signs in",
    relay: { context: { users: undefined } },
  },
  [ErrorReason.SIGNER_UNAVAILABLE]: { what: "a signer that is away", first: ({ signer }) => signer.stop() },
  [ErrorReason.SIGNER_REFUSED]: {
    what: "a signer that does not know the relay",
    first: ({ signer }) => {
      signer.answer = refusing(ErrorReason.PEER_NOT_ALLOWED);
    },
  },
};

/** Everything else is the signer's to find; that it does stands with its own cases. */
function passedOn(reason: ErrorReason): Way {
  return {
    what: "what the signer says",
    first: ({ signer }) => {
      signer.answer = refusing(reason);
    },
  };
}

function refusing(reason: ErrorReason): ThresholdRelay["signer"]["answer"] {
  return () => {
    throw new DomainError(reason, "as the test says", { retryAfterMs: 1_500 });
  };
}

function start({ context, ...options }: ThresholdRelayOptions = {}): Promise<ThresholdRelay> {
  return startThresholdRelay({ ...options, context: { users: USERS, ...context } });
}

function casesOf({ method, response, make }: WalletCall): ContractCase[] {
  const success: ContractCase = {
    method,
    outcome: "success",
    what: "with what the signer answers",
    run: async () => {
      const relay = await start();
      relay.signer.answer = () => ({ response });
      expect(await make(relay)).toMatchObject(response);
    },
  };
  const refused = getOption(method, reasons).map((reason): ContractCase => {
    const { what, relay: options, first } = OWN[reason] ?? passedOn(reason);
    return {
      method,
      outcome: reason,
      what,
      run: async () => {
        const relay = await start(options);
        await first?.(relay);
        await expectRefusal((calling) => make(relay, calling), reason);
      },
    };
  });
  return [success, ...refused];
}

function beginning(
  outcome: ErrorReason,
  what: string,
  changes: Partial<typeof beginKeyRequest>,
): ContractCase {
  return {
    method: beginKey,
    outcome,
    what,
    run: async () => {
      const { keys, signer } = await start();
      await expectRefusal((options) => keys.beginKey({ ...beginKeyRequest, ...changes }, options), outcome);
      expect(signer.calls).toEqual([]);
    },
  };
}

export const thresholdCases: readonly ContractCase[] = [
  ...WALLET_CALLS.flatMap(casesOf),
  beginning(ErrorReason.NETWORK_MISMATCH, "another network", { network: "mainnet" }),
  beginning(ErrorReason.ACCOUNT_NAME_INVALID, "what is no account's name", { accountId: "Alice" }),
  beginning(ErrorReason.ACCOUNT_NETWORK_MISMATCH, "an account of another network", {
    accountId: "alice.near",
  }),
  beginning(ErrorReason.RELYING_PARTY_NOT_FOUND, "a relying party of nobody's", { rpId: "other.example" }),
];
