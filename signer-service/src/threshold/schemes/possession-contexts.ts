import type { PossessionContext } from "@countersign/crypto/possession.ts";
import type { PossessionFacts, RelayerHalf } from "./scheme-module.ts";

const NOTHING = new Uint8Array();

/** What the client's proof is bound to: it proves first, and names no peer. */
export function clientContext(schemeId: string, facts: PossessionFacts): PossessionContext {
  const ownShare = facts.clientVerifyingShare;
  return { ...boundTo(schemeId, facts), role: "client", ownShare, peerShare: NOTHING };
}

/** What the relayer's is bound to. */
export function relayerContext(
  schemeId: string,
  facts: PossessionFacts,
  { verifyingShare }: RelayerHalf,
): PossessionContext {
  const peerShare = facts.clientVerifyingShare;
  return { ...boundTo(schemeId, facts), role: "relayer", ownShare: verifyingShare, peerShare };
}

function boundTo(
  schemeId: string,
  { network, tenant, user, accountId, rpId, challenge }: PossessionFacts,
): Omit<PossessionContext, "role" | "ownShare" | "peerShare"> {
  return { schemeId, network, tenant, user, accountId, rpId, challenge };
}
