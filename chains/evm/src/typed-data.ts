import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";
import { objectOf, ownOf, textOf } from "./json-values.ts";
import { StructHasher } from "./struct-hash.ts";
import { readStructs, type TypedField } from "./typed-data-types.ts";
import { numberOf, typedAddress } from "./typed-values.ts";

/** What typed data is for, and what is signed of it. */
export interface TypedDataFacts {
  /** EIP-712: Keccak-256 of 0x1901, the domain's hash and the message's. */
  readonly digest: Uint8Array;
  /** Of the domain. */
  readonly chainId: bigint;
  /** Of the domain, in lower case. */
  readonly verifyingContract: string;
  readonly primaryType: string;
}

const DOMAIN = "EIP712Domain";
/** The fields that a domain may have (EIP-712). */
const DOMAIN_TYPES: ReadonlyMap<string, string> = new Map([
  ["name", "string"],
  ["version", "string"],
  ["chainId", "uint256"],
  ["verifyingContract", "address"],
  ["salt", "bytes32"],
]);
const PARTS: ReadonlySet<string> = new Set(["types", "primaryType", "domain", "message"]);

/**
 * Reads typed data as eth_signTypedData_v4 takes it. Its domain's type must have chainId and verifyingContract, so that
 * both are signed, and every value must be one of its type; nothing is read that is not signed. Throws EvmError.
 */
export function readTypedData(json: string): TypedDataFacts {
  const parts = objectOf(parsed(json), "typed data");
  if (!Object.keys(parts).every((key) => PARTS.has(key)))
    throw new EvmError("typed data with a part too many");
  const structs = readStructs(ownOf(parts, "types"));
  const domainFields = structs.get(DOMAIN);
  if (domainFields === undefined) throw new EvmError(`no type ${DOMAIN}`);
  assertDomainType(domainFields);
  const primaryType = textOf(ownOf(parts, "primaryType"), "primaryType");
  if (primaryType === DOMAIN || !structs.has(primaryType))
    throw new EvmError("primaryType is none of the types");

  const hasher = new StructHasher(structs);
  const domain = objectOf(ownOf(parts, "domain"), "the domain");
  const domainHash = hasher.hash(DOMAIN, domain);
  const messageHash = hasher.hash(primaryType, ownOf(parts, "message"));
  const chainId = numberOf({ kind: "uint", bits: 256 }, ownOf(domain, "chainId"), "the domain's chainId");
  if (chainId === 0n) throw new EvmError("the domain's chainId is 0");
  return {
    digest: keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainHash, messageHash)),
    chainId,
    verifyingContract: typedAddress(ownOf(domain, "verifyingContract"), "the domain's verifyingContract"),
    primaryType,
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Without the cause, whose message holds a part of the text: logs show causes.
    throw new EvmError("typed data is no JSON");
  }
}

/** What the domain's type leaves out is not signed, whatever the domain says. */
function assertDomainType(fields: readonly TypedField[]): void {
  for (const { name, type } of fields) {
    if (DOMAIN_TYPES.get(name) !== type) throw new EvmError(`${DOMAIN} has a field that no domain has`);
  }
  for (const needed of ["chainId", "verifyingContract"]) {
    if (!fields.some(({ name }) => name === needed)) throw new EvmError(`${DOMAIN} has no ${needed}`);
  }
}
