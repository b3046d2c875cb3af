import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { EvmWish } from "./evm-wish.ts";

/** Calls that are allowed: those that all of it fits. */
export interface EvmCallRule {
  /** An address in lower case. */
  readonly recipient: "any" | string;
  /** First four bytes of data, in lower case; "0x" for a call without data. */
  readonly selectors: "any" | readonly string[];
  /** Of each call, in wei. */
  readonly maxValue: bigint;
}

/** What may be signed for one chain. */
export interface EvmChainPolicy {
  readonly chainId: bigint;
  readonly calls: readonly EvmCallRule[];
  /** Whether contracts may be created, without value. */
  readonly contractCreation: boolean;
  readonly typedData: readonly {
    /** In lower case. */
    readonly verifyingContract: string;
    readonly primaryTypes: readonly string[];
  }[];
  /** Contracts whose code accounts may run (EIP-7702), in lower case. */
  readonly authorizations: readonly string[];
}

/** What a tenant's wallets may have signed for EVM chains. What it does not name is denied. */
export interface EvmPolicy {
  /** One for each chain. */
  readonly chains: readonly EvmChainPolicy[];
  /** Whether messages may be signed (ERC-191). */
  readonly messages: boolean;
  /** Whether digests may be signed of which nobody knows what they mean; then the policy has nothing else. */
  readonly rawDigests: boolean;
}

/** Throws EVM_POLICY_DENIED unless the policy allows every one of them. */
export function assertEvmAllowed(policy: EvmPolicy, wishes: readonly EvmWish[]): void {
  for (const wish of wishes) {
    if (isAllowed(policy, wish)) continue;
    throw new DomainError(
      ErrorReason.EVM_POLICY_DENIED,
      `the tenant's policy for EVM does not allow ${nameOf(wish)}`,
    );
  }
}

function isAllowed(policy: EvmPolicy, wish: EvmWish): boolean {
  switch (wish.kind) {
    case "message":
      return policy.messages;
    case "raw digest":
      return policy.rawDigests;
    // No rule speaks of what such a key may do.
    case "key authorisation":
      return false;
    case "call":
    case "typed data":
    case "authorisation": {
      const chain = policy.chains.find(({ chainId }) => chainId === wish.chainId);
      return chain !== undefined && isAllowedOn(chain, wish);
    }
  }
}

function isAllowedOn(chain: EvmChainPolicy, wish: Extract<EvmWish, { readonly chainId: bigint }>): boolean {
  switch (wish.kind) {
    case "call": {
      const { to, value, selector } = wish;
      if (to === null) return chain.contractCreation && value === 0n;
      return chain.calls.some(
        ({ recipient, selectors, maxValue }) =>
          (recipient === "any" || recipient === to) &&
          (selectors === "any" || (selector !== null && selectors.includes(selector))) &&
          value <= maxValue,
      );
    }
    case "typed data":
      return chain.typedData.some(
        ({ verifyingContract, primaryTypes }) =>
          verifyingContract === wish.verifyingContract && primaryTypes.includes(wish.primaryType),
      );
    case "authorisation":
      return chain.authorizations.includes(wish.contract);
  }
}

/** A wish for a message: what it was denied for, and no more of the payload. */
function nameOf(wish: EvmWish): string {
  switch (wish.kind) {
    case "message":
      return "messages";
    case "raw digest":
      return "raw digests";
    case "key authorisation":
      return "transactions that authorise a key";
    case "call": {
      const { to, value, selector, chainId } = wish;
      if (to === null) return `this creation of a contract on chain ${chainId}`;
      return `calls of ${selector ?? "short data"} at ${to} with ${value} wei on chain ${chainId}`;
    }
    case "typed data":
      return `typed data ${wish.primaryType} for ${wish.verifyingContract} on chain ${wish.chainId}`;
    case "authorisation":
      return `authorisations of ${wish.contract} on chain ${wish.chainId}`;
  }
}
