import { type ContextValues, createContextKey } from "@connectrpc/connect";

/** The id of the request, as answered in header x-request-id and in ErrorInfo. */
export const requestIdKey = createContextKey<string>("", { description: "request id" });

/**
 * When the call ends, in milliseconds of `Date.now()`: the caller's deadline, or the service's default.
 * Infinity for the calls without one (health watches).
 */
export const deadlineKey = createContextKey<number>(Number.POSITIVE_INFINITY, { description: "deadline" });

/**
 * Milliseconds until the call's deadline, at least 0. A handler that answers with what it has when time runs
 * out must do so shortly before: at 0 the caller already got DEADLINE_EXCEEDED.
 */
export function timeLeftMs(values: ContextValues): number {
  return Math.max(0, values.get(deadlineKey) - Date.now());
}

/** Who is at the other end of a call's connection. */
export interface Peer {
  /** The socket's address, which is the nearest proxy's where there is one; undefined for a Unix socket. */
  readonly address: string | undefined;
  /** The common name of the certificate that the peer proved to hold (mutual TLS); undefined without one. */
  readonly certificateName: string | undefined;
  /** The URIs among that certificate's alternative names, for example a SPIFFE id; none without one. */
  readonly certificateUris: readonly string[];
  /** When that certificate expires, which may be while the connection stands; undefined without one. */
  readonly certificateExpiresAt: Date | undefined;
}

/** The peer of the connection that the call came in on. */
export const peerKey = createContextKey<Peer>(
  {
    address: undefined,
    certificateName: undefined,
    certificateUris: [],
    certificateExpiresAt: undefined,
  },
  { description: "peer" },
);
