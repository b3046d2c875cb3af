import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, type Peer } from "@countersign/service-kit";

/**
 * The names that a peer's certificate proves: its SPIFFE id, and its common name as "CN=name". SPIFFE takes no
 * certificate with a second URI (X.509-SVID, section 2), and neither does this; other URIs are no names here.
 */
export function identitiesOf(peer: Peer): string[] {
  const { certificateUris, certificateName } = peer;
  const [uri = "", ...others] = certificateUris;
  return [
    ...(uri.startsWith("spiffe://") && others.length === 0 ? [uri] : []),
    ...(certificateName === undefined ? [] : [`CN=${certificateName}`]),
  ];
}

/**
 * Which of the allowed identities the peer's certificate proves.
 *
 * @throws PEER_NOT_ALLOWED when it is none, there is no certificate, or it has expired, be it on a connection that
 *   was opened before
 */
export function allowedIdentity(peer: Peer, allowed: ReadonlySet<string>, now: Date): string {
  const refused = (message: string) => new DomainError(ErrorReason.PEER_NOT_ALLOWED, message);
  const { address, certificateExpiresAt } = peer;
  // Of a connection that is gone already; on TCP every other one has an address, and the network was not looked at.
  if (address === undefined) throw refused("the peer has left");
  if (certificateExpiresAt === undefined) throw refused("the peer has shown no certificate");
  // Also for a date that cannot be read.
  if (!(now <= certificateExpiresAt)) throw refused("the peer's certificate has expired");
  const identity = identitiesOf(peer).find((name) => allowed.has(name));
  if (identity === undefined) throw refused("the peer's certificate is not one of those that are let in");
  return identity;
}
