import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import {
  bodyCheckKey,
  DomainError,
  type Gate,
  type Peer,
  peerKey,
  reasonName,
  requestIdKey,
} from "@countersign/service-kit";
import type { AuthConfig, NetworkConfig } from "./access-schema.ts";
import { createNetworkGuard } from "./network-guard.ts";
import { allowedIdentity, identitiesOf } from "./peer-identity.ts";
import type { RequestNonces } from "./request-nonces.ts";
import { verifyRequest } from "./request-signatures.ts";

/** Who calls, for the journal and the audit: "CN=relay-1", "spiffe://…", "service relay-1", both, or "unix". */
export const callerKey = createContextKey("", { description: "who calls" });

/** A connection or a call that was not let in. */
export interface RefusedPeer {
  /** What its certificate proves, else its address, or "unix". Nothing that a request merely says. */
  readonly peer: string;
  /** The reason's name. */
  readonly reason: string;
  readonly message: string;
  /** Empty for a connection that was closed before a call. */
  readonly requestId: string;
}

/** What a reload may change. */
export interface SignerAccess {
  readonly auth: AuthConfig;
  readonly network: NetworkConfig;
  /** This signer's own name: requests signed for another one are refused. */
  readonly audience: string;
}

export interface SignerGateOptions extends SignerAccess {
  readonly requestNonces: RequestNonces;
  readonly now: () => Date;
  readonly onRefused: (refused: RefusedPeer) => void;
}

/** Lets connections and calls in. */
export interface SignerGate {
  /** For `serveRpc`: closes connections from elsewhere as they come. */
  readonly admit: (address: string | undefined) => boolean;
  /** For `serveRpc`: decides about each call from its headers, sees to its body's hash, and notes who calls. */
  readonly gate: Gate;
  /** Uses this from the next call on, also on connections that stand. Throws an Error for what is no network. */
  replace(access: SignerAccess): void;
}

/**
 * The way in: the network first, then the certificate, then the request's signature; what is configured is required.
 * Health is asked for the network alone.
 *
 * The gate throws PEER_NOT_ALLOWED, REQUEST_SIGNATURE_MISSING, REQUEST_SIGNATURE_INVALID, REQUEST_STALE,
 * REQUEST_REPLAYED and SIGNER_STORE_UNAVAILABLE.
 */
export function createSignerGate(options: SignerGateOptions): SignerGate {
  const { requestNonces, now, onRefused } = options;
  let rules = rulesOf(options);

  /** Who calls; sets the check of the body. */
  async function letIn(context: HandlerContext, refuse: (error: unknown) => void): Promise<string> {
    const { values, requestHeader, service } = context;
    const { guard, identities, signatures } = rules;
    const peer = values.get(peerKey);
    guard.assertAllowed(peer.address, requestHeader);
    if (service.typeName === Health.typeName) return "";
    const names: string[] = [];
    if (identities !== undefined) names.push(allowedIdentity(peer, identities, now()));
    if (signatures !== undefined) {
      const signed = await verifyRequest(context, { ...signatures, nonces: requestNonces, now });
      names.push(`service ${signed.service}`);
      values.set(bodyCheckKey, (sha256) => {
        try {
          signed.checkBody(sha256);
        } catch (error) {
          refuse(error);
          throw error;
        }
      });
    }
    return names.length === 0 ? shownPeer(peer) : names.join(", ");
  }

  return {
    admit(address) {
      if (rules.guard.admits(address)) return true;
      const message = "connections do not come in from this address";
      onRefused({ peer: address ?? "unix", reason: "PEER_NOT_ALLOWED", message, requestId: "" });
      return false;
    },
    async gate(context) {
      const { values } = context;
      const refuse = (error: unknown) => {
        if (!(error instanceof DomainError)) return;
        const { reason, message } = error;
        const requestId = values.get(requestIdKey);
        onRefused({ peer: shownPeer(values.get(peerKey)), reason: reasonName(reason), message, requestId });
      };
      try {
        values.set(callerKey, await letIn(context, refuse));
      } catch (error) {
        refuse(error);
        throw error;
      }
    },
    replace(access) {
      rules = rulesOf(access);
    },
  };
}

function rulesOf({ auth, network, audience }: SignerAccess) {
  const { mtls, signed_requests: signed } = auth;
  return {
    guard: createNetworkGuard(network),
    identities: mtls === undefined ? undefined : new Set(mtls.identities),
    signatures:
      signed === undefined ? undefined : { keys: signed.keys, maxSkewMs: signed.max_skew_ms, audience },
  };
}

function shownPeer(peer: Peer): string {
  return identitiesOf(peer)[0] ?? peer.address ?? "unix";
}
