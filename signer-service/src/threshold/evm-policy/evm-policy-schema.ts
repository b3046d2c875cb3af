import { z } from "zod";
import type { EvmCallRule, EvmChainPolicy, EvmPolicy } from "./evm-policy.ts";

const MAX_CHAINS = 64;
const MAX_CALLS = 256;
const MAX_SELECTORS = 256;
const MAX_CONTRACTS = 256;
const MAX_PRIMARY_TYPES = 64;

/** YAML reads hexadecimal digits without quotes as a number. */
const address = z
  .string("must be an address, in quotes")
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address of 20 bytes, beginning with 0x")
  .transform((text) => text.toLowerCase());

const selector = z
  .string("must be a selector, in quotes")
  .regex(/^0x([0-9a-fA-F]{8})?$/, 'must be a selector of four bytes, or "0x" for calls without data')
  .transform((text) => text.toLowerCase());

/** A whole number in quotes: YAML's own numbers lose digits. */
const wei = z
  .string("must be a decimal string, in quotes")
  .regex(/^(0|[1-9][0-9]{0,77})$/, "must be a decimal string of at most 78 digits")
  .transform(BigInt);

const callRule = z
  .strictObject({
    recipient: z.union([z.literal("any"), address], 'must be "any" or an address of 20 bytes, in quotes'),
    selectors: z.union(
      [z.literal("any"), z.array(selector).min(1).max(MAX_SELECTORS)],
      'must be "any" or a list of selectors, in quotes: four bytes each, or "0x" for calls without data',
    ),
    max_value: wei.default(0n),
  })
  .transform(({ max_value: maxValue, ...rule }): EvmCallRule => ({ ...rule, maxValue }));

const chain = z
  .strictObject({
    chain_id: z.int().min(1),
    calls: z.array(callRule).max(MAX_CALLS).default([]),
    contract_creation: z.boolean().default(false),
    typed_data: z
      .array(
        z.strictObject({
          verifying_contract: address,
          primary_types: z.array(z.string().min(1).max(128)).min(1).max(MAX_PRIMARY_TYPES),
        }),
      )
      .max(MAX_CONTRACTS)
      .default([]),
    authorizations: z.array(address).max(MAX_CONTRACTS).default([]),
  })
  .transform(
    ({ chain_id, calls, contract_creation, typed_data, authorizations }): EvmChainPolicy => ({
      chainId: BigInt(chain_id),
      calls,
      contractCreation: contract_creation,
      typedData: typed_data.map(({ verifying_contract, primary_types }) => ({
        verifyingContract: verifying_contract,
        primaryTypes: primary_types,
      })),
      authorizations,
    }),
  );

/** `evm` of a tenant. Without it, nothing may be signed for EVM chains. */
export const evmPolicySchema = z
  .strictObject({
    chains: z.array(chain).max(MAX_CHAINS).default([]),
    messages: z.boolean().default(false),
    raw_digests: z.boolean().default(false),
  })
  .refine(({ chains }) => new Set(chains.map(({ chainId }) => chainId)).size === chains.length, {
    path: ["chains"],
    message: "a chain occurs twice",
  })
  .refine(({ chains, messages, raw_digests }) => !raw_digests || (chains.length === 0 && !messages), {
    path: ["raw_digests"],
    message: "must stand alone: who may sign any digest may sign what the rest of the policy denies",
  })
  .transform(
    ({ chains, messages, raw_digests }): EvmPolicy => ({ chains, messages, rawDigests: raw_digests }),
  );
